#!/usr/bin/env python3
"""Memory does not grow with the size of a model, and little with that of a JSON text: memory_test.py COMMAND

The model has 2 TB in sparse files, of which commands that read all the data read only some GB before an interrupt.
The texts have many small values.
"""

import os
import pathlib
import re
import resource
import signal
import struct
import sys
import tempfile
import time

import command as commands
from command import Command

LIMIT = 64 << 20
# Of each shard, the first tensor is small enough to be read.
SHARDS, TENSORS, SMALL, LARGE = 20, 10, 500_000_000, 11_000_000_000
READ = 1 << 30  # bytes before an interrupt


def write_sparse(path, tensors, first=b""):
    """A file of tensors {name: (dtype, shape, bytes)} without data blocks, but for the first bytes."""
    header, end = {}, 0
    for name, (dtype, shape, nbytes) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + nbytes]}
        end += nbytes
    text = commands.json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + first)
        file.truncate(8 + len(text) + end)


def write_sparse_set(directory):
    weight_map, total = {}, 0
    for number in range(SHARDS):
        name = f"model-{number + 1:05}-of-{SHARDS:05}.safetensors"
        sizes = [SMALL] + [LARGE] * (TENSORS - 1)
        tensors = {f"layer.{number}.{i}.weight": ("BF16", [n // 2000, 1000], n) for i, n in enumerate(sizes)}
        write_sparse(directory / name, tensors)
        weight_map |= dict.fromkeys(tensors, name)
        total += sum(sizes)
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
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


def bytes_read(pid):
    try:
        return int(re.search(r"rchar: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text())[1])
    except (OSError, TypeError):  # the process has ended
        return 0


def peak_memory(command, arguments, interrupt_after=None, address_space=None):
    """Exit code and the largest resident set, file pages included."""
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for stream in (1, 2):
            os.dup2(null, stream)
        if address_space:
            resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
        os.execve(command.program, [command.program, *map(str, arguments)], commands.ENVIRONMENT)
    while interrupt_after is not None:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024
        if bytes_read(pid) > interrupt_after:
            os.kill(pid, signal.SIGINT)
            break
        time.sleep(0.01)
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024


def check_exhausted_memory(command, directory):
    """Where threads or memory run out, the command works with less or ends with an error."""
    model = directory / "some.safetensors"
    write_sparse(model, {"x": ("BF16", [1 << 23], 1 << 24), "y": ("F32", [1 << 22], 1 << 24)})
    codes = set()
    for limit in range(12 << 20, 200 << 20, 2 << 20):
        code, _ = peak_memory(command, ["stat", model], address_space=limit)
        if code not in (0, 3, 127):  # 127: not enough to load the libraries
            print(f"exit code {code} with an address space of {limit >> 20} MiB")
            return 1
        codes.add(code)
    assert 0 in codes, codes
    return 0


def main():
    command = Command(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        numbers, one, out = (directory / name for name in ("numbers.safetensors", "one.safetensors", "out"))
        model = directory / "model"
        model.mkdir()
        try:
            write_sparse_set(model)
            huge = {"x": ("BF16", [1 << 20, 1 << 20], 2 << 40)}
            write_sparse(directory / "a.safetensors", huge, b"\1")
            write_sparse(directory / "b.safetensors", huge, b"\2")
            write_sparse(directory / "f32.safetensors", {"x": ("F32", [1 << 20, 1 << 20], 4 << 40)})
        except OSError as error:
            print(f"skipped: no sparse files here: {error}")
            return 77
        numbers.write_bytes(commands.file_bytes({"x": ("F32", [4900000], os.urandom(4 * 4900000))}))
        a, b, f32 = (directory / f"{name}.safetensors" for name in ("a", "b", "f32"))
        texts = write_texts(directory)
        runs = [
            (0, ["ls", model]),
            (0, ["ls", model, "--tree", "--json"]),
            (0, ["show", model, "layer.3.4.weight", "layer.19.9.weight[-1]"]),
            (0, ["show", model, "layer.0.0.weight", "--raw"]),
            (0, ["show", model, "layer.0.0.weight[::7, 5]", "--npy"]),
            (0, ["show", numbers, "x", "--full"]),
            (0, ["show", numbers, "x", "--json"]),
            (0, ["meta", model]),
            (0, ["check", model]),
            (0, ["split", model, "-o", out, "--dry-run"]),
            (0, ["rename", model, "--prefix", "layer.", "h.", "-o", out, "--dry-run"]),
            (0, ["extract", model, "layer.7.0.weight", "-o", one]),
            (0, ["split", one, "-o", out, "-m", "100MB"]),
            (0, ["repair", one, "-o", directory / "repaired.safetensors"]),
            (0, ["diff", model, model, "--values"]),
            (0, ["diff", one, out, "--values"]),
            (1, ["diff", a, b]),
            (130, ["diff", a, b, "--values"]),
            (130, ["diff", a, f32, "--values"]),
            (0, ["hash", one, "-a", "xxh3"]),
            (130, ["hash", model, "-a", "xxh3"]),
            (0, ["stat", one]),
            (130, ["stat", a]),
            (130, ["stat", f32]),
            (130, ["stat", model]),
            (0, ["cast", one, "--to", "F8_E4M3", "-o", directory / "cast.safetensors"]),
        ]
        failures = 0
        for expected, arguments in runs:
            code, peak = peak_memory(command, arguments, READ if expected == 130 else None)
            shown = " ".join(map(str, arguments)).replace(folder, "")
            print(f"{peak / (1 << 20):6.1f} MiB  {shown}{'' if code == expected else f': exit code {code}'}")
            failures += code != expected or peak > LIMIT
        for arguments, expected in texts:
            code, peak = peak_memory(command, arguments)
            print(f"{peak / (1 << 20):6.1f} MiB  {' '.join(map(str, arguments)).replace(folder, '')}")
            failures += code != expected or peak > LIMIT + 16 * VALUES
        failures += check_exhausted_memory(command, directory)
    print(f"{len(runs + texts)} commands, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
