#!/usr/bin/env python3
"""Benchmark of a metadata edit: st_edit_metadata compared with load_file and save_file of the reference library.

Usage: edit_metadata.py LIBSAFETENSORS_SO [MEGABYTES] [ROUNDS] [DIRECTORY]

Each edits the same file of MEGABYTES (2,200) in DIRECTORY (a temporary one) alternately, with a warm page cache.
The reference writes a file beside it and renames that. Prints the medians with the method that the library used:
copy or clone by default, overwrite and insert in place, as far as the file system can. Exits with status 1 if no
method takes less than a tenth of the reference's time.
"""

import ctypes
import os
import statistics
import sys
import tempfile
import time
from ctypes import POINTER, byref, c_uint32, c_uint64, c_void_p

import numpy
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

METHODS = ["unchanged", "clone", "copy", "overwrite", "insert"]


class Entry(ctypes.Structure):
    _fields_ = [("size", c_uint32), ("reserved", c_uint32), ("key", c_void_p), ("key_len", c_uint64),
                ("value", c_void_p), ("value_len", c_uint64)]  # fmt: skip


class Edit(ctypes.Structure):
    _fields_ = [("size", c_uint32), ("in_place", c_uint32), ("set", POINTER(Entry)), ("set_count", c_uint64),
                ("remove", POINTER(Entry)), ("remove_count", c_uint64), ("rename", POINTER(Entry)),
                ("rename_count", c_uint64)]  # fmt: skip


def edit_with_library(library, path, value, in_place):
    key, text = ctypes.create_string_buffer(b"key"), ctypes.create_string_buffer(value)
    entry = Entry(ctypes.sizeof(Entry), 0, ctypes.addressof(key), 3, ctypes.addressof(text), len(value))
    edit = Edit(size=ctypes.sizeof(Edit), in_place=in_place, set=ctypes.pointer(entry), set_count=1)
    method = c_uint32()
    status = library.st_edit_metadata(path.encode(), byref(edit), None, byref(method), None)
    assert status == 0, status
    return METHODS[method.value]


def edit_with_reference(path, value):
    with safe_open(path, "np") as file:
        metadata = file.metadata() or {}
    metadata["key"] = value.decode()
    save_file(load_file(path), path + ".new", metadata)
    os.replace(path + ".new", path)
    return "load_file, save_file"


def write_model(path, megabytes):
    elements = megabytes * 1_000_000 // 200 // 4
    save_file({f"layers.{i}.weight": numpy.full(elements, i, numpy.float32) for i in range(200)}, path)


def main():
    library = ctypes.CDLL(sys.argv[1])
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 2200
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    samples = {}

    def measure(action):
        with open(path, "rb") as file:
            os.fsync(file.fileno())  # inserting and sharing blocks write back the whole file first
        start = time.perf_counter()
        method = action()
        samples.setdefault(method, []).append((time.perf_counter() - start) * 1e3)

    with tempfile.TemporaryDirectory(dir=sys.argv[4] if len(sys.argv) > 4 else None) as directory:
        path = os.path.join(directory, "model.safetensors")
        write_model(path, megabytes)
        for i in range(rounds + 1):
            if i == 1:
                samples.clear()  # the first round warms up
            measure(lambda: edit_with_reference(path, b"%d" % i))
            measure(lambda: edit_with_library(library, path, b"%d, of the library" % i, False))
            measure(lambda: edit_with_library(library, path, b"x" * 100_000, True))
            measure(lambda: edit_with_library(library, path, b"shorter", True))

    reference = statistics.median(samples["load_file, save_file"])
    print(f"file of {megabytes} MB, {rounds} rounds, milliseconds")
    for method, times in samples.items():
        median = statistics.median(times)
        print(f"  {method:22} median {median:9.2f}   minimum {min(times):9.2f}   1/{reference / median:.1f}")
    return 0 if min(statistics.median(times) for times in samples.values()) * 10 <= reference else 1


if __name__ == "__main__":
    sys.exit(main())
