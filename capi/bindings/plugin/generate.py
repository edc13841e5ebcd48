#!/usr/bin/env python3
"""Prints safetensors_functions.h: a struct with a pointer to each function that the headers declare.

Usage: generate.py INCLUDE_DIRECTORY
"""

import pathlib
import re
import sys

HEADERS = ["safetensors/safetensors.h", "safetensors/dlpack.h"]

DECLARATION = re.compile(
    r"/\*\*(?P<comment>(?:(?!\*/).)*)\*/\s*"
    r"ST_API (?P<result>[\w* ]+?)(?P<stars>\**)\s*st_(?P<name>\w+)\((?P<parameters>[^)]*)\)",
    flags=re.S,
)

TOP = """/**
 * @file safetensors_functions.h
 * A pointer to each function of libsafetensors, for programs that load the library with
 * safetensors_plugin.h. The member `open` is st_open, and so on: safetensors.h and dlpack.h are the
 * reference manual. Written by generate.py from these headers.
 */
#ifndef SAFETENSORS_FUNCTIONS_H
#define SAFETENSORS_FUNCTIONS_H

#include <safetensors/dlpack.h>
#include <safetensors/safetensors.h>

/** The functions of the library, without the prefix st_ of their names. */
typedef struct st_functions {
"""

MIDDLE = """} st_functions;

/** Calls MACRO(member, symbol) for each member of st_functions. */
#define ST_FUNCTIONS(MACRO) \\
"""


def brief(comment):
    """The first sentence of a documentation comment."""
    text = " ".join(re.sub(r"\n \*", "\n", comment).split())
    text = re.sub(r"@since.*", "", text)
    return re.split(r"(?<=[.])\s", text)[0].rstrip(".")


def functions(include):
    for header in HEADERS:
        for found in DECLARATION.finditer((include / header).read_text()):
            parameters = " ".join(found["parameters"].split())
            yield found["name"], found["result"].strip() + found["stars"], parameters, brief(found["comment"])


def main():
    declared = list(functions(pathlib.Path(sys.argv[1])))
    members = [f"  /** {text}. */\n  {result} (*{name})({types});\n" for name, result, types, text in declared]
    names = [f"  MACRO({name}, st_{name})" for name, *_ in declared]
    print(TOP + "".join(members) + MIDDLE + " \\\n".join(names) + "\n\n#endif")


if __name__ == "__main__":
    main()
