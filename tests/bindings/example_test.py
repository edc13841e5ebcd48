#!/usr/bin/env python3
"""Runs a language's example program on a small file and compares what it prints and writes.

Usage: example_test.py COMMAND...

The program runs as COMMAND... INPUT OUTPUT. Needs the PyPI packages safetensors and numpy; without them, the test is
skipped.
"""

import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77

EXPECTED = """\
INPUT: 2 tensors
format = pt
bias F32 [3] 12 bytes
weight F32 [3, 4] 48 bytes
weight[1][2] = 6
bias = 0.5 1.5 2.5
slice = 1 2 5 6
ST_E_NOT_FOUND: MESSAGE
ST_E_HEADER_TOO_LARGE: MESSAGE
ST_E_TENSOR_NOT_FOUND: MESSAGE
wrote OUTPUT
"""


def main():
    try:
        import numpy
        from safetensors import safe_open
        from safetensors.numpy import load_file, save_file
    except ImportError as error:
        print(f"skipped: {error}")
        return SKIPPED
    bias = numpy.array([0.5, 1.5, 2.5], "float32")
    weight = numpy.arange(12, dtype="float32").reshape(3, 4)
    with tempfile.TemporaryDirectory(prefix="example-test-") as directory:
        source, output = pathlib.Path(directory, "input.safetensors"), pathlib.Path(directory, "output.safetensors")
        save_file({"bias": bias, "weight": weight}, source, metadata={"format": "pt"})
        before = source.read_bytes()
        run = subprocess.run([*sys.argv[1:], source, output], capture_output=True, text=True, encoding="utf-8")
        if run.returncode != 0:
            print(f"{sys.argv[1:]} exited with {run.returncode}\n{run.stdout}{run.stderr}")
            return 1
        # The wording of the messages is the library's; that there is one is checked here.
        printed = re.sub(r"^(ST_E_\w+): \S.*$", r"\1: MESSAGE", run.stdout, flags=re.M)
        expected = EXPECTED.replace("INPUT", str(source)).replace("OUTPUT", str(output))
        if printed != expected:
            print("".join(difflib.unified_diff(expected.splitlines(True), printed.splitlines(True), "expected", "printed")))
            return 1
        if run.stderr or source.read_bytes() != before:
            print(f"the program wrote to stderr or changed its input: {run.stderr}")
            return 1
        tensors = load_file(output)
        with safe_open(output, "numpy") as file:
            metadata = file.metadata()
        wanted = {"bias": bias, "doubled": 2 * weight}
        equal = tensors.keys() == wanted.keys() and all(
            tensors[name].dtype == value.dtype and numpy.array_equal(tensors[name], value) for name, value in wanted.items()
        )
        if not equal or metadata != {"format": "pt"}:
            print(f"the program wrote {tensors} with the metadata {metadata}")
            return 1
    print(f"{len(EXPECTED.splitlines())} lines and the file are as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
