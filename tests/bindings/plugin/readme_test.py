#!/usr/bin/env python3
"""The program and the commands of the package's README.md work as they are printed.

Usage: readme_test.py PACKAGE_DIRECTORY EXAMPLE_TEST
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77


def main():
    package, example_test = map(pathlib.Path, sys.argv[1:])
    missing = [program for program in ("cc", "pkg-config") if not shutil.which(program)]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed")
        return SKIPPED
    readme = (package / "README.md").read_text()
    program = re.search(r"<!-- open.c -->\n```c\n(.*?)```", readme, flags=re.S)[1]
    commands = re.search(r"```sh\n(.*?)^\./example input.safetensors output.safetensors\n```", readme, flags=re.S | re.M)[1]
    with tempfile.TemporaryDirectory(prefix="plugin-readme-") as directory:
        copy = pathlib.Path(directory, "package")
        shutil.copytree(package, copy)
        (copy / "open.c").write_text(program)
        commands += "cc -std=c99 -o open open.c safetensors_plugin.c $(pkg-config --cflags safetensors)\n"
        subprocess.run(["sh", "-e", "-c", commands], check=True, cwd=copy)
        (copy / "empty.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
        output = subprocess.run(["./open", "empty.safetensors"], check=True, cwd=copy, capture_output=True, text=True)
        if output.stdout != "0 tensors\n":
            print(f"the program printed {output.stdout}")
            return 1
        return subprocess.run([sys.executable, example_test, copy / "example"]).returncode


if __name__ == "__main__":
    sys.exit(main())
