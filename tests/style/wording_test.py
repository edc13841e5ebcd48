#!/usr/bin/env python3
"""Checks that no text contains a phrase of wording_pattern.txt: a sentence names the actor, who acts, and uses the
standard terms, so that a search for the term finds it."""

import pathlib
import re
import sys

import sources

SUFFIXES = {".h", ".hpp", ".c", ".cpp", ".md", ".build", ".sh", ".py"}

text = pathlib.Path(__file__).with_name("wording_pattern.txt").read_text(encoding="utf-8")
pattern = re.compile(text.strip(), re.I)

files = sources.tracked_files(SUFFIXES)
faults = 0
for path in files:
    for number, line in enumerate((sources.root / path).read_text(encoding="utf-8").splitlines(), 1):
        # Comparisons with None are Python, not English.
        searched = re.sub(r"\bis\sNone\b", "", line) if path.suffix == ".py" else line
        if found := pattern.search(searched):
            faults += 1
            print(f'{path}:{number}: nonstandard wording "{found[0]}": {line.strip()}')
print(f"{len(files)} files, {faults} faults")
sys.exit(1 if faults else 0)
