"""The real model that the examples are tried on, or the end of a test that wants it."""

import os
import pathlib
import sys


def find_real_model(folder):
    """The file that the environment's ST_MINILM names, or the one below `folder`, where
    tests/setup.sh puts it. The test that asks is skipped if there is none."""
    model = os.environ.get("ST_MINILM")
    if model is None:
        model = next(map(str, pathlib.Path(folder).rglob("model.safetensors")), "")
    if not os.path.exists(model):
        print(f"no model: neither ST_MINILM nor a model.safetensors below {folder}")
        sys.exit(77)
    return model
