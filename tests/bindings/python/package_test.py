#!/usr/bin/env python3
"""Runs the tests of the Python package, and the code of its README; skipped without cffi or NumPy 2.1."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77


def missing_package():
    """What the package needs and this Python does not have, or None."""
    if not importlib.util.find_spec("cffi"):
        return "cffi"
    try:
        import numpy
    except ImportError:
        return "numpy"
    return None if hasattr(numpy, "from_dlpack") and numpy.lib.NumpyVersion(numpy.__version__) >= "2.1.0" else "numpy 2.1"


class Readme(unittest.TestCase):
    def test_the_code_prints_what_the_text_says(self):
        import libsafetensors

        readme = pathlib.Path(libsafetensors.__file__).parents[1] / "README.md"
        text = readme.read_text(encoding="utf-8")
        code, printed = re.search(r"^```python\n(.*?)^```\n\nprints (.*?)\. \[", text, re.M | re.S).groups()
        with tempfile.TemporaryDirectory(prefix="readme-test-") as directory:
            output = subprocess.run([sys.executable, "-c", code], cwd=directory, text=True, capture_output=True)
        self.assertEqual(output.stdout.splitlines(), re.findall(r"`([^`]*)`", printed), output.stderr)


def main():
    missing = missing_package()
    if missing:
        print(f"skipped: {sys.executable} does not have the package {missing}")
        return SKIPPED
    tests = next(path for path in os.environ["PYTHONPATH"].split(os.pathsep) if path.endswith("tests"))
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite([loader.discover(tests), loader.loadTestsFromTestCase(Readme)])
    return 0 if unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
