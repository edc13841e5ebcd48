#!/usr/bin/env python3
"""The enumerators and numbers that the first release's headers define have the same values today.

Usage: constants_test.py FIRST_INCLUDE_DIRECTORY INCLUDE_DIRECTORY COMPILER...
"""

import pathlib
import re
import subprocess
import sys

HEADERS = ["safetensors/safetensors.h", "safetensors/dlpack.h"]

# What a release changes, and macros that are not numbers.
NOT_CONSTANT = r"ST_VERSION_\w+|ST_API|ST_SYMBOL|ST_\w+_INIT"


def names(include):
    text = "".join(pathlib.Path(include, header).read_text() for header in HEADERS)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = re.findall(r"^# *define (ST_\w+) +\S|\b(ST_\w+) = ", text, flags=re.M)
    return [name for pair in found for name in pair if name and not re.fullmatch(NOT_CONSTANT, name)]


def values(constants, include, compiler):
    lines = "".join(f'  printf("%s %lld\\n", "{name}", (long long){name});\n' for name in constants)
    includes = "".join(f"#include <{header}>\n" for header in HEADERS)
    program = f"{includes}#include <stdio.h>\nint main(void) {{\n{lines}  return 0;\n}}\n"
    pathlib.Path("constants.c").write_text(program)
    subprocess.run([*compiler, f"-I{include}", "-o", "constants", "constants.c"], check=True)
    return subprocess.run(["./constants"], check=True, capture_output=True, text=True).stdout.splitlines()


def main():
    first_include, include, *compiler = sys.argv[1:]
    constants = names(first_include)
    first = values(constants, first_include, compiler)
    today = values(constants, include, compiler)
    changed = [f"{old} in the first release, today {new}" for old, new in zip(first, today) if old != new]
    print("\n".join(changed))
    print(f"{len(first)} constants, {len(changed)} changed")
    return 1 if changed or not first else 0


if __name__ == "__main__":
    sys.exit(main())
