#!/usr/bin/env python3
"""The headers, the linker version script and the library name the same functions, in the node of the release that
added them.

Usage: exports_test.py MAP LIBRARY ABI HEADER...
"""

import pathlib
import re
import subprocess
import sys


def declared(text):
    """{function: version node of the release that its comment names}"""
    found = {}
    for comment, declaration in re.findall(r"/\*\*((?:(?!\*/).)*)\*/\s*(ST_API\b[^;]*;)", text, flags=re.S):
        names = re.findall(r"^ST_API\b[^;(]*?\b(\w+)\(", declaration) + re.findall(r'ST_SYMBOL\("(\w+)"\)', declaration)
        since = re.findall(r"@since (\d+\.\d+)\s", comment)
        found.update(dict.fromkeys(names, f"SAFETENSORS_{since[0]}" if len(since) == 1 else None))
    return found


def undocumented(text):
    """Functions whose declaration lacks a comment, or ST_API: the library would not export them."""
    text = re.sub(r"/\*(?!\*).*?\*/|^#define.*?(?<!\\)$", "", text, flags=re.S | re.M)
    text = re.sub(r"/\*\*(?:(?!\*/).)*\*/\s*ST_API\b[^;]*;", "", text, flags=re.S)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return set(re.findall(r"^(?!typedef)\w[^;({]*?\b(st_\w+)\(", text, flags=re.M))


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


def borrowed_symbols(library):
    """Undefined symbols that a host may define in another way than libstdc++: those of the unwinder; and, except with a
    sanitizer, operator new, operator delete and templates that allocate."""
    arguments = ["nm", "--dynamic", "--undefined-only", library]
    lines = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.splitlines()
    names = [line.split()[-1] for line in lines]
    forbidden = r"_Unwind_|rethrow_exception"
    if not any(re.match(r"__(asan|tsan|ubsan)_", name) for name in names):
        forbidden += r"|^_Z(nw|na|dl|da)|basic_string"
    return [name for name in names if re.search(forbidden, name)]


def version_of(header):
    return tuple(int(re.search(rf"#define ST_VERSION_{part} (\d+)", header)[1]) for part in ("MAJOR", "MINOR", "PATCH"))


def file_version(header, abi):
    """ABI.RELEASE.PATCH, where RELEASE never decreases within one ABI number: 0.3 is 3, 1.0 is 1000."""
    major, minor, patch = version_of(header)
    return f"{abi}.{major * 1000 + minor}.{patch}"


def version_suffix(library):
    return pathlib.Path(library).resolve().name.removeprefix("libsafetensors.so.")


def node_problems(version_map, header):
    """The nodes are those of releases in ascending order, and each inherits the one before it."""
    text = re.sub(r"#[^\n]*", "", version_map)
    nodes = re.findall(r"SAFETENSORS_(\d+)\.(\d+)\s*\{[^}]*\}\s*([\w.]*);", text)
    if len(nodes) != text.count("{"):
        yield "the version script has a node that is not SAFETENSORS_MAJOR.MINOR"
    releases = [(int(major), int(minor)) for major, minor, _ in nodes]
    if releases != sorted(set(releases)) or releases[-1] > version_of(header)[:2]:
        yield f"the version script has the releases {releases}, not in ascending order to {version_of(header)[:2]}"
    expected = ["", *(f"SAFETENSORS_{major}.{minor}" for major, minor in releases[:-1])]
    if [previous for *_, previous in nodes] != expected:
        yield "a node of the version script does not inherit the one before it"


def main():
    version_map, library, abi, *headers = sys.argv[1:]
    text = "".join(pathlib.Path(header).read_text() for header in headers)
    functions = declared(text)
    in_map = listed(pathlib.Path(version_map))
    in_library = exported(library)
    problems = [f"{name} is in a header without ST_API or comment" for name in sorted(undocumented(text))]
    for first, one, second, other in [
        ("the headers", set(functions), "the version script", set(in_map)),
        ("the version script", set(in_map), "the headers", set(functions)),
        ("the version script", set(in_map), "the library", set(in_library)),
        ("the library", set(in_library), "the version script", set(in_map)),
    ]:
        for name in sorted(one - other):
            problems.append(f"{name} is in {first}, but not in {second}")
    for name in sorted(set(in_map) & set(in_library)):
        if in_map[name] != in_library[name]:
            problems.append(f"{name} has version {in_library[name]}, expected {in_map[name]} of the version script")
    for name in sorted(set(functions) & set(in_map)):
        if functions[name] != in_map[name]:
            problems.append(f"{name} is in the node {in_map[name]}, expected {functions[name]} of its comment's @since")
    problems += node_problems(pathlib.Path(version_map).read_text(), text)
    if soname(library) != f"libsafetensors.so.{abi}":
        problems.append(f"the SONAME is {soname(library)}, expected libsafetensors.so.{abi}")
    if version_suffix(library) != file_version(text, abi):
        problems.append(f"the file version is {version_suffix(library)}, expected {file_version(text, abi)}")
    problems += [f"{name} of another library is used" for name in borrowed_symbols(library)]
    print("\n".join(problems) or f"{len(functions)} functions")
    return 1 if problems or not functions else 0


if __name__ == "__main__":
    sys.exit(main())
