#!/usr/bin/env python3
"""The embed example on its real model, beside what transformers makes of the same file:
embed_test.py EMBED EXPECTED MODELS

MODELS: see real_model.py."""

import os
import re
import subprocess
import sys
import tempfile

try:
    import numpy
    import safetensors.numpy
except ImportError as error:
    print(f"this Python lacks the reference: {error}")
    sys.exit(77)

from real_model import find_real_model

# The vectors are rounded to 5 digits, which alone gives a cosine of 1 - 1e-8.
COSINE = 0.99999


def compare_vectors(ours, expected):
    assert ours.dtype == numpy.float32 and ours.shape == expected.shape
    lengths = numpy.linalg.norm(ours, axis=1)
    assert numpy.allclose(lengths, 1, atol=1e-5), lengths
    cosines = (ours * expected).sum(axis=1) / lengths / numpy.linalg.norm(expected, axis=1)
    print("cosines with the expected vectors:", cosines)
    assert (cosines > COSINE).all()
    # A measure that sees more: the largest difference of a single value.
    assert numpy.abs(ours - expected).max() < 1e-5


def compare_table(output, expected):
    """The rows that a person sees: a number, a sentence, a cosine for each sentence."""
    rows = [
        [float(number) for number in re.findall(r"-?\d\.\d{3}", line)]
        for line in output.splitlines()
        if re.match(r" *\d+  \S", line)
    ]
    assert numpy.allclose(rows, expected @ expected.T, atol=6e-4), rows


program, expected_file, folder = sys.argv[1:]
model = find_real_model(folder)
expected = numpy.loadtxt(expected_file).reshape(-1, 384)
with tempfile.TemporaryDirectory() as folder:
    vectors = os.path.join(folder, "embeddings.safetensors")
    output = subprocess.run(
        [program, model, vectors], check=True, capture_output=True, text=True
    ).stdout
    print(output)
    compare_vectors(safetensors.numpy.load_file(vectors)["embeddings"], expected)
    compare_table(output, expected)
