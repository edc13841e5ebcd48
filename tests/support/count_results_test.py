#!/usr/bin/env python3
"""Checks the sums that count_results.py prints for logs of Meson."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

counter = pathlib.Path(__file__).with_name("count_results.py")

ALL_PASSED = "All tests passed (7 assertions in 3 test cases)"
ONE_PASSED = "All tests passed (1 assertion in 1 test case)"
SOME_FAILED = "test cases: 6 | 3 passed | 2 failed | 1 skipped"
COLOURED = "test cases: 6 | \x1b[0;32m3 passed\x1b[0m | \x1b[0;31m2 failed\x1b[0m | 1 skipped"
SOME_SKIPPED = "test cases: 3 | 2 passed | 1 skipped"
A_FAILED = "test cases: 1 | 1 failed"

# The behaviour, the programs of each log, the failed builds, the last line, the exit status.
CASES = [
    ("a program without cases is one test", [[("OK", "fine")]], 0, "1 passed, 0 failed", 0),
    ("cases count one by one", [[("OK", ALL_PASSED)]], 0, "3 passed, 0 failed", 0),
    ("a single case", [[("OK", ONE_PASSED)]], 0, "1 passed, 0 failed", 0),
    ("failed cases", [[("FAIL", SOME_FAILED)]], 0, "3 passed, 2 failed, 1 skipped", 1),
    ("colours are ignored", [[("FAIL", COLOURED)]], 0, "3 passed, 2 failed, 1 skipped", 1),
    ("skipped cases", [[("OK", SOME_SKIPPED)]], 0, "2 passed, 0 failed, 1 skipped", 0),
    ("a crash before the first case", [[("FAIL", "")]], 0, "0 passed, 1 failed", 1),
    ("a leak after the last case", [[("FAIL", ALL_PASSED)]], 0, "3 passed, 1 failed", 1),
    ("a time-out", [[("TIMEOUT", "")]], 0, "0 passed, 1 failed", 1),
    ("an unexpected success", [[("UNEXPECTEDPASS", "")]], 0, "0 passed, 1 failed", 1),
    ("a run of skipped programs only is a failure", [[("SKIP", "")]], 0, "0 passed, 0 failed, 1 skipped", 1),
    ("a program that expects failures counts as one test", [[("OK", A_FAILED)]], 0, "1 passed, 0 failed", 0),
    ("a program that expects failures does not count what passed", [[("OK", SOME_FAILED)]], 0, "1 passed, 0 failed", 0),
    ("an expected failure counts as one test", [[("EXPECTEDFAIL", A_FAILED)]], 0, "1 passed, 0 failed", 0),
    ("logs add up", [[("OK", ALL_PASSED), ("OK", "")], [("FAIL", A_FAILED)]], 0, "4 passed, 1 failed", 1),
    ("a failed build is a failure", [[("OK", ALL_PASSED)]], 2, "3 passed, 2 failed", 1),
    ("no log at all", [], 0, "0 passed, 0 failed", 1),
]


def log_of(programs):
    return "".join(
        json.dumps({"name": f"program {i}", "result": result, "stdout": out}) + "\n"
        for i, (result, out) in enumerate(programs)
    )


def failures(logs):
    """What is repeated: a line for each program that failed, and its output."""
    return [
        line
        for log, programs in enumerate(logs)
        for i, (result, out) in enumerate(programs)
        if result not in ("OK", "EXPECTEDFAIL", "SKIP")
        for line in [f"== {result} in {log}: program {i}", *(["  " + out] if out else [])]
    ]


def count(logs, broken, folder):
    paths = []
    for programs in logs:
        paths.append(pathlib.Path(folder, str(len(paths)), "meson-logs", "testlog.json"))
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        paths[-1].write_text(log_of(programs))
    command = [sys.executable, counter, "--broken", str(broken), *paths]
    run = subprocess.run(command, capture_output=True, text=True)
    return run.stdout.splitlines(), run.returncode, run.stderr.splitlines()


wrong = 0
with tempfile.TemporaryDirectory() as folder:
    for name, logs, broken, line, status in CASES:
        found = count(logs, broken, folder)
        expected = ([line], status, [re.sub(r"\x1b\[[0-9;]*m", "", text) for text in failures(logs)])
        if found != expected:
            wrong += 1
            print(f"{name}: expected {expected}, found {found}")
print(f"{len(CASES) - wrong} of {len(CASES)} as expected")
sys.exit(1 if wrong else 0)
