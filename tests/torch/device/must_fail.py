#!/usr/bin/env python3
"""Succeeds if a check of a test fails: must_fail.py PROGRAM TAG.

A crash, a program that does not start and a tag without tests do not count.
"""

import subprocess
import sys

run = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(run.stdout, run.stderr)
if run.returncode <= 0 or "FAILED:" not in run.stdout:
    sys.exit(f"expected failed checks, found exit status {run.returncode}")
