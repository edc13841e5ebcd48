#!/usr/bin/env python3
"""Doxygen finds documentation of every public item of the C headers and warns about nothing.

Usage: doxygen_test.py INCLUDE_DIRECTORY
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
HEADERS = ("safetensors.h", "dlpack.h")
# ST_API and ST_SYMBOL are removed so that declarations have no attributes.
SETTINGS = """\
QUIET = YES
GENERATE_LATEX = NO
GENERATE_HTML = NO
GENERATE_XML = YES
OPTIMIZE_OUTPUT_FOR_C = YES
JAVADOC_AUTOBRIEF = YES
ENABLE_PREPROCESSING = YES
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
PREDEFINED = ST_API= ST_SYMBOL(x)=
EXCLUDE_SYMBOLS = ST_API ST_SYMBOL
WARN_IF_UNDOCUMENTED = YES
HIDE_UNDOC_MEMBERS = NO
WARN_NO_PARAMDOC = NO
"""


def main():
    include = pathlib.Path(sys.argv[1])
    if not shutil.which("doxygen"):
        print("skipped: doxygen is not installed")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="doxygen-test-") as directory:
        settings = SETTINGS + f"OUTPUT_DIRECTORY = {directory}\n"
        settings += "INPUT = " + " ".join(f'"{include / "safetensors" / name}"' for name in HEADERS) + "\n"
        run = subprocess.run(["doxygen", "-"], input=settings, capture_output=True, text=True)
        functions = sum(
            path.read_text(encoding="utf-8").count('<memberdef kind="function"')
            for path in pathlib.Path(directory, "xml").glob("*_8h.xml")
        )
    print(run.stdout + run.stderr, end="")
    print(f"{functions} functions in {len(HEADERS)} headers")
    return 1 if run.returncode or run.stderr or functions < 70 else 0


if __name__ == "__main__":
    sys.exit(main())
