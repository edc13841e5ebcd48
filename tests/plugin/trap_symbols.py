#!/usr/bin/env python3
"""Writes a C file that defines every symbol of a library, as another version of it or of simdjson in the host would:
functions end the process, data has other bytes. Left out are symbols that the library's own dependencies define, and
those that the host defines.

Usage: trap_symbols.py LIBRARY OUTPUT.c DEFINED_BY_HOST...
"""

import pathlib
import re
import subprocess
import sys


def symbols(path, *options):
    """{symbol: type letter of nm}"""
    arguments = ["nm", "--defined-only", *options, path]
    lines = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[-1].split("@")[0]: line.split()[-2] for line in lines}


def dependencies(library):
    loaded = subprocess.run(["ldd", library], check=True, capture_output=True, text=True).stdout
    return re.findall(r"=> (/\S+)", loaded)


def main():
    library, output, *defined = sys.argv[1:]
    found = symbols(library) | symbols(library, "--dynamic")
    for dependency in dependencies(library):
        for name in symbols(dependency, "--dynamic"):
            found.pop(name, None)
    names = [name for name in sorted(found) if re.fullmatch(r"_Z\w+|st_\w+", name) and name not in defined]
    functions = [name for name in names if found[name] in "tTwW"]
    data = [name for name in names if found[name] in "dDbBrRvVu"]
    if not any("simdjson" in name for name in names) or "st_open" not in functions:
        sys.exit("the library has no symbol table")
    lines = ["#include <stdio.h>", "#include <stdlib.h>", ""]
    for name in functions:
        lines.append(f'void {name}(void);\nvoid {name}(void) {{\n  puts("called: {name}");\n  abort();\n}}')
    for name in data:
        lines.append(f"extern const char {name}[64];\nconst char {name}[64] = {{1}};")
    pathlib.Path(output).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
