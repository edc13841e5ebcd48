#!/usr/bin/env python3
"""The shared library needs the C and C++ runtimes and no other library, finds each of them, and has no search path.

Usage: dependencies_test.py LIBRARY
"""

import re
import subprocess
import sys

# The last ones are those of the sanitizers and of LLVM's C++ runtime.
RUNTIMES = r"lib(c|m|dl|pthread|rt|stdc\+\+|gcc_s|[ault]b?san|ubsan|c\+\+|c\+\+abi|unwind)\.so(\.\d+)*|ld-linux[\w-]*\.so\.\d"


def main():
    (library,) = sys.argv[1:]
    dynamic = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    loaded = subprocess.run(["ldd", "-r", library], check=True, capture_output=True, text=True)
    problems = [f"needs {name}" for name in needed if not re.fullmatch(RUNTIMES, name)]
    problems += re.findall(r".*=> not found|.*undefined symbol.*", loaded.stdout + loaded.stderr)
    problems += re.findall(r"\((?:RPATH|RUNPATH|TEXTREL)\).*", dynamic)
    if "NODELETE" not in dynamic:
        problems.append("is not marked with -z nodelete: dlclose unmaps it while handles exist")
    print("\n".join(problems))
    print(f"needs {', '.join(needed)}")
    return 1 if problems or not needed else 0


if __name__ == "__main__":
    sys.exit(main())
