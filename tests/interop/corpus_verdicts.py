#!/usr/bin/env python3
"""Compares the corpus's verdicts of the reference library with the real ones: corpus_verdicts.py WRITE_CORPUS"""

import pathlib
import subprocess
import sys
import tempfile

try:
    import safetensors
except ImportError:
    print("skipped: this Python has no package safetensors")
    sys.exit(77)


def accepts(path):
    try:
        with safetensors.safe_open(path, framework="numpy"):
            return True
    except safetensors.SafetensorError:
        return False


def main():
    wrong = count = 0
    with tempfile.TemporaryDirectory(dir=".") as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        for line in pathlib.Path(folder, "verdicts.tsv").read_text().splitlines():
            file, name, expected, _, _ = line.split("\t")
            count += 1
            if accepts(pathlib.Path(folder, file)) != (expected == "accepts"):
                wrong += 1
                print(f"{name}: expected that the reference {expected} it")
    print(f"{count} inputs, {wrong} unexpected verdicts")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
