#!/usr/bin/env python3
"""Benchmark of loading a model by several processes: this library compared with Python.

Usage: distributed.py MODULE [MEGABYTES] [RANKS] [ROUNDS] [FOLDER]

Starts RANKS (4) processes with a Gloo group on loopback, and runs each action once before it is measured. Prints
medians of the seconds from a common start to the
end of the slowest process, and what all processes read together:
  a set of MEGABYTES (2,200) in five shards, each rank one shard of every tensor, along rows (dimension 0) and along
  columns (dimension 1), with a warm and a cold page cache: this library, with memory of its own (Pread), and as it
  does by default (Auto: rows are mapped, and read when they are touched); load_file and narrow, which is cloned;
  torch.distributed.checkpoint's reader
  a file that all ranks need whole, from a store of 200 MB/s: each byte read once; one process that reads it
"""

import argparse
import ctypes
import gc
import itertools
import json
import mmap
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SHARDS = 5
RATE = 200e6
PER_RANK, READ_ONCE = 1, 2
AUTO, MMAP, PREAD = 0, 1, 2


def write_set(folder, megabytes, rows=4096):
    import torch
    from safetensors.torch import save_file
    columns = 4096
    count = max(SHARDS, megabytes * 1_000_000 // (rows * columns * 2))
    weight_map = {}
    for shard in range(SHARDS):
        name = f"model-{shard + 1:05}-of-{SHARDS:05}.safetensors"
        tensors = {f"layers.{i}.weight": torch.full((rows, columns), i % 100, dtype=torch.bfloat16)
                   for i in range(shard, count, SHARDS)}
        save_file(tensors, folder / name)
        weight_map |= dict.fromkeys(tensors, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


class Rank:
    """What one process does; the driver sends it commands."""

    def __init__(self, module, rank, size, store):
        import torch
        import torch.distributed as dist
        torch.set_num_threads(1)
        dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=size)
        self.rank, self.size, self.dist, self.torch = rank, size, dist, torch
        self.module = ctypes.CDLL(module)
        self.module.load_shard.restype = ctypes.c_uint64
        self.module.load_shard.argtypes = [
            ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_char_p,
            ctypes.c_double, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t]

    def library(self, path, dim, mode, backend=PREAD, clock="", rate=0.0, touches=False):
        result = ctypes.create_string_buffer(4096)
        group = self.dist.group.WORLD.group_name.encode()
        if not self.module.load_shard(group, path.encode(), dim, mode, backend, clock.encode(), rate, touches, result,
                                      len(result)):
            raise RuntimeError(result.value.decode())
        return int(result.value.split()[1])

    def load_and_narrow(self, path, dim):
        from safetensors.torch import load_file
        parts = {}
        for shard in sorted(pathlib.Path(path).glob("*.safetensors")):
            for name, tensor in load_file(shard).items():
                length = tensor.shape[dim] // self.size
                parts[name] = tensor.narrow(dim, self.rank * length, length).clone(
                    memory_format=self.torch.contiguous_format)
        return 0

    def checkpoint(self, path, dim):
        from torch.distributed.checkpoint import HuggingFaceStorageReader, load
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.tensor import DTensor, Shard
        mesh = init_device_mesh("cpu", (self.size,))
        state = {}
        with open(pathlib.Path(path) / "model.safetensors.index.json") as index:
            names = json.load(index)["weight_map"]
        for name in names:
            shape = [4096, 4096]
            shape[dim] //= self.size
            local = self.torch.empty(shape, dtype=self.torch.bfloat16)
            state[name] = DTensor.from_local(local, mesh, [Shard(dim)], run_check=False)
        load(state, storage_reader=HuggingFaceStorageReader(path))
        return 0

    def recycle_memory(self):
        """The process has fresh pages, as when it loads its only model; the machine has memory that was used."""
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        with mmap.mmap(-1, self.recycled, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
            memory.madvise(mmap.MADV_HUGEPAGE)
            for offset in range(0, self.recycled, mmap.PAGESIZE):
                memory[offset] = 1

    def run(self, command):
        action = getattr(self, command.pop("action"))
        self.recycled = command.pop("recycled")
        self.recycle_memory()
        self.dist.barrier()
        begin = time.perf_counter()
        nbytes = action(**command)
        self.dist.barrier()
        return {"seconds": time.perf_counter() - begin, "bytes_read": nbytes}


def serve(module, rank, size, store):
    process = Rank(module, rank, size, store)
    for line in sys.stdin:
        print(json.dumps(process.run(json.loads(line))), flush=True)


def evict(paths):
    """Removes the files from the page cache."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


class Ranks:
    def __init__(self, module, size, folder, recycled):
        self.recycled = recycled
        self.evicted = []
        store = folder / f"store-{size}"
        self.processes = [
            subprocess.Popen([sys.executable, __file__, module, "--rank", str(rank), "--size", str(size), "--store",
                              str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for rank in range(size)]

    def run(self, action, **arguments):
        """Returns the seconds of the slowest rank, and the bytes that all of them read."""
        evict(self.evicted)
        for process in self.processes:
            process.stdin.write(json.dumps({"action": action, "recycled": self.recycled, **arguments}) + "\n")
            process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for process in self.processes]
        return max(a["seconds"] for a in answers), sum(a["bytes_read"] for a in answers)

    def close(self):
        for process in self.processes:
            process.stdin.close()
            process.wait()


def read_throttled(path, clock):
    """One process that reads the file from the store."""
    begin = time.perf_counter()
    piece = 8 << 20
    with open(path, "rb", buffering=0) as file:
        done = 0
        while data := file.read(piece):
            done += len(data)
            time.sleep(max(0, begin + done / RATE - time.perf_counter()))
    return time.perf_counter() - begin


def medians(rounds, actions):
    """The median seconds of each action, which take turns, and the last bytes that it read."""
    seconds = {name: [] for name in actions}
    nbytes = {}
    for action in actions.values():
        action()
    for _ in range(rounds):
        for name, action in actions.items():
            elapsed, nbytes[name] = action()
            seconds[name].append(elapsed)
    return {name: (statistics.median(values), nbytes[name]) for name, values in seconds.items()}


def report(title, results, first):
    print(title)
    for name, (seconds, nbytes) in results.items():
        print(f"  {name:28} {seconds:8.3f} s {seconds / results[first][0]:6.2f} times"
              + (f"   {nbytes / 1e6:9.1f} MB read" if nbytes else ""), flush=True)


def measure(module, megabytes, size, rounds, folder):
    write_set(folder, megabytes)
    path = str(folder)
    single = str(sorted(folder.glob("*.safetensors"))[0])
    clock = folder / "clock"
    clock.write_bytes(bytes(8))
    ranks = Ranks(module, size, folder, 2 * megabytes * 1_000_000 // size)
    try:
        for (dim, title), cold in itertools.product(enumerate(["rows", "columns"]), [False, True]):
            ranks.evicted = list(folder.glob("*.safetensors")) if cold else []
            results = medians(rounds, {
                "this library, Auto": lambda: ranks.run("library", path=path, dim=dim, mode=PER_RANK, backend=AUTO),
                "this library, Auto, touched": lambda: ranks.run("library", path=path, dim=dim, mode=PER_RANK,
                                                                 backend=AUTO, touches=True),
                "this library, Pread": lambda: ranks.run("library", path=path, dim=dim, mode=PER_RANK),
                "this library, ReadOnce": lambda: ranks.run("library", path=path, dim=dim, mode=READ_ONCE),
                "load_file and narrow": lambda: ranks.run("load_and_narrow", path=path, dim=dim),
                "HuggingFaceStorageReader": lambda: ranks.run("checkpoint", path=path, dim=dim),
            })
            report(f"{size} ranks, {title} of {megabytes} MB, {'cold' if cold else 'warm'} page cache", results,
                   "this library, Auto, touched")
        ranks.evicted = []
        results = medians(rounds, {
            "one process reads": lambda: (read_throttled(single, clock), os.path.getsize(single)),
            "all ranks, ReadOnce": lambda: ranks.run("library", path=single, dim=-1, mode=READ_ONCE,
                                                     clock=str(clock), rate=RATE),
        })
        report(f"{size} ranks, all of {os.path.getsize(single) / 1e6:.0f} MB from a store of 200 MB/s", results,
               "one process reads")
    finally:
        ranks.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("megabytes", nargs="?", type=int, default=2200)
    parser.add_argument("ranks", nargs="?", type=int, default=4)
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--rank", type=int)
    parser.add_argument("--size", type=int)
    parser.add_argument("--store")
    arguments = parser.parse_args()
    if arguments.rank is not None:
        serve(arguments.module, arguments.rank, arguments.size, arguments.store)
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        measure(arguments.module, arguments.megabytes, arguments.ranks, arguments.rounds, pathlib.Path(folder))


if __name__ == "__main__":
    main()
