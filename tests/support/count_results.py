#!/usr/bin/env python3
"""Adds up Meson's test logs into one line, `N passed, N failed, N skipped`.

A Catch2 program counts as the test cases that it reports, any other program as one test. Meson's
verdict on a program overrides the program's report: some programs expect the tests of another
program to fail, and print its report.
Exits with 1 if a test failed or if none ran; before the line, it repeats on stderr how each of them
failed.
"""

import argparse
import json
import pathlib
import re
import sys


def without_colours(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def count(test):
    """(passed, failed, skipped) of one program."""
    output = without_colours(test.get("stdout", ""))
    passed, failed, skipped = 0, 0, 0
    if found := re.search(r"^All tests passed \(.* in (\d+) test cases?\)", output, flags=re.M):
        passed = int(found[1])
    elif found := re.search(r"^test cases:.*$", output, flags=re.M):
        amounts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|skipped)", found[0])}
        passed, failed, skipped = (amounts.get(word, 0) for word in ("passed", "failed", "skipped"))

    if test["result"] == "SKIP":
        return passed, failed, max(skipped, 1)
    if test["result"] in ("OK", "EXPECTEDFAIL"):
        if failed or passed + skipped == 0:
            return 1, 0, 0
        return passed, 0, skipped
    # A crash or a leak after the last case is a failure, too.
    return passed, max(failed, 1), skipped


def print_failure(log, test, longest=30):
    """Prints which program failed, and the end of what it wrote."""
    build = log.parent.parent.name
    print(f"== {test['result']} in {build}: {test['name']}", file=sys.stderr)
    for stream in ("stdout", "stderr"):
        for line in without_colours(test.get(stream, "")).splitlines()[-longest:]:
            print(f"  {line}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", nargs="*", type=pathlib.Path)
    parser.add_argument("--broken", type=int, default=0, help="builds that failed, each a failure")
    arguments = parser.parse_args()

    totals = [0, arguments.broken, 0]
    for log in arguments.logs:
        for line in log.read_text().splitlines():
            test = json.loads(line)
            counts = count(test)
            totals = [a + b for a, b in zip(totals, counts)]
            if counts[1]:
                print_failure(log, test)
    passed, failed, skipped = totals
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
