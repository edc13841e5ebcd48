#!/usr/bin/env python3
"""reads.c calls every function that reads a file or a tensor.

Usage: calls_test.py SOURCE HEADER...
"""

import pathlib
import re
import sys


def main():
    source, *headers = (pathlib.Path(path).read_text() for path in sys.argv[1:])
    declarations = re.findall(r"^ST_API\b[^;(]*?\b(\w+)\((?:const )?st_(?:file|tensor)\*", "".join(headers), flags=re.M)
    missing = [name for name in declarations if not re.search(rf"\b{name}\(", source)]
    print("\n".join(f"{name} is not called" for name in missing))
    print(f"{len(declarations)} functions")
    return 1 if missing or not declarations else 0


if __name__ == "__main__":
    sys.exit(main())
