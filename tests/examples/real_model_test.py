#!/usr/bin/env python3
"""A demo program with the real model: its output and its copy of the file.

Usage: real_model_test.py PROGRAM MODELS (MODELS: see real_model.py)
"""

import pathlib
import re
import subprocess
import sys
import tempfile

from real_model import find_real_model

TENSORS = 104

program, models = sys.argv[1:]
model = find_real_model(models)
with tempfile.TemporaryDirectory() as directory:
    copy = pathlib.Path(directory, "copy.safetensors")
    result = subprocess.run([program, model, copy], capture_output=True, text=True)
    print(result.stdout, result.stderr)
    assert result.returncode == 0 and not result.stderr
    assert copy.read_bytes() == pathlib.Path(model).read_bytes()

assert "the two files are equal byte for byte" in result.stdout
assert f"OK: {TENSORS} of {TENSORS} tensors are identical" in result.stdout
rows = re.findall(r"^\S+ +(?:F32|I64) +[\d x]+? +[\d.]+ k?M?B +<?[\d.]+ %", result.stdout, re.M)
assert len(rows) == TENSORS, len(rows)
