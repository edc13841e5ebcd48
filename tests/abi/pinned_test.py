#!/usr/bin/env python3
"""tests/capi/constants_test.c has the value of every enumerator, the size of every struct and the offset of every field
that the headers declare.

Usage: pinned_test.py CONSTANTS_TEST HEADER...
"""

import pathlib
import re
import sys


def expected(header):
    """What the test has to contain."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    for body in re.findall(r"^enum \w+ \{(.*?)\}", text, flags=re.S | re.M):
        yield from re.findall(r"\b(ST_\w+) = ", body)
    for struct, body in re.findall(r"^typedef struct (\w+) \{(.*?)^\}", text, flags=re.S | re.M):
        yield f"sizeof({struct})"
        for field in re.findall(r"(\w+)(?:\[\w+\])?;", body):
            yield f"offsetof({struct}, {field})"


def main():
    test, *headers = (pathlib.Path(path).read_text() for path in sys.argv[1:])
    wanted = [item for header in headers for item in expected(header)]
    missing = [item for item in wanted if not re.search(rf"(?<!\w){re.escape(item)}(?!\w)", test)]
    print("\n".join(f"{item} is not pinned" for item in missing))
    print(f"{len(wanted)} values, {len(missing)} not pinned")
    return 1 if missing or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
