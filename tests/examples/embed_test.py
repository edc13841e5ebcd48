#!/usr/bin/env python3
"""The embed example with its real model, compared with the embeddings of the Python package transformers.

Usage: embed_test.py EMBED EXPECTED MODELS (MODELS: see real_model.py)
"""

import os
import re
import subprocess
import sys
import tempfile

try:
    import numpy
    import safetensors.numpy
except ImportError as error:
    print(f"skipped: Python cannot import numpy and the reference library: {error}")
    sys.exit(77)

from real_model import find_real_model

# The vectors are rounded to 5 digits, which alone gives a cosine of 1 - 1e-8.
COSINE = 0.99999


def compare_vectors(found, expected):
    assert found.dtype == numpy.float32 and found.shape == expected.shape
    lengths = numpy.linalg.norm(found, axis=1)
    assert numpy.allclose(lengths, 1, atol=1e-5), lengths
    cosines = (found * expected).sum(axis=1) / lengths / numpy.linalg.norm(expected, axis=1)
    print("cosines with the expected vectors:", cosines)
    assert (cosines > COSINE).all()
    # Stricter than the cosine: the largest difference of a single value.
    assert numpy.abs(found - expected).max() < 1e-5


def compare_table(output, expected):
    """Compares the printed rows: a number, a sentence, and its cosine with each sentence."""
    rows = [
        [float(number) for number in re.findall(r"-?\d\.\d{3}", line)]
        for line in output.splitlines()
        if re.match(r" *\d+  \S", line)
    ]
    assert numpy.allclose(rows, expected @ expected.T, atol=6e-4), rows


program, expected_file, models = sys.argv[1:]
model = find_real_model(models)
expected = numpy.loadtxt(expected_file).reshape(-1, 384)
with tempfile.TemporaryDirectory() as directory:
    vectors = os.path.join(directory, "embeddings.safetensors")
    output = subprocess.run(
        [program, model, vectors], check=True, capture_output=True, text=True
    ).stdout
    print(output)
    compare_vectors(safetensors.numpy.load_file(vectors)["embeddings"], expected)
    compare_table(output, expected)
