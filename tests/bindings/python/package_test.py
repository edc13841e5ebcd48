#!/usr/bin/env python3
"""Runs the tests of the Python package, and the code of its README; skipped without cffi or NumPy 2.1."""

import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
PACKAGE = pathlib.Path(__file__).resolve().parents[3] / "capi/bindings/python"


def missing_package():
    """What the package needs and this Python does not have, or None."""
    if not importlib.util.find_spec("cffi"):
        return "cffi"
    try:
        import numpy
    except ImportError:
        return "numpy"
    return None if numpy.lib.NumpyVersion(numpy.__version__) >= "2.1.0" else "numpy 2.1"


class Readme(unittest.TestCase):
    def test_the_code_prints_what_the_text_says(self):
        text = (PACKAGE / "README.md").read_text(encoding="utf-8")
        code, printed = re.search(r"^```python\n(.*?)^```\n\nprints (.*?)\. \[", text, re.M | re.S).groups()
        with tempfile.TemporaryDirectory(prefix="readme-test-") as directory:
            output = subprocess.run([sys.executable, "-c", code], cwd=directory, text=True, capture_output=True)
        self.assertEqual(output.stdout.splitlines(), re.findall(r"`([^`]*)`", printed), output.stderr)


def main():
    missing = missing_package()
    if missing:
        print(f"skipped: {sys.executable} does not have the package {missing}")
        return SKIPPED
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite([loader.discover(str(PACKAGE / "tests")), loader.loadTestsFromTestCase(Readme)])
    return 0 if unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
