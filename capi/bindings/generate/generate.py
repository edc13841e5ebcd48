#!/usr/bin/env python3
"""Writes safetensors.cdef and safetensors.json: the C ABI for foreign function interfaces and for generators of
bindings."""

import argparse
import pathlib
import sys

from c_header import HeaderError, parse_header
from cdef import cdef
from description import description
from layout import Layout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("headers", nargs="+", type=pathlib.Path, help="the headers, in the order of their includes")
    parser.add_argument("--cdef", required=True, type=pathlib.Path, help="the file of C declarations to write")
    parser.add_argument("--json", required=True, type=pathlib.Path, help="the JSON file to write")
    arguments = parser.parse_args()
    try:
        headers = [parse_header(path) for path in arguments.headers]
        texts = {arguments.cdef: cdef(headers), arguments.json: description(headers, Layout(headers))}
    except HeaderError as error:
        sys.exit(f"{parser.prog}: {error}")
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
