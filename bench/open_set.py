#!/usr/bin/env python3
"""Benchmark of opening a set of many tensors: st_open_set compared with json and safe_open in Python.

Usage: open_set.py LIBSAFETENSORS_SO [TENSORS] [SHARDS] [ROUNDS]

Python parses the index with json and opens every shard with safe_open. Both open the same files alternately, in one
process, with a warm page cache. Then st_open_set opens a set of half the tensors, to show how the time grows.
Prints the medians. Exits with status 1 if st_open_set takes more than a fifth of Python's time.
"""

import ctypes
import json
import pathlib
import statistics
import struct
import sys
import tempfile
import time

import safetensors

INDEX = "model.safetensors.index.json"


def write_shard(path, names):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name in names:
        header[name] = {"dtype": "BF16", "shape": [7168, 2048], "data_offsets": [offset, offset + 29360128]}
        offset += 29360128
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + offset)


def write_set(folder, tensors, shards):
    """Names as long as those of a mixture of experts. The data are holes of sparse files."""
    folder.mkdir()
    names = [
        f"language_model.model.layers.{i // 3456}.mlp.experts.{i // 9 % 384}.{('gate', 'up', 'down')[i // 3 % 3]}_proj."
        f"{('weight_packed', 'weight_scale', 'weight_shape')[i % 3]}"
        for i in range(tensors)
    ]
    weight_map, per_shard = {}, -(-tensors // shards)
    for shard in range(shards):
        name = f"model-{shard + 1:05}-of-{shards:06}.safetensors"
        part = names[shard * per_shard : (shard + 1) * per_shard]
        write_shard(folder / name, part)
        weight_map.update(dict.fromkeys(part, name))
    index = {"metadata": {"total_size": 29360128 * tensors}, "weight_map": weight_map}
    (folder / INDEX).write_text(json.dumps(index, indent=2))


def milliseconds(action):
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e3


def main():
    library = ctypes.CDLL(sys.argv[1])
    library.st_file_tensor_count.restype = ctypes.c_uint64
    tensors, shards, rounds = (int(sys.argv[i]) if len(sys.argv) > i else n for i, n in ((2, 210_816), (3, 61), (4, 7)))

    def open_with_library(folder, count):
        file = ctypes.c_void_p()
        status = library.st_open_set(str(folder).encode(), None, ctypes.byref(file), None)
        assert status == 0 and library.st_file_tensor_count(file) == count
        library.st_close(file)

    def open_with_python(folder):
        index = json.loads((folder / INDEX).read_bytes())
        for name in sorted(set(index["weight_map"].values())):
            with safetensors.safe_open(folder / name, "np"):
                pass

    with tempfile.TemporaryDirectory() as scratch:
        whole, half = pathlib.Path(scratch, "whole"), pathlib.Path(scratch, "half")
        write_set(whole, tensors, shards)
        write_set(half, tensors // 2, shards)
        times = {"st_open_set": [], "Python": [], "half the tensors": []}
        for _ in range(rounds):
            times["st_open_set"].append(milliseconds(lambda: open_with_library(whole, tensors)))
            times["Python"].append(milliseconds(lambda: open_with_python(whole)))
            times["half the tensors"].append(milliseconds(lambda: open_with_library(half, tensors // 2)))

    print(f"{tensors} tensors in {shards} shards, {rounds} rounds, milliseconds")
    medians = {name: statistics.median(samples) for name, samples in times.items()}
    for name, samples in times.items():
        print(f"  {name:16} median {medians[name]:8.2f}   minimum {min(samples):8.2f}")
    print(f"  st_open_set takes 1/{medians['Python'] / medians['st_open_set']:.1f} of Python's time")
    return 0 if medians["st_open_set"] * 5 <= medians["Python"] else 1


if __name__ == "__main__":
    sys.exit(main())
