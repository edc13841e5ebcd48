#!/usr/bin/env python3
"""Writes the C header of a hypothetical next release, in which every struct has one more field, `appended`.

Usage: grow_header.py HEADER OUTPUT
"""

import pathlib
import re
import sys


def main():
    header, output = map(pathlib.Path, sys.argv[1:])
    text = header.read_text()
    text, structs = re.subn(
        r"(typedef struct st_\w+ \{\n  uint32_t size;.*?)\n(\} st_\w+;)",
        r"\1\n  uint64_t appended;\n\2",
        text,
        flags=re.S,
    )
    text, initializers = re.subn(
        r"(#define ST_\w+_INIT (?:[^\n]*\\\n)*[^\n]*\S) *\}\n", r"\1, 0 }\n", text
    )
    if structs == 0 or structs != initializers:
        sys.exit(f"{structs} structs and {initializers} initializers")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text)


if __name__ == "__main__":
    main()
