#!/usr/bin/env python3
"""Compares verdicts on random files with the reference library's: verdicts.py LIBRARY [CASES [SEED]]

A file that the reference rejects must be rejected for the same reason. A file that only this library rejects must
be on the closed list of differences, and one that only ST_STRICTNESS_STRICT rejects must match its documentation.
"""

import json
import random
import re
import struct
import sys

try:
    import safetensors
except ImportError:
    print("skipped: this Python has no package safetensors")
    sys.exit(77)

from abi import Library
from random_headers import random_file

# The reference's error messages and the equivalent status codes.
REASONS = {
    "header too small": {"ST_E_HEADER_TOO_SMALL"},
    "header too large": {"ST_E_HEADER_TOO_LARGE"},
    "invalid header length": {"ST_E_HEADER_LENGTH"},
    "invalid UTF-8": {"ST_E_UTF8"},
    "invalid JSON": {"ST_E_JSON", "ST_E_SCHEMA", "ST_E_DTYPE"},
    "overflow": {"ST_E_OVERFLOW"},
    "The slice is slicing for subbytes": {"ST_E_SUBBYTE"},
    "invalid shape": {"ST_E_SIZE_MISMATCH"},
    "invalid offset": {"ST_E_OFFSET"},
    "incomplete metadata": {"ST_E_COVERAGE"},
}


def reference_verdict(data):
    try:
        safetensors.deserialize(data)
    except safetensors.SafetensorError as error:
        text = str(error).removeprefix("Error while deserializing: ")
        return next(reasons for start, reasons in REASONS.items() if text.startswith(start))
    return {"ACCEPT"}


class Members(list):
    """An object's members in their order, including duplicates."""


def header_of(data):
    (length,) = struct.unpack("<Q", data[:8])
    text = data[8 : 8 + length].decode()
    return text, json.loads(text, object_pairs_hook=Members)


def repeats(members):
    names = [name for name, _ in members]
    return len(names) != len(set(names))


def on_closed_list(data):
    _, header = header_of(data)
    entries = [value for name, value in header if name != "__metadata__"]
    metadata = [value for name, value in header if name == "__metadata__" and value is not None]
    as_arrays = [entry for entry in entries if not isinstance(entry, Members)]
    dtypes = [value for e in entries if isinstance(e, Members) for name, value in e if name == "dtype"]
    return (
        repeats(header)
        or any(map(repeats, metadata))
        or bool(as_arrays)
        or any(isinstance(dtype, Members) for dtype in dtypes)
    )


def of_one_place(data):
    """Whether two tensors have the same offsets: the reference checks them in random order."""
    _, header = header_of(data)
    entries = [entry for name, entry in header if name != "__metadata__"]
    places = [str(value) for entry in entries for name, value in entry if name == "data_offsets"]
    return len(places) != len(set(places))


def strict_refuses(data):
    text, header = header_of(data)
    fields = {"dtype", "shape", "data_offsets"}
    unknown = any(
        name not in fields for key, entry in header if key != "__metadata__" for name, _ in entry
    )
    null = ("__metadata__", None) in header
    return not text.startswith("{") or not re.search(r"\} *\Z", text) or unknown or null


def complaint(library, data):
    """The difference between the verdicts, or None."""
    theirs, ours = reference_verdict(data), library.verdict(data)
    if ours not in theirs:
        # The library stops at the first schema error.
        allowed = ours == "ST_E_SCHEMA" or (ours == "ST_E_DUPLICATE" and theirs == {"ACCEPT"})
        listed = allowed and on_closed_list(data)
        refused_twice = "ACCEPT" not in {ours, *theirs}
        if not listed and not (refused_twice and of_one_place(data)):
            return f"the reference says {sorted(theirs)}, the library {ours}"
    strict = library.verdict(data, strict=True)
    if ours == "ACCEPT":
        expected = strict_refuses(data)
        if (strict != "ACCEPT") != expected:
            return f"ST_STRICTNESS_STRICT says {strict}, expected it to {'reject' if expected else 'accept'}"
    elif strict == "ACCEPT":
        return f"ST_STRICTNESS_STRICT accepts what ST_STRICTNESS_COMPATIBLE rejects with {ours}"
    return None


def main():
    library = Library(sys.argv[1])
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 8000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    source = random.Random(seed)
    wrong = accepted = 0
    for _ in range(cases):
        data = random_file(source)
        problem = complaint(library, data)
        accepted += library.verdict(data) == "ACCEPT"
        if problem:
            wrong += 1
            if wrong <= 20:
                print(f"{problem}\n  {data.rstrip(bytes(1))!r} + NULs to {len(data)} bytes")
    print(f"{cases} files, {accepted} of them accepted, {wrong} wrong verdicts")
    return 1 if wrong or not accepted else 0


if __name__ == "__main__":
    sys.exit(main())
