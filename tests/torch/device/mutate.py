#!/usr/bin/env python3
"""Copies a source file without one statement: mutate.py SOURCE OUTPUT STATEMENT.

The statement must occur exactly once, so that every mutation changes the file.
"""

import pathlib
import sys

source, output, statement = sys.argv[1:]
text = pathlib.Path(source).read_text()
if text.count(statement) != 1:
    sys.exit(f"{source}: found {text.count(statement)} times, expected once: {statement}")
pathlib.Path(output).write_text(text.replace(statement, "{}"))
