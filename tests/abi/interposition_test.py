#!/usr/bin/env python3
"""Whatever the library asks of the system can be made to fail: requests_test.py LIBRARY INTERPOSER

The library's undefined symbols are defined by the interposer of tests/faults, or are here among those that
cannot fail. Who lets the library call something new adds it to one or the other.
"""

import re
import subprocess
import sys

# Pure, or of the language's own runtime; assertions are in builds that keep them.
CANNOT_FAIL = r"""
mem(chr|cmp|cpy|move|set|rchr|mem) str(cmp|len|ncmp|ncpy|chr|rchr) bcmp pow exp log
getenv getpid strerrordesc_np strtoull strtoul __errno_location __libc_single_threaded __popcountdi2
__gmon_start__ _ITM_\w+ _Unwind_Resume __gxx_personality_v0 __cxa_\w+
_ZN?K?S(t|s|a).* _ZT[IV](S|N10__cxxabiv1)\w+ _ZSt\w+
pthread_setcancelstate __stack_chk_fail __\w+_chk __assert_fail
__asan_\w+ __ubsan_\w+ __tsan_\w+ __sanitizer_\w+ __lsan_\w+
"""


def symbols(file, *options):
    arguments = ["nm", "--dynamic", *options, file]
    lines = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[-1].split("@")[0] for line in lines}


def main():
    library, interposer = sys.argv[1:]
    harmless = re.compile("|".join(f"(?:{word})" for word in CANNOT_FAIL.split()))
    wanted = symbols(library, "--undefined-only")
    missing = sorted(n for n in wanted - symbols(interposer, "--defined-only") if not harmless.fullmatch(n))
    for name in missing:
        print(f"{name} is called by the library and cannot be made to fail")
    print(f"{len(wanted)} symbols, {len(missing)} not looked after")
    return 1 if missing or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
