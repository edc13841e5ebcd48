#!/usr/bin/env python3
"""Memory does not grow with the size of a model, and little with that of a JSON text: memory_test.py COMMAND

The model has 100 GB in sparse files. The texts have many small values.
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


VALUES = 2_000_000


def write_texts(directory):
    """Texts of 4 MB with many values, of which the commands need few. Returns the runs that read them."""
    values = "[" + ",".join(["0"] * VALUES) + "]"
    header = b'{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"z":%s}}' % values.encode()
    damaged, model = directory / "values.safetensors", directory / "metadata.safetensors"
    damaged.write_bytes(commands.framed(header, b"\1\0"))
    model.write_bytes(commands.file_bytes({}, {"value": values, "deep": "[" * 100 + values + "]" * 100}))
    small = directory / "indexed"
    small.mkdir()
    (small / "x.safetensors").write_bytes(commands.file_bytes({"x": ("U8", [1], b"x")}))
    index = '{"metadata":{"note":%s},"weight_map":{"x":"x.safetensors"}}' % values
    (small / "model.safetensors.index.json").write_text(index)
    manifest = directory / "manifest.json"
    manifest.write_text('{"path":"%s","algorithm":"xxh3","z":%s,"files":[],"tensors":[]}' % (model, values))
    return [
        (["check", damaged], 1),
        (["repair", damaged, "-o", directory / "values-repaired.safetensors"], 0),
        (["meta", model], 0),
        (["meta", model, "--json"], 0),
        (["check", small], 0),
        (["reindex", small, "--force"], 0),
        (["verify", manifest, "--data"], 0),
    ]


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
        texts = write_texts(directory)
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
        for arguments, expected in texts:
            code, peak = peak_memory(command, arguments)
            print(f"{peak / (1 << 20):6.1f} MiB  {' '.join(map(str, arguments)).replace(folder, '')}")
            failures += code != expected or peak > LIMIT + 16 * VALUES
    print(f"{len(runs + texts)} commands, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
