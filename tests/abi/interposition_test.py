#!/usr/bin/env python3
"""Every function of the system that the library calls can be made to fail, or cannot fail.

Usage: interposition_test.py LIBRARY INTERPOSER

The interposer of tests/faults defines every undefined symbol of the library that CANNOT_FAIL does not match. A
function that the library newly calls is added to one of the two.
"""

import re
import subprocess
import sys

# Functions without system calls or failures, and the C++ and sanitizer runtimes.
CANNOT_FAIL = r"""
mem(chr|cmp|cpy|move|set|rchr|mem) str(cmp|len|ncmp|ncpy|chr|rchr) bcmp pow exp log
getenv getpid geteuid getrlimit(64)? v?snprintf strerrordesc_np strtoull strtoul __errno_location __libc_single_threaded __popcountdi2
__gmon_start__ _ITM_\w+ _Unwind_Resume __gxx_personality_v0 __cxa_\w+
_ZN?K?S(t|s|a).* _ZT[IV](S|N10__cxxabiv1)\w+ _ZSt\w+
pthread_setcancelstate pthread_mutex_(lock|unlock) sysconf __stack_chk_fail __\w+_chk __assert_fail
__asan_\w+ __ubsan_\w+ __tsan_\w+ __sanitizer_\w+ __lsan_\w+
"""


def symbols(file, *options):
    arguments = ["nm", "--dynamic", *options, file]
    lines = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[-1].split("@")[0] for line in lines}


def main():
    library, interposer = sys.argv[1:]
    cannot_fail = re.compile("|".join(f"(?:{word})" for word in CANNOT_FAIL.split()))
    called = symbols(library, "--undefined-only")
    missing = sorted(n for n in called - symbols(interposer, "--defined-only") if not cannot_fail.fullmatch(n))
    for name in missing:
        print(f"the library calls {name}: neither the interposer nor CANNOT_FAIL has it")
    print(f"{len(called)} symbols, {len(missing)} missing")
    return 1 if missing or not called else 0


if __name__ == "__main__":
    sys.exit(main())
