#!/usr/bin/env python3
"""cast of every F32 beside PyTorch: cast_exhaustive.py COMMAND [DIRECTORY]

Not one of the tests that Meson runs: it takes minutes, and 2 GB below DIRECTORY, which may be in memory (/dev/shm).
"""

import pathlib
import sys
import tempfile

import casts
import numpy

from command import Command

PIECE = 1 << 28


def main():
    command = Command(sys.argv[1])
    wrong = 0
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        directory = pathlib.Path(folder)
        for begin in range(0, 1 << 32, PIECE):
            bits = numpy.arange(begin, begin + PIECE, dtype="u4")
            casts.write_model(directory / "in.safetensors", "F32", bits)
            for target in casts.TARGETS[1:]:
                out = directory / "out.safetensors"
                command.output("cast", directory / "in.safetensors", "--to", target, "-o", out, "--force")
                found = casts.read_bits(out, target)
                expected = casts.cast_by_torch(bits, "F32", target)
                differing = casts.differences(found, expected, bits, "F32", target)
                wrong += differing.size
                for i in differing[:3]:
                    print(f"{bits[i]:08x} to {target}: {found[i]:x}, expected {expected[i]:x}")
            print(f"{begin + PIECE:#x}: {wrong} differ", flush=True)
    print(f"avx2 NaN: {casts.has_avx2_nan()}, saturation: {casts.has_saturation()}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
