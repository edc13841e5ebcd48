#!/usr/bin/env python3
"""A demo program on the real model: real_model_test.py PROGRAM MODELS (see real_model.py)."""

import pathlib
import re
import subprocess
import sys
import tempfile

from real_model import find_real_model

TENSORS = 104

program, folder = sys.argv[1:]
model = find_real_model(folder)
with tempfile.TemporaryDirectory() as place:
    copy = pathlib.Path(place, "copy.safetensors")
    run = subprocess.run([program, model, copy], capture_output=True, text=True)
    print(run.stdout, run.stderr)
    assert run.returncode == 0 and not run.stderr
    assert copy.read_bytes() == pathlib.Path(model).read_bytes()

assert "the two files are the same byte for byte" in run.stdout
assert f"OK: {TENSORS} of {TENSORS} tensors came back bit for bit" in run.stdout
rows = re.findall(r"^\S+ +(?:F32|I64) +[\d x]+? +[\d.]+ k?M?B +<?[\d.]+ %", run.stdout, re.M)
assert len(rows) == TENSORS, len(rows)
