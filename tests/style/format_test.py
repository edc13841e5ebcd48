#!/usr/bin/env python3
"""Checks that clang-format would change no C or C++ file. Its versions differ in what they do, so this needs 14."""

import re
import shutil
import subprocess
import sys

import sources

VERSION = 14

program = shutil.which("clang-format")
if not program:
    sources.skip("clang-format is not installed")
version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
if not re.search(rf"version {VERSION}\.", version):
    sources.skip(f"clang-format {VERSION} is needed, this is {version.strip()}")

files = sources.tracked_files({".c", ".h", ".cpp", ".hpp"})
run = subprocess.run(
    [program, "--dry-run", "--Werror", "--style=file", *files], cwd=sources.root, capture_output=True, text=True
)
unformatted = sorted(set(re.findall(r"^(.*?):\d+:\d+: error: ", run.stderr, flags=re.M)))
for path in unformatted:
    print(f"{path}: not formatted: clang-format -i {path}")
if run.returncode != 0 and not unformatted:
    print(run.stderr)
print(f"{len(files)} files, {len(unformatted)} not formatted")
sys.exit(1 if run.returncode != 0 else 0)
