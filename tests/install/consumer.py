"""What the tests of installed copies share: the copy, scratch projects, and the code blocks of README.md."""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")

# The program of README.md's block example.c, run where the one of example.cpp was.
APP_OUTPUT = "24 bytes, the first value is 0\n"

arguments = None
folder = None  # the scratch directory
prefix = None  # the installed copy in it
environment = dict(os.environ)


def run(command, **options):
    """Runs a command and returns its output; if it fails, the test fails with the output."""
    result = attempt(command, **options)
    if result.returncode != 0:
        raise AssertionError(f"{command} exited with {result.returncode}:\n{result.stdout}")
    return result.stdout


def attempt(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=environment, **options)


def block(name):
    """The code block of README.md or cpp/RECIPES.md that is marked <!-- name -->."""
    for page in ["README.md", "cpp/RECIPES.md"]:
        text = (arguments.source / page).read_text(encoding="utf-8")
        if found := re.search(rf"^<!-- {re.escape(name)} -->\n```\w+\n(.*?)^```$", text, re.M | re.S):
            return found[1]
    raise AssertionError(f"no page has the block {name}")


def project(name, files):
    """A new directory with these files: a dict from file names to names of README blocks."""
    place = folder / name
    place.mkdir()
    for file, source in files.items():
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        (place / file).write_text(block(source), encoding="utf-8")
    return place


def pkg_config(*options, package="safetensors"):
    return run(["pkg-config", *options, package]).split()


def find_cmake():
    cmake = shutil.which("cmake")
    if not cmake:
        raise unittest.SkipTest("cmake is not installed")
    return cmake


def write_model(place):
    """Runs the C++ program of README.md, which writes model.safetensors, and returns its output."""
    (place / "cpp").mkdir()
    (place / "cpp/example.cpp").write_text(block("example.cpp"), encoding="utf-8")
    run([*arguments.cxx, "-std=c++17", *WARNINGS, "cpp/example.cpp", *pkg_config("--cflags", "--libs"),
         "-o", "cpp/example"], cwd=place)
    return run(["cpp/example"], cwd=place)


def install():
    """Installs with DESTDIR, and moves the prefix to another directory."""
    global prefix
    run([*arguments.meson, "install", "-C", arguments.build, "--no-rebuild", "--skip-subprojects",
         "--destdir", folder / "stage"])
    pc = next((folder / "stage").rglob("safetensors.pc"))
    libdir = pc.parent.parent
    staged = next((folder / "stage").rglob("include/safetensors")).parent.parent
    prefix = folder / "moved" / "prefix"
    prefix.parent.mkdir()
    os.rename(staged, prefix)
    library = prefix / libdir.relative_to(staged)
    environment["PKG_CONFIG_PATH"] = str(library / "pkgconfig")
    environment["CMAKE_PREFIX_PATH"] = str(prefix)
    environment["LD_LIBRARY_PATH"] = f"{library}:{environment.get('LD_LIBRARY_PATH', '')}"
    return library, prefix / "include"


def main(prepare=lambda: None):
    """Parses the arguments, calls `prepare` in a scratch directory, and runs the tests of the calling script."""
    global arguments, folder
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--source", required=True, type=pathlib.Path)
    parser.add_argument("--meson", required=True, nargs="+")
    parser.add_argument("--cc", required=True, nargs="+")
    parser.add_argument("--cxx", required=True, nargs="+")
    parser.add_argument("--static", action="store_true", help="the build has the static library")
    parser.add_argument("--torch", action="store_true", help="the build has the LibTorch layer")
    arguments = parser.parse_args()
    environment["CC"], environment["CXX"] = " ".join(arguments.cc), " ".join(arguments.cxx)
    with tempfile.TemporaryDirectory(prefix="install-test-") as name:
        folder = pathlib.Path(name)
        prepare()
        outcome = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False).result
    sys.exit(not outcome.wasSuccessful())
