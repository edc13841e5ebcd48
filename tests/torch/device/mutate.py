#!/usr/bin/env python3
"""Writes a copy of a source file that lacks one statement: mutate.py SOURCE OUTPUT STATEMENT.

The statement must be there exactly once, so that a mutation cannot silently become none.
"""

import pathlib
import sys

source, output, statement = sys.argv[1:]
text = pathlib.Path(source).read_text()
if text.count(statement) != 1:
    sys.exit(f"{source}: found {text.count(statement)} times, expected once: {statement}")
pathlib.Path(output).write_text(text.replace(statement, "{}"))
