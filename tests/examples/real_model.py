"""Finds the real model that the examples are tested with; skips a test without it."""

import os
import pathlib
import sys


def find_real_model(directory):
    """Path of the model: ST_MINILM of the environment, or model.safetensors below `directory`, where
    tests/setup.sh puts it. Exits with status 77 (skipped) without a model."""
    downloaded = next(map(str, pathlib.Path(directory).rglob("model.safetensors")), "")
    model = os.environ.get("ST_MINILM", downloaded)
    if not os.path.exists(model):
        print(f"skipped: neither ST_MINILM nor model.safetensors below {directory} exists")
        sys.exit(77)
    return model
