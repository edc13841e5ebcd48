#!/usr/bin/env python3
"""Runs the tests of the Rust packages and their example against the library of the build directory.

Usage: rust_test.py WORKSPACE TARGET_DIRECTORY LIBRARY_DIRECTORY EXAMPLE_TEST

Skipped without cargo, and with a library that is built with a sanitizer.
"""

import os
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77


def main():
    workspace, target, library, example_test = map(pathlib.Path, sys.argv[1:])
    if not shutil.which("cargo"):
        print("skipped: cargo is not installed")
        return SKIPPED
    if sanitizer := os.environ.get("ST_SANITIZED"):
        print(f"skipped: Rust programs do not load the runtime of the library's {sanitizer} sanitizer")
        return SKIPPED
    if not shutil.which("bindgen"):
        print("bindgen is not installed: the bindings are not compared with the headers")
    environment = {
        **os.environ,
        "SAFETENSORS_LIB_DIR": str(library),
        "LD_LIBRARY_PATH": str(library),
        "CARGO_TARGET_DIR": str(target),
        "CARGO_INCREMENTAL": "0",
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "RUST_BACKTRACE": "0",
    }
    cargo = ["--offline", "--locked", "--quiet"]
    commands = [
        ["cargo", "--version"],
        ["cargo", "test", *cargo],
        ["cargo", "build", *cargo, "--example", "example"],
        [sys.executable, example_test, target / "debug" / "examples" / "example"],
    ]
    for command in commands:
        run = subprocess.run(command, cwd=workspace, env=environment)
        if run.returncode != 0:
            return run.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
