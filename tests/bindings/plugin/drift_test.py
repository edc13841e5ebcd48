#!/usr/bin/env python3
"""safetensors_functions.h is what generate.py writes, but for its comments, and has every function of the version script.

Usage: drift_test.py GENERATE INCLUDE_DIRECTORY FUNCTIONS_HEADER MAP
"""

import pathlib
import re
import subprocess
import sys

# A second name of st_open, which the header's own declaration calls.
ALIASES = {"st_open_file"}


def words(text):
    """Without comments, and without what clang-format decides."""
    return "".join(re.sub(r"/\*.*?\*/", "", text, flags=re.S).replace("\\\n", "\n").split())


def main():
    generate, include, header, version_map = sys.argv[1:]
    written = subprocess.run([sys.executable, generate, include], check=True, capture_output=True, text=True).stdout
    text = pathlib.Path(header).read_text()
    members = set(re.findall(r"^ +MACRO\(\w+, (\w+)\)", text, flags=re.M))
    in_map = set(re.findall(r"^\s+(st_\w+);", pathlib.Path(version_map).read_text(), flags=re.M)) - ALIASES
    problems = [f"{name} is in only one of the struct and the version script" for name in sorted(members ^ in_map)]
    if words(written) != words(text):
        problems.append("the header differs from the output of generate.py: write it again, as README.md says")
    print("\n".join(problems) or f"{len(members)} functions")
    return 1 if problems or not members else 0


if __name__ == "__main__":
    sys.exit(main())
