#!/usr/bin/env python3
"""Succeeds if tests fail as tests do: must_fail.py PROGRAM TAG.

A crash or a program that does not start is no such failure, and neither is a tag without tests.
"""

import subprocess
import sys

run = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(run.stdout, run.stderr)
if run.returncode <= 0 or "FAILED:" not in run.stdout:
    sys.exit(f"expected failed checks, found exit status {run.returncode}")
