#!/usr/bin/env python3
"""Before C++20 the first error of torch.hpp names the required standard: cxx20_test.py INCLUDE_FOLDER COMPILER..."""

import subprocess
import sys

include, *compiler = sys.argv[1:]
run = subprocess.run(
    [*compiler, "-x", "c++", "-std=c++17", "-fsyntax-only", f"-I{include}", "-"],
    input="#include <safetensors/torch.hpp>\n",
    capture_output=True,
    text=True,
)
first = next((line for line in run.stderr.splitlines() if "error" in line), "")
print(run.stderr)
if run.returncode == 0 or "torch.hpp> needs C++20" not in first:
    sys.exit(f"expected an error about C++20, found exit status {run.returncode}: {first}")
