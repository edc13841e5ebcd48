#!/usr/bin/env python3
"""Benchmark of loading and saving files with LibTorch: this library compared with the reference's Python package.

Usage: torch_files.py WORKER [MEGABYTES] [ROUNDS]

Both load and save the same file alternately, with a warm page cache. Before each call the worker touches and frees
three times the size of the file. Prints the medians in milliseconds, for two files:
  many    100,000 tensors of 64 bytes
  large   201 BF16 tensors of MEGABYTES (2,200) in total
"load" is the call alone, "touch" the call and a sum over every byte of the tensors.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import load, load_file, save, save_file

ROW = "{:6} {:14} {:>10} {:>10} {:>10}"


def write_many(path):
    save_file({f"layers.{i // 10}.block.{i % 10}.weight": torch.full((4, 8), i, dtype=torch.bfloat16)
               for i in range(100_000)}, path)


def write_large(path, megabytes):
    elements = megabytes * 1_000_000 // 201 // 8 * 4
    save_file({f"layers.{i}.weight": torch.full((elements,), i, dtype=torch.bfloat16)
               for i in range(201)}, path)


def touch_bytes(tensors):
    for tensor in tensors.values():
        if tensor.nbytes % 8 == 0:
            tensor.view(-1).view(torch.int64).sum()
    return tensors


def milliseconds(action):
    start = time.perf_counter()
    result = action()
    elapsed = (time.perf_counter() - start) * 1e3
    del result
    return elapsed


def read_all(path):
    with open(path, "rb") as file:
        return file.read()


class Reference:
    def load(self, path, backend):
        return milliseconds(lambda: load_file(path, backend=backend))

    def touch(self, path, backend):
        return milliseconds(lambda: touch_bytes(load_file(path, backend=backend)))

    def save(self, path, target):
        tensors = load_file(path)
        return milliseconds(lambda: save_file(tensors, target))

    def bytes(self, path):
        tensors = load_file(path)
        return milliseconds(lambda: save(tensors))

    def parse(self, path):
        content = read_all(path)
        return milliseconds(lambda: load(content))


class Worker:
    def __init__(self, program):
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


class Comparison:
    def __init__(self, worker, file, path, rounds):
        self.worker, self.file, self.rounds = worker, file, rounds
        self.memory = 3 * os.path.getsize(path)

    def run(self, operation, *runners):
        times = [], []
        for _ in range(self.rounds + 1):
            for runner, samples in zip(runners, times):
                self.worker.run("recycle", self.memory)
                samples.append(runner())
        medians = [statistics.median(samples[1:]) for samples in times]  # the first warms up
        print(ROW.format(self.file, operation, *(f"{median:.2f}" for median in medians),
                         f"1/{medians[1] / medians[0]:.1f}"), flush=True)


def main():
    worker, reference = Worker(sys.argv[1]), Reference()
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 2200
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    print(ROW.format("file", "operation", "this", "reference", "ratio"))
    with tempfile.TemporaryDirectory() as directory:
        path, target = (os.path.join(directory, name) for name in ("model", "target"))
        for file, write in (("many", write_many), ("large", lambda path: write_large(path, megabytes))):
            write(path)
            comparison = Comparison(worker, file, path, rounds)
            for operation in ("load", "touch"):
                for backend in ("mmap", "pread"):
                    comparison.run(f"{operation} {backend}",
                                   lambda: worker.run(operation, path, backend),
                                   lambda: getattr(reference, operation)(path, backend))
            comparison.run("save_file", lambda: worker.run("save", path, target),
                           lambda: reference.save(path, target))
            comparison.run("save", lambda: worker.run("bytes", path), lambda: reference.bytes(path))
            comparison.run("load", lambda: worker.run("parse", path), lambda: reference.parse(path))


if __name__ == "__main__":
    main()
