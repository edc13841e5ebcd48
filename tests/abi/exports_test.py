#!/usr/bin/env python3
"""The header, the linker version script and the library name the same functions.

Usage: exports_test.py HEADER MAP LIBRARY ABI
"""

import pathlib
import re
import subprocess
import sys


def declared(header):
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    functions = set(re.findall(r"^ST_API\b[^;(]*?\b(\w+)\(", text, flags=re.M))
    return functions | set(re.findall(r'\)\s*ST_SYMBOL\("(\w+)"\);', text))


def without_api_macro(header):
    """Functions whose declaration lacks ST_API: the library would not export them."""
    text = re.sub(r"/\*.*?\*/|^#define.*?(?<!\\)$", "", header.read_text(), flags=re.S | re.M)
    return set(re.findall(r"^(?!ST_API)[a-z][^;({]*?\b(st_\w+)\(", text, flags=re.M))


def listed(version_map):
    """{function: version node}"""
    text = re.sub(r"/\*.*?\*/|#[^\n]*", "", version_map.read_text(), flags=re.S)
    if not re.search(r"local:\s*\*;", text):
        raise SystemExit("the version script has no `local: *;`")
    found = {}
    for node, body in re.findall(r"(\w[\w.]*)\s*\{(.*?)\}", text, flags=re.S):
        for name in re.findall(r"(\w+);", body.split("local:")[0].split("global:")[-1]):
            if name in found:
                raise SystemExit(f"{name} is in {found[name]} and in {node}")
            found[name] = node
    return found


def exported(library):
    """{function: version node}. Data and weak C++ symbols have the node "not a function"."""
    arguments = ["nm", "--dynamic", "--defined-only", "--with-symbol-versions", library]
    lines = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.splitlines()
    symbols = [line.split() for line in lines]
    return {
        name.split("@")[0]: name.split("@")[-1] if kind == "T" else "not a function"
        for _, kind, name in symbols
        if kind != "A"
    }


def soname(library):
    dynamic = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
    return re.search(r"SONAME.*\[(.*)\]", dynamic)[1]


def file_version(header, abi):
    """ABI.RELEASE.PATCH, where RELEASE never decreases within one ABI number: 0.3 is 3, 1.0 is 1000."""
    text = pathlib.Path(header).read_text()
    major, minor, patch = (
        int(re.search(rf"#define ST_VERSION_{part} (\d+)", text)[1]) for part in ("MAJOR", "MINOR", "PATCH")
    )
    return f"{abi}.{major * 1000 + minor}.{patch}"


def version_suffix(library):
    return pathlib.Path(library).resolve().name.removeprefix("libsafetensors.so.")


def main():
    header, version_map, library, abi = sys.argv[1:]
    functions = declared(pathlib.Path(header))
    in_map = listed(pathlib.Path(version_map))
    in_library = exported(library)
    problems = [f"{name} is in the header without ST_API" for name in sorted(without_api_macro(pathlib.Path(header)))]
    for first, one, second, other in [
        ("the header", functions, "the version script", set(in_map)),
        ("the version script", set(in_map), "the header", functions),
        ("the version script", set(in_map), "the library", set(in_library)),
        ("the library", set(in_library), "the version script", set(in_map)),
    ]:
        for name in sorted(one - other):
            problems.append(f"{name} is in {first}, but not in {second}")
    for name in sorted(set(in_map) & set(in_library)):
        if in_map[name] != in_library[name]:
            problems.append(f"{name} has version {in_library[name]}, expected {in_map[name]} of the version script")
    if soname(library) != f"libsafetensors.so.{abi}":
        problems.append(f"the SONAME is {soname(library)}, expected libsafetensors.so.{abi}")
    if version_suffix(library) != file_version(header, abi):
        problems.append(f"the file version is {version_suffix(library)}, expected {file_version(header, abi)}")
    print("\n".join(problems) or f"{len(functions)} functions")
    return 1 if problems or not functions else 0


if __name__ == "__main__":
    sys.exit(main())
