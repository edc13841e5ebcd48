#!/usr/bin/env python3
"""Compiles the public headers alone, as every standard that they promise: header_alone_test.py INCLUDE COMPILER...

The compilers are those of the build; gcc and clang are taken too where they are there. Nothing is defined before
the header, and any warning is a failure: it would be the user's.
"""

import pathlib
import shutil
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual", "-Werror"]
ONLY_C = ["-Wstrict-prototypes", "-Wmissing-prototypes", "-Wc++-compat"]
ONLY_CPP = ["-Wold-style-cast", "-Wnon-virtual-dtor", "-Woverloaded-virtual"]

LANGUAGES = {
    "c": (["c99", "c11", "c17"], ONLY_C),
    # ST_*_INIT are C's braces, and the header's casts stand in them.
    "c++": (["c++11", "c++14", "c++17", "c++20"], []),
}
WRAPPER_STANDARDS = ["c++17", "c++20"]

USE_C = """
#include <safetensors/safetensors.h>
#include <safetensors/safetensors.h>
st_status use(const char *path, st_error *error);
st_status use(const char *path, st_error *error) {
  st_file *file;
  st_open_options open = ST_OPEN_OPTIONS_INIT;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  st_save_options save = ST_SAVE_OPTIONS_INIT;
  st_error none = ST_ERROR_INIT;
  (void)info, (void)entry, (void)tensor, (void)save, (void)none;
  return st_open(path, &open, &file, error);
}
"""


def compiles(command, text):
    done = subprocess.run([*command, "-fsyntax-only", "-"], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        print(" ".join(command), done.stderr[:3000], sep="\n")
    return done.returncode == 0


def compilers(given):
    """The paths without the doubles."""
    found = {}
    for name in [*given, "gcc", "clang", "clang-14", "clang-19"]:
        path = shutil.which(name)
        if path:
            found.setdefault(pathlib.Path(path).resolve(), path)
    return list(found.values())


def main():
    include = pathlib.Path(sys.argv[1])
    results = []
    for compiler in compilers(sys.argv[2:]):
        base = [compiler, f"-I{include}", *WARNINGS]
        for language, (standards, more) in LANGUAGES.items():
            for standard in standards:
                results.append(compiles([*base, *more, "-x", language, f"-std={standard}"], USE_C))
        wrapper = ["safetensors/safetensors.hpp"]
        wrapper += sorted(str(path.relative_to(include)) for path in include.glob("safetensors/wrapper/*.hpp"))
        for header in wrapper:
            for standard in WRAPPER_STANDARDS:
                text = f"#include <{header}>\n" * 2
                results.append(compiles([*base, *ONLY_CPP, "-x", "c++", f"-std={standard}"], text))
        print(f"{compiler}: done")
    print(f"{len(results)} compiled, {results.count(False)} failed")
    return 1 if False in results or not results else 0


if __name__ == "__main__":
    sys.exit(main())
