#!/usr/bin/env python3
"""Benchmark of opening a file with many tensors: st_open compared with safe_open of the reference library.

Usage: open_header.py LIBSAFETENSORS_SO [TENSORS] [ROUNDS]

Both open the same file alternately, in one process, with a warm page cache. Prints the medians. Exits with status
1 if st_open takes more than a third of the time of safe_open.
"""

import ctypes
import json
import statistics
import struct
import sys
import tempfile
import time

import safetensors


def write_model(path, tensors):
    header, offset = {}, 0
    for i in range(tensors):
        header[f"model.layers.{i // 10}.block.{i % 10}.weight"] = {
            "dtype": "BF16",
            "shape": [4, 8],
            "data_offsets": [offset, offset + 64],
        }
        offset += 64
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + offset)
    return len(text)


def milliseconds(action):
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e3


def main():
    library = ctypes.CDLL(sys.argv[1])
    tensors = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 15
    library.st_file_tensor_count.restype = ctypes.c_uint64

    with tempfile.NamedTemporaryFile(suffix=".safetensors") as model:
        text = write_model(model.name, tensors)

        def open_with_library():
            file = ctypes.c_void_p()
            status = library.st_open(model.name.encode(), None, ctypes.byref(file), None)
            assert status == 0 and library.st_file_tensor_count(file) == tensors
            library.st_close(file)

        def open_with_reference():
            with safetensors.safe_open(model.name, "np"):
                pass

        times = {"st_open": [], "safe_open": []}
        for _ in range(rounds):
            times["st_open"].append(milliseconds(open_with_library))
            times["safe_open"].append(milliseconds(open_with_reference))

    print(f"{tensors} tensors, header of {text} bytes, {rounds} rounds, milliseconds")
    medians = {}
    for name, samples in times.items():
        medians[name] = statistics.median(samples)
        print(f"  {name:10} median {medians[name]:8.2f}   minimum {min(samples):8.2f}")
    print(f"  st_open takes 1/{medians['safe_open'] / medians['st_open']:.1f} of safe_open's time")
    return 0 if medians["st_open"] * 3 <= medians["safe_open"] else 1


if __name__ == "__main__":
    sys.exit(main())
