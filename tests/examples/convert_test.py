#!/usr/bin/env python3
"""Tests of the example program that converts a model to BF16: convert_test.py PROGRAM"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import numpy
    from safetensors import numpy as reference
except ImportError:
    print("skipped: this Python has no packages numpy and safetensors")
    sys.exit(77)

PROGRAM = sys.argv[1]


def convert(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)


def read(directory):
    """dtype, shape and bytes of each tensor, by the index or from the only file."""
    index = directory / "model.safetensors.index.json"
    names = set(json.loads(index.read_text())["weight_map"].values()) if index.exists() else {"model.safetensors"}
    tensors = {}
    for name in names:
        data = (directory / name).read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        header.pop("__metadata__", None)
        for tensor, entry in header.items():
            begin, end = entry["data_offsets"]
            tensors[tensor] = entry["dtype"], entry["shape"], data[8 + length + begin : 8 + length + end]
    return tensors, names


def rounded(values):
    """BF16 bits of float32 values, to nearest even."""
    bits = values.astype("<f4").view("<u4").astype("u8")
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("<u2").tobytes()


def main():
    random = numpy.random.default_rng(1)
    special = numpy.array([0.0, -0.0, numpy.inf, -numpy.inf, 1.00390625, 1.01171875, 3.4e38, 1e-40], "<f4")
    source = {
        "f32": random.standard_normal((300, 1000), "f4"),
        "f64": random.standard_normal((50, 7)),
        "f16": random.standard_normal((5, 9)).astype("f2"),
        "special": special,
        "tiny": numpy.array([6e-8, 65504, -6.1e-5], "f2"),
        "i64": numpy.arange(10, dtype="i8"),
        "empty": numpy.zeros((0, 3), "f4"),
    }
    expected = {name: ("BF16", list(a.shape), rounded(a.astype("f4"))) for name, a in source.items() if name != "i64"}
    expected["i64"] = "I64", [10], source["i64"].tobytes()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        reference.save_file(source, scratch / "source.safetensors", {"format": "np"})
        for limit, files in ((100_000, 2), (10_000_000, 1)):
            ran = convert(scratch / "source.safetensors", scratch / "converted", limit)
            assert ran.returncode == 0, ran.stderr
            tensors, names = read(scratch / "converted")
            assert tensors == expected, sorted(name for name in expected if tensors.get(name) != expected[name])
            assert len(names) >= files if files > 1 else len(names) == 1, names
            left = {path.name for path in (scratch / "converted").iterdir()}
            assert left - {"model.safetensors.index.json"} == names, left
        # A set is converted like a file.
        assert convert(scratch / "converted", scratch / "again", 100_000).returncode == 0
        assert read(scratch / "again")[0] == expected
        failed = convert(scratch / "none.safetensors", scratch / "x")
        assert failed.returncode == 1 and "none.safetensors" in failed.stderr, failed.stderr
        assert convert().returncode == 2
        assert not (scratch / "x").exists()
    print("converted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
