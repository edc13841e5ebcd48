#!/usr/bin/env python3
"""Generates a test program from the C++ examples in a README: one test case per block, in a directory of its own
with a model.safetensors. Includes and types are moved to the beginning. A comment `<!-- check` after a block has code
that checks its result. `group` in a block is a process group of one process; without the argument "c10d", for a LibTorch
that has none, blocks about process groups are left out.

usage: readme_examples.py README OUTPUT [c10d]
"""

import pathlib
import re
import sys

HEAD = """\
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/script.h>

#include "readme_folder.h"
"""


def main():
    readme, output = map(pathlib.Path, sys.argv[1:3])
    has_c10d = "c10d" in sys.argv[3:]
    includes, types, tests = [HEAD], [], []
    if has_c10d:
        includes.append('#include "distributed/thread_group.h"\n')
    heading = ""
    for match in re.finditer(r"^## ([^\n]*)$|^```cpp\n(.*?)^```$(?:\n\n<!-- check\n(.*?)^-->$)?",
                             readme.read_text(encoding="utf-8"),
                             flags=re.M | re.S):
        if match[1]:
            heading = match[1]
        elif not has_c10d and re.search(r"\bgroup\b|c10d|ProcessGroupPtr", match[2]):
            continue
        elif match[2].startswith("#include"):
            includes.append(match[2])
        elif match[2].startswith("struct"):
            types.append(match[2])
        else:
            name = f"{readme.stem}, {heading}, example {len(tests) + 1}"
            group = "const auto group = ThreadRanks(1).group(0);\n" if re.search(r"\bgroup\b", match[2]) else ""
            tests.append(
                f'TEST_CASE("{name}") {{\n  const ReadmeFolder folder;\n{group}{match[2]}{match[3] or ""}}}\n'
            )
    if len(tests) < 9:
        sys.exit(f"{readme} has {len(tests)} examples, expected at least 9")
    output.write_text("\n".join(includes + types + tests), encoding="utf-8")


if __name__ == "__main__":
    main()
