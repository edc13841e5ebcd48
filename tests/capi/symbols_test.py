#!/usr/bin/env python3
"""Header, version script and library have the same functions: symbols_test.py HEADER MAP LIBRARY NM READELF

The header says what there is, capi/safetensors.map what is exported, the library what really is. Nothing else
leaves the library, and it wants of the program only what other libraries' versions name.
"""

import pathlib
import re
import subprocess
import sys

# What sanitizers and the compiler's start files leave open, to be found in the program.
UNVERSIONED = re.compile(r"__(asan|ubsan|tsan|sanitizer|lsan|gcov)_|_ITM_|__gmon_start__$")


def declared(header):
    """(functions, the other names that they have in the library, the ABI number)"""
    text = re.sub(r"/\*.*?\*/", " ", header, flags=re.DOTALL)
    abi = re.search(r"^#define ST_ABI_VERSION (\d+)$", text, flags=re.M)
    text = re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", "", text, flags=re.M)
    functions = re.findall(r"\bST_API\b[^;(]*?\b(\w+)\s*\(", text)
    labels = re.findall(r"\bST_SYMBOL\(\"(\w+)\"\)", text)
    # Whatever looks like a function and lacks ST_API would be hidden without being missed.
    bare = [name for name in re.findall(r"\b(st_\w+)\s*\(", text) if name not in functions]
    return functions, labels, int(abi[1]), bare


def mapped(text):
    """{symbol: version node}; the last node must hide all that is not named."""
    nodes = {}
    text = re.sub(r"#.*", "", text)
    for node, body in re.findall(r"(\w[\w.]*)\s*\{(.*?)\}", text, flags=re.DOTALL):
        exported = body.split("global:")[1].split("local:")[0]
        for symbol in re.findall(r"[^\s;]+", exported):
            if symbol in nodes:
                raise SystemExit(f"{symbol} is in the version script twice")
            nodes[symbol] = node
    if not re.search(r"local:\s*\*;", text):
        raise SystemExit("the version script does not hide what it does not name")
    return nodes


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exported(nm, library):
    """{symbol: version node}, without the nodes' own symbols."""
    found = {}
    for line in run(nm, "-D", "--defined-only", "--with-symbol-versions", library).splitlines():
        kind, name = line.split()[-2:]
        if kind == "A":
            continue
        symbol, _, node = name.partition("@")
        found[symbol] = node.lstrip("@") if kind == "T" else f"{node.lstrip('@')}, but of kind {kind}"
    return found


def imported_without_version(nm, library):
    found = []
    for line in run(nm, "-D", "--undefined-only", "--with-symbol-versions", library).splitlines():
        kind, name = line.split()[-2:]
        if "@" not in name and not UNVERSIONED.match(name):
            found.append(f"{name} ({kind})")
    return found


def main():
    header, version_script, library, nm, readelf = sys.argv[1:]
    functions, labels, abi, bare = declared(pathlib.Path(header).read_text())
    nodes = mapped(pathlib.Path(version_script).read_text())
    problems = [f"{name} is in the header without ST_API" for name in bare]
    names = functions + labels
    problems += [f"{name} is in the header twice" for name in sorted(set(names)) if names.count(name) > 1]
    problems += [f"{name} is in the header, not in the version script" for name in sorted(set(names) - set(nodes))]
    problems += [f"{name} is in the version script, not in the header" for name in sorted(set(nodes) - set(names))]

    found = exported(nm, library)
    problems += [f"{name} is not exported" for name in sorted(set(nodes) - set(found))]
    problems += [f"{name} is exported" for name in sorted(set(found) - set(nodes))]
    problems += [
        f"{name} is exported as {found[name]}, expected {node}"
        for name, node in sorted(nodes.items())
        if name in found and found[name] != node
    ]
    dynamic = run(readelf, "-d", library)
    if f"soname: [libsafetensors.so.{abi}]" not in dynamic:
        problems.append(f"the SONAME is not libsafetensors.so.{abi}")
    if not any(name.startswith(("__asan", "__ubsan")) for name in run(nm, "-D", library).split()):
        # With a sanitizer, what allocates is the sanitizer's and has no version.
        problems += [f"{name} is wanted of nobody in particular" for name in imported_without_version(nm, library)]
        if "(TEXTREL)" in dynamic:
            problems.append("the library's code needs relocations")

    for problem in problems:
        print(problem)
    print(f"{len(functions)} functions, {len(labels)} second names, {len(found)} symbols, {len(problems)} problems")
    return 1 if problems or len(functions) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
