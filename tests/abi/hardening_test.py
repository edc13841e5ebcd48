#!/usr/bin/env python3
"""Checks the hardening of a built library: hardening_test.py LIBRARY FEATURE..."""

import re
import subprocess
import sys

ENDBR64 = b"\xf3\x0f\x1e\xfa"


def readelf(library, *options):
    return subprocess.run(["readelf", "--wide", *options, library], check=True,
                          capture_output=True, text=True).stdout


class Library:
    def __init__(self, path):
        self.segments = readelf(path, "--segments")
        self.dynamic = readelf(path, "--dynamic")
        self.notes = readelf(path, "--notes")
        symbols = [line.split() for line in readelf(path, "--dyn-syms").splitlines()]
        symbols = [symbol for symbol in symbols if len(symbol) >= 8 and symbol[0][:-1].isdigit()]
        self.imports = {symbol[7].split("@")[0] for symbol in symbols if symbol[6] == "UND"}
        self.functions = {
            symbol[7].split("@")[0]: int(symbol[1], 16)
            for symbol in symbols
            if symbol[3] == "FUNC" and symbol[6] != "UND"
        }
        with open(path, "rb") as file:
            self.bytes = file.read()

    def code(self, address, size):
        """The bytes at a virtual address."""
        for offset, start, filled in re.findall(
            r"^\s+LOAD\s+(0x\w+)\s+(0x\w+)\s+0x\w+\s+(0x\w+)", self.segments, flags=re.M
        ):
            distance = address - int(start, 16)
            if 0 <= distance < int(filled, 16):
                return self.bytes[int(offset, 16) + distance :][:size]
        raise SystemExit(f"no segment has the address {address:#x}")


def check_relro(library):
    if not re.search(r"^\s+GNU_RELRO\s", library.segments, flags=re.M):
        yield "no GNU_RELRO segment"


def check_bind_now(library):
    if not re.search(r"\((FLAGS|FLAGS_1)\).*\b(BIND_)?NOW\b", library.dynamic):
        yield "no BIND_NOW in the dynamic section: the GOT stays writable"


def check_noexecstack(library):
    flags = re.search(r"^\s+GNU_STACK\s+(?:0x\w+\s+){5}([RWE ]+?)\s+0x", library.segments, flags=re.M)
    if not flags or flags[1] != "RW":
        yield f"the stack is {flags[1] if flags else 'unspecified'}, expected RW"
    if "(TEXTREL)" in library.dynamic:
        yield "TEXTREL: the dynamic linker must write to the code"


def check_stack_protector(library):
    if "__stack_chk_fail" not in library.imports:
        yield "no import of __stack_chk_fail"


def check_fortify(library):
    if not any(name.endswith("_chk") for name in library.imports):
        yield "no import of a checked function (__*_chk)"


def check_cet(library):
    if "SHSTK" not in library.notes:
        yield "no SHSTK in the GNU property note"
    for name, address in sorted(library.functions.items()):
        if library.code(address, 4) != ENDBR64:
            yield f"{name} does not begin with endbr64"


CHECKS = {
    "relro": check_relro,
    "bind-now": check_bind_now,
    "noexecstack": check_noexecstack,
    "stack-protector": check_stack_protector,
    "fortify": check_fortify,
    "cet": check_cet,
}


def main():
    path, *features = sys.argv[1:]
    library = Library(path)
    if not library.functions:
        raise SystemExit("the library exports no function")
    problems = [problem for feature in features for problem in CHECKS[feature](library)]
    print("\n".join(problems) or f"{len(features)} features, {len(library.functions)} functions")
    return 1 if problems or not features else 0


if __name__ == "__main__":
    sys.exit(main())
