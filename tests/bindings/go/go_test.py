#!/usr/bin/env python3
"""Runs go vet, the tests of the Go package with the strictest check of cgo's rules, the example and the README.

Usage: go_test.py PACKAGE BUILD LIBRARY PKG_CONFIG EXAMPLE_TEST

PACKAGE is the folder of the package, BUILD receives what Go builds, LIBRARY is the folder of libsafetensors.so, and
PKG_CONFIG that of its .pc file. EXAMPLE_TEST checks the example. Skipped if Go is not installed.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED = 77
OLDEST = (1, 19)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def run(command, directory, environment):
    print("$", *command, flush=True)
    if result := subprocess.run(command, cwd=directory, env=environment).returncode:
        sys.exit(result)


def run_readme(go, package, build, environment):
    """Builds a module as README.md describes, and compares what its program prints."""
    text = (package / "README.md").read_text(encoding="utf-8")
    program = re.search(r"<!-- main\.go -->\n```go\n(.*?)```", text, re.S)[1]
    expected = re.search(r"`go run \.` prints `(.*?)`", text)[1]
    commands = re.search(r"```sh\n(mkdir app.*?)```", text, re.S)[1]
    shutil.rmtree(build / "app", ignore_errors=True)
    source = {"SRC": str(package.parents[2])}
    run(["sh", "-ec", commands], build, environment | source)
    (build / "app" / "main.go").write_text(program, encoding="utf-8")
    printed = subprocess.run([go, "run", "."], cwd=build / "app", env=environment, capture_output=True, text=True)
    if printed.stdout != expected + "\n":
        print(f"README.md says {expected!r}, its program printed {printed.stdout!r} and {printed.stderr!r}")
        sys.exit(1)


def main():
    package, build, library, pkg_config, example_test = map(pathlib.Path, sys.argv[1:])
    go = shutil.which("go")
    if not go:
        skip("go is not installed (Debian: golang-go)")
    if not shutil.which("pkg-config"):
        skip("pkg-config is not installed")
    build.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "PKG_CONFIG_PATH": str(pkg_config),
        "LD_LIBRARY_PATH": str(library),
        "GOCACHE": str(build / "cache"),
        "GOPATH": str(build / "path"),
        "GOTMPDIR": str(build),
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-buildvcs=false",
        "GOWORK": "off",
        "CGO_ENABLED": "1",
    }
    version = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, env=environment, check=True).stdout
    numbers = tuple(map(int, re.findall(r"\d+", version)[:2]))
    if numbers < OLDEST:
        skip(f"{version.strip()} is older than 1.19")
    # Later versions have this check as GOEXPERIMENT=cgocheck2, for which Go builds its whole library again.
    if numbers < (1, 21):
        environment["GODEBUG"] = "cgocheck=2"
    example = build / "example"
    run([go, "vet", "./..."], package, environment)
    run([go, "test", "-count=1", "./..."], package, environment)
    run([go, "build", "-o", example, "./example"], package, environment)
    run([sys.executable, example_test, example], package, environment)
    run_readme(go, package, build, environment)


if __name__ == "__main__":
    main()
