#!/usr/bin/env python3
"""The library is compatible with the first release of its ABI number, which baseline/ describes.

Usage: abi_baseline.py check|record LIBRARY LIBRARY_WITH_DEBUG_INFORMATION INCLUDE_DIRECTORY

check   compares the functions and types by abidiff, and the file versions. Fields may be appended to the structs
        that can grow; functions may be added.
record  writes baseline/: run `ninja -C BUILD record-abi-baseline` until the first release of an ABI number, and not
        afterwards.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

BASELINE = pathlib.Path(__file__).parent / "baseline"
DUMP = BASELINE / "libsafetensors.abi"
VERSION = BASELINE / "file_version"
HEADERS = ["safetensors/safetensors.h", "safetensors/dlpack.h"]

# Structs that are passed in arrays.
NEVER_GROW = ["st_metadata_entry", "st_save_tensor"]


def file_version(library):
    """(ABI number, release, patch) of the file name."""
    suffix = pathlib.Path(library).resolve().name.removeprefix("libsafetensors.so.")
    return tuple(int(part) for part in suffix.split("."))


def dump(library, include):
    """The functions that the library exports and the types of the public headers, without paths."""
    options = ["--no-architecture", "--no-comp-dir-path", "--no-corpus-path", "--no-elf-needed", "--no-show-locs",
               "--exported-interfaces-only", "--drop-private-types", "--headers-dir", include]  # fmt: skip
    text = subprocess.run(["abidw", *options, library], check=True, capture_output=True, text=True).stdout
    return re.sub(r" path='[^']*'", "", text)


def structs_of(corpus):
    return {struct.get("name"): struct for struct in corpus.iter("class-decl") if struct.find("data-member") is not None}


def without_appended_fields(dump):
    """The dump, without the fields after the last one of the baseline in structs that can grow."""
    first = structs_of(xml.etree.ElementTree.parse(DUMP))
    corpus = xml.etree.ElementTree.fromstring(dump)
    for name, struct in structs_of(corpus).items():
        if name not in first or name in NEVER_GROW:
            continue
        for field in struct.findall("data-member")[len(first[name].findall("data-member")) :]:
            if int(field.get("layout-offset-in-bits")) >= int(first[name].get("size-in-bits")):
                struct.remove(field)
                struct.set("size-in-bits", first[name].get("size-in-bits"))
    return xml.etree.ElementTree.tostring(corpus, encoding="unicode")


def record(library, debug_library, include):
    for name in HEADERS:
        copy = BASELINE / "include" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(pathlib.Path(include, name), copy)
    DUMP.write_text(dump(debug_library, include))
    VERSION.write_text(".".join(map(str, file_version(library))) + "\n")


def check(library, debug_library, include):
    first = tuple(int(part) for part in VERSION.read_text().split("."))
    version = file_version(library)
    print(f"file version {version}, first release {first}")
    if version < first:
        print("the file version is lower than that of the first release")
        return 1
    if version[0] != first[0]:
        print("the ABI number is a new one: record its baseline (ninja -C BUILD record-abi-baseline)")
        return 1
    current = pathlib.Path("current.abi")
    current.write_text(without_appended_fields(dump(debug_library, include)))
    result = subprocess.run(["abidiff", "--no-added-syms", DUMP, current], capture_output=True, text=True)
    print(result.stdout + result.stderr)
    return result.returncode


def main():
    if not shutil.which("abidw"):
        print("skipped: abidw and abidiff are not installed (Debian: abigail-tools)")
        return 77
    command, *arguments = sys.argv[1:]
    return {"check": check, "record": record}[command](*arguments)


if __name__ == "__main__":
    sys.exit(main())
