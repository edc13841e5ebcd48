#!/usr/bin/env python3
"""Random tensors written by the library and by the reference library: files.py LIBRARY [CASES [SEED]]

Equal input must give equal bytes, and each must read what the other writes. The reference cannot write F6, and
writes more than one metadata entry in random order: such files are read, not compared.
"""

import ctypes
import pathlib
import random
import sys
import tempfile

try:
    from safetensors import TensorSpec, deserialize, safe_open, serialize, serialize_file
except ImportError:
    print("skipped: this Python has no package safetensors")
    sys.exit(77)

from abi import Library
from random_headers import BITS

# Names of the dtypes in the reference's writer.
NAMES = {
    "BOOL": "bool", "F4": "float4_e2m1fn_x2", "U8": "uint8", "I8": "int8", "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn", "F8_E8M0": "float8_e8m0fnu", "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz", "I16": "int16", "U16": "uint16", "F16": "float16",
    "BF16": "bfloat16", "I32": "int32", "U32": "uint32", "F32": "float32", "C64": "complex64",
    "F64": "float64", "I64": "int64", "U64": "uint64",
}  # fmt: skip


def random_text(source):
    kind = source.randrange(5)
    if kind == 0:
        return f"model.layers.{source.randrange(120)}.{source.choice(['attn', 'mlp', 'norm'])}.weight"
    alphabets = ["ab.01_", "aAbB \"\\/\b\f\n\r\t\x01\x1f\x7f", "\0é́ßא权\u2028\ufeff", "😀🏳\u200d\U0010ffff퟿\ue000"]
    return "".join(source.choice(alphabets[kind - 1]) for _ in range(source.randrange(12)))


def random_tensors(source):
    tensors = {}
    dtypes = [dtype for dtype in BITS if source.randrange(8) == 0 or not dtype.startswith("F6")]
    for _ in range(source.choice([0, 1, 2, 3, 8, 40])):
        dtype = source.choice(dtypes)
        shape = [source.choice([0, 1, 1, 2, 3, 5, 17]) for _ in range(source.choice([0, 1, 1, 2, 2, 3, 4]))]
        if BITS[dtype] < 8:
            shape.append(source.choice([0, 4, 8, 12]))
        bits = BITS[dtype]
        for extent in shape:
            bits *= extent
        name = random_text(source)
        if name != "__metadata__":
            tensors[name] = (dtype, shape, source.randbytes(bits // 8))
    return tensors


def random_metadata(source):
    count = source.choice([None, 0, 1, 1, 5])
    return None if count is None else {random_text(source): random_text(source) for _ in range(count)}


def specs(tensors, keep):
    made = {}
    for name, (dtype, shape, data) in tensors.items():
        buffer = ctypes.create_string_buffer(data, max(len(data), 1))
        keep.append(buffer)
        # Two F4 are one element to the reference's writer.
        stored = [*shape[:-1], shape[-1] // 2] if dtype == "F4" else shape
        made[name] = TensorSpec(
            dtype=NAMES[dtype], shape=stored, data_ptr=ctypes.addressof(buffer), data_len=len(data)
        )
    return made


def read_by_reference(path):
    found = {name: (v["dtype"], list(v["shape"]), bytes(v["data"])) for name, v in deserialize(path.read_bytes())}
    with safe_open(path, framework="numpy") as file:
        return found, file.metadata()


def read_by_library(library, path):
    file = library.open(str(path))
    found = {name: (dtype, shape, data) for name, dtype, shape, data in library.tensors(file)}
    metadata = library.metadata(file)
    library.raw.st_close(file)
    return found, metadata


def check(library, folder, tensors, metadata):
    """The difference, or None; and whether bytes were compared."""
    ours, theirs = folder / "ours", folder / "theirs"
    library.save(str(ours), [(name, *rest) for name, rest in tensors.items()], metadata)
    comparable = len(metadata or {}) < 2 and not any(t[0].startswith("F6") for t in tensors.values())
    found, found_metadata = read_by_reference(ours)
    if found != tensors or (found_metadata or {}) != (metadata or {}):
        return "the reference does not read what the library wrote", comparable
    if any(t[0].startswith("F6") for t in tensors.values()):
        return None, comparable
    keep = []
    serialize_file(specs(tensors, keep), str(theirs), metadata)
    if read_by_library(library, theirs) != (tensors, metadata or {}):
        return "the library does not read what the reference wrote", comparable
    if comparable:
        if ours.read_bytes() != theirs.read_bytes():
            return "the bytes differ", comparable
        if ours.read_bytes() != serialize(specs(tensors, keep), metadata):
            return "the bytes in memory differ", comparable
    return None, comparable


def main():
    library = Library(sys.argv[1])
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    source = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    wrong = compared = 0
    with tempfile.TemporaryDirectory(dir=".") as name:
        for case in range(cases):
            tensors, metadata = random_tensors(source), random_metadata(source)
            if not tensors and metadata == {}:
                metadata = None  # for an empty map without tensors the reference writes invalid JSON
            problem, comparable = check(library, pathlib.Path(name), tensors, metadata)
            compared += comparable
            if problem:
                wrong += 1
                print(f"case {case}: {problem}\n  {tensors!r}\n  {metadata!r}"[:2000])
    print(f"{cases} files, {compared} of them compared byte for byte, {wrong} wrong")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
