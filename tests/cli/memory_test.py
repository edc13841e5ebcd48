#!/usr/bin/env python3
"""Memory does not grow with the size of a model: memory_test.py COMMAND

The model has 100 GB in sparse files.
"""

import os
import pathlib
import struct
import sys
import tempfile

import command as commands
from command import Command

LIMIT = 64 << 20
SHARDS, TENSORS, NBYTES = 20, 10, 500_000_000


def write_sparse_set(directory):
    weight_map = {}
    for number in range(SHARDS):
        name = f"model-{number + 1:05}-of-{SHARDS:05}.safetensors"
        header = {
            f"layer.{number}.{i}.weight": {"dtype": "BF16", "shape": [NBYTES // 2000, 1000],
                                           "data_offsets": [i * NBYTES, (i + 1) * NBYTES]}
            for i in range(TENSORS)
        }  # fmt: skip
        weight_map |= dict.fromkeys(header, name)
        text = commands.json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(directory / name, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            file.truncate(8 + len(text) + TENSORS * NBYTES)
    index = {"metadata": {"total_size": SHARDS * TENSORS * NBYTES}, "weight_map": weight_map}
    (directory / "model.safetensors.index.json").write_text(commands.json.dumps(index))


def peak_memory(command, arguments):
    """Exit code and the largest resident set, file pages included."""
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for stream in (1, 2):
            os.dup2(null, stream)
        os.execve(command.program, [command.program, *map(str, arguments)], commands.ENVIRONMENT)
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024


def main():
    command = Command(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        try:
            write_sparse_set(directory)
        except OSError as error:
            print(f"skipped: no sparse files here: {error}")
            return 77
        out = directory / "out"
        one = directory / "one.safetensors"
        runs = [
            ["ls", directory],
            ["ls", directory, "--tree", "--json"],
            ["show", directory, "layer.3.4.weight", "layer.19.9.weight[-1]"],
            ["show", directory, "layer.0.0.weight", "--raw"],
            ["show", directory, "layer.0.0.weight[::7, 5]", "--npy"],
            ["meta", directory],
            ["check", directory],
            ["split", directory, "-o", out, "--dry-run"],
            ["rename", directory, "--prefix", "layer.", "h.", "-o", out, "--dry-run"],
            ["extract", directory, "layer.7.0.weight", "-o", one],
            ["split", one, "-o", out, "-m", "100MB"],
            ["repair", one, "-o", directory / "repaired.safetensors"],
            ["diff", directory, directory, "--values"],
            ["diff", one, out, "--values"],
            ["hash", one, "-a", "xxh3"],
            ["stat", one],
            ["cast", one, "--to", "F8_E4M3", "-o", directory / "cast.safetensors"],
        ]
        failures = 0
        for arguments in runs:
            code, peak = peak_memory(command, arguments)
            print(f"{peak / (1 << 20):6.1f} MiB  {' '.join(map(str, arguments)).replace(folder, '')}")
            failures += code != 0 or peak > LIMIT
    print(f"{len(runs)} commands, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
