#!/usr/bin/env python3
"""Checks which layer of the sources includes which, and where system calls may be made."""

import pathlib
import re
import sys

import sources

POSIX = "src/io/posix/"

# (the files, except this prefix or these, what they must not contain, why)
FORBIDDEN = [
    ("src/format/", None, r"(?<![\w>])::\w+\s*\(", "src/format calls no functions of the system"),
    ("src/format/", None, r"\b(fopen|fread|fwrite|getenv|std::[io]?fstream|std::filesystem)\b",
     "src/format accesses neither files nor the environment"),
    ("src/", POSIX, r"#\s*include\s*<(unistd|fcntl|dirent|poll|sched|spawn|aio|pthread|sys/[\w/]+|linux/[\w/]+)\.h>",
     f"system headers are included in {POSIX} only"),
    ("src/", POSIX, r'#include\s*"io/posix/', f"files outside of {POSIX} include io/platform.h instead"),
    ("", POSIX, r"\b(iovec|statfs|process_vm_readv)\b|\bsys/(uio|statfs|vfs)\.h", f"belongs into {POSIX}"),
    ("", (POSIX, "cpp/cli/output/text_file.cpp"), r"/proc/self/fd", f"belongs into {POSIX} or cpp/cli/output/text_file.cpp"),
    ("", "src/format/json_document.h", r"#include\s*[<\"]simdjson\.h", "only json_document.h includes simdjson.h"),
    ("src/", None, r"#include\s*[<\"]safetensors[./]", "src includes nothing of include"),
    ("include/", None, r'#include\s*"', "public headers include each other as <safetensors/...>"),
]  # fmt: skip

# The folders whose headers a layer may include by "name".
MAY_INCLUDE = {"src": ["src"], "capi": ["capi", "src"], "cpp": ["cpp"]}


def headers_of(folder):
    return {path.relative_to(folder).as_posix() for path in files if path.parts[0] == folder and path.suffix == ".h"}


def layer_faults(path, text):
    """Includes of other layers. A header is found beside the file that includes it, or from the layer's folder."""
    layer = path.parts[0]
    if layer not in MAY_INCLUDE:
        return
    for number, line in enumerate(text.splitlines(), 1):
        included = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if not included:
            continue
        beside = pathlib.Path(path.parent, included[1])
        if beside in known or any(included[1] in headers[folder] for folder in MAY_INCLUDE[layer]):
            continue
        yield number, f"{layer} may include headers of {' and '.join(MAY_INCLUDE[layer])} only: {included[1]}"


def forbidden_faults(path, text):
    name = path.as_posix()
    for folder, exception, pattern, why in FORBIDDEN:
        if not name.startswith(folder) or (exception and name.startswith(exception)):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := re.search(pattern, line):
                yield number, f"{why}: {found[0]}"


LAYERS = ("src", "capi", "cpp", "include")
files = [path for path in sources.tracked_files({".c", ".h", ".cpp", ".hpp"}) if path.parts[0] in LAYERS]
known = set(files)
headers = {folder: headers_of(folder) for folder in MAY_INCLUDE}
assert all(headers.values()), "a layer has no headers"

faults = 0
for path in files:
    text = (sources.root / path).read_text(encoding="utf-8")
    for number, fault in [*forbidden_faults(path, text), *layer_faults(path, text)]:
        faults += 1
        print(f"{path}:{number}: {fault}")
print(f"{len(files)} files, {faults} faults")
sys.exit(1 if faults else 0)
