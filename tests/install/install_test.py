#!/usr/bin/env python3
"""Installs the build into a scratch directory and builds the examples of README.md with that copy: its programs,
build files and link commands, word for word.
"""

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

arguments = None
folder = None  # the scratch directory
environment = dict(os.environ)


def run(command, **options):
    """Runs a command and returns its output; if it fails, the test fails with the output."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, env=environment, **options)
    if result.returncode != 0:
        raise AssertionError(f"{command} exited with {result.returncode}:\n{result.stdout}")
    return result.stdout


def block(name):
    """The code block of README.md that is marked <!-- name -->."""
    text = pathlib.Path(arguments.readme).read_text(encoding="utf-8")
    found = re.search(rf"^<!-- {re.escape(name)} -->\n```\w+\n(.*?)^```$", text, re.M | re.S)
    assert found, f"README.md has no block {name}"
    return found[1]


def project(name, files):
    """A new directory with these files: a dict from file names to names of README blocks."""
    place = folder / name
    place.mkdir()
    for file, source in files.items():
        (place / file).write_text(block(source), encoding="utf-8")
    return place


def install():
    """Installs with DESTDIR, and changes the prefix in the .pc files to the staging directory."""
    run([*arguments.meson, "install", "-C", arguments.build, "--no-rebuild", "--skip-subprojects",
         "--destdir", folder / "stage"])
    pc_folder = next((folder / "stage").rglob("safetensors.pc")).parent
    for pc in pc_folder.glob("*.pc"):
        text = pc.read_text()
        prefix = re.search(r"^prefix=(.*)$", text, re.M)[1]
        pc.write_text(text.replace(f"prefix={prefix}", f"prefix={folder}/stage{prefix}", 1))
    environment["PKG_CONFIG_PATH"] = str(pc_folder)
    library = run(["pkg-config", "--variable=libdir", "safetensors"]).strip()
    include = run(["pkg-config", "--variable=includedir", "safetensors"]).strip()
    environment["LD_LIBRARY_PATH"] = f"{library}:{environment.get('LD_LIBRARY_PATH', '')}"
    return pathlib.Path(library), pathlib.Path(include)


class Files(unittest.TestCase):
    def test_the_library_has_its_three_names(self):
        link = library / "libsafetensors.so"
        self.assertEqual(os.readlink(link), "libsafetensors.so.0")
        self.assertRegex(os.readlink(library / "libsafetensors.so.0"),
                         r"^libsafetensors\.so\.0\.\d+\.\d+$")

    def test_nothing_but_the_library_and_its_headers_is_installed(self):
        installed = {path.relative_to(folder / "stage").parts[-1]
                     for path in (folder / "stage").rglob("*") if not path.is_dir()}
        ours = re.compile(r".*\.(h|hpp|pc)|libsafetensors(-torch)?\.so.*|safetensors\.(cdef|json)")
        self.assertEqual({name for name in installed if not ours.fullmatch(name)}, set())

    def test_every_public_header_is_installed(self):
        source = pathlib.Path(arguments.readme).parent / "include"
        for header in source.rglob("*.h*"):
            name = header.relative_to(source)
            if arguments.torch or "torch" not in str(name):
                self.assertTrue((include / name).is_file(), name)

    def test_linking_brings_in_nothing_else(self):
        for question in ("--libs", "--cflags"):
            flags = run(["pkg-config", question, "safetensors"]).split()
            others = {flag for flag in flags if not flag.startswith(("-L", "-I"))}
            self.assertLessEqual(others, {"-lsafetensors"})


class Programs(unittest.TestCase):
    def pkg_config(self, package="safetensors"):
        return run(["pkg-config", "--cflags", "--libs", package]).split()

    def test_cpp_set(self):
        place = project("set", {"app.cpp": "example_set.cpp", "open.cpp": "example_open_set.cpp"})
        run([*arguments.cxx, "-std=c++17", *WARNINGS, "app.cpp", *self.pkg_config(), "-o", "app"], cwd=place)
        index = place / run(["./app"], cwd=place).strip()
        shards = {f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)}
        self.assertEqual({path.name for path in index.parent.iterdir()}, shards | {index.name})
        for shard in shards:
            self.assertIn(shard, index.read_text())
        run([*arguments.cxx, "-std=c++17", *WARNINGS, "open.cpp", *self.pkg_config(), "-o", "open"], cwd=place)
        self.assertTrue(run(["./open"], cwd=place).startswith("layer.0\nlayer.1\nlayer.2\n3 files, "))

    def write_model(self, place):
        """Runs the C++ program, which writes model.safetensors, and returns its output."""
        (place / "cpp").mkdir()
        (place / "cpp/example.cpp").write_text(block("example.cpp"), encoding="utf-8")
        run([*arguments.cxx, "-std=c++17", *WARNINGS, "cpp/example.cpp", *self.pkg_config(),
             "-o", "cpp/example"], cwd=place)
        return run(["cpp/example"], cwd=place)

    def check_app(self, place, app="./app"):
        self.write_model(place)
        self.assertEqual(run([app], cwd=place), "24 bytes, the first value is 0\n")

    def test_cpp(self):
        self.assertEqual(self.write_model(project("cpp", {})), "weight: F32\n0 1 2 3 4 5 ")

    def test_edit(self):
        place = project("edit", {"edit.cpp": "example_edit.cpp"})
        self.write_model(place)
        run([*arguments.cxx, "-std=c++17", *WARNINGS, "edit.cpp", *self.pkg_config(), "-o", "edit"], cwd=place)
        self.assertEqual(run(["./edit"], cwd=place), "license: apache-2.0\nlayer.weight\n")

    def test_c(self):
        place = project("c", {"app.c": "example.c"})
        run([*arguments.cc, "-std=c99", *WARNINGS, "app.c", *self.pkg_config(), "-o", "app"],
            cwd=place)
        self.check_app(place)

    def test_writer(self):
        place = project("writer", {"app.cpp": "example_writer.cpp"})
        run([*arguments.cxx, "-std=c++17", *WARNINGS, "app.cpp", *self.pkg_config(), "-o", "app"], cwd=place)
        self.assertEqual(run(["./app"], cwd=place), "2 tensors\n")

    def test_save_io(self):
        """The program writes what test_c's program reads."""
        place = project("save_io", {"app.c": "example_save_io.c", "reader.c": "example.c"})
        for name in ("app", "reader"):
            run([*arguments.cc, "-std=c99", *WARNINGS, f"{name}.c", *self.pkg_config(), "-o", name], cwd=place)
        run("./app | cat >model.safetensors", shell=True, cwd=place)
        self.assertEqual(run(["./reader"], cwd=place), "24 bytes, the first value is 0\n")

    def test_by_hand(self):
        for number, line in enumerate(block("link.sh").splitlines()):
            with self.subTest(line):
                place = project(f"by hand {number}", {"app.c": "example.c"})
                command = line.replace("cc ", " ".join(arguments.cc) + " ", 1)
                # The paths that compiler and linker search by default after a normal installation.
                run(f"export CPATH={include} LIBRARY_PATH={library}; {command}", shell=True,
                    cwd=place)
                self.check_app(place)

    def test_meson(self):
        place = project("meson", {"meson.build": "meson.build", "app.c": "example.c"})
        run([*arguments.meson, "setup", "build"], cwd=place)
        run([*arguments.meson, "compile", "-C", "build"], cwd=place)
        self.check_app(place, "build/app")

    def test_cmake(self):
        if not shutil.which("cmake"):
            self.skipTest("cmake is not installed")
        place = project("cmake", {"CMakeLists.txt": "CMakeLists.txt", "app.c": "example.c"})
        run(["cmake", "-S", ".", "-B", "build"], cwd=place)
        run(["cmake", "--build", "build"], cwd=place)
        self.check_app(place, "build/app")

    def test_torch(self):
        if not arguments.torch:
            self.skipTest("built without LibTorch")
        place = project("torch", {"app.cpp": "example_torch.cpp"})
        command = block("link_torch.sh").replace("g++ ", " ".join(arguments.cxx) + " ", 1)
        run(command, shell=True, cwd=place)
        self.assertEqual(run(["./app"], cwd=place), "bias [2]\nweight [2, 3]\nequal\n")

    def test_torch_in_a_prefix_of_its_own(self):
        """With an rpath to the layer, the loader finds the core library in the same directory."""
        if not arguments.torch:
            self.skipTest("built without LibTorch")
        place = project("torch prefix", {"app.cpp": "example_torch.cpp"})
        run([*arguments.cxx, "-std=c++20", "app.cpp", *self.pkg_config("safetensors-torch"),
             f"-Wl,-rpath,{library}", "-o", "app"], cwd=place)
        run(["env", "-u", "LD_LIBRARY_PATH", "./app"], cwd=place)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--readme", required=True)
    parser.add_argument("--meson", required=True, nargs="+")
    parser.add_argument("--cc", required=True, nargs="+")
    parser.add_argument("--cxx", required=True, nargs="+")
    parser.add_argument("--torch", action="store_true", help="the build has the LibTorch layer")
    arguments = parser.parse_args()
    environment["CC"], environment["CXX"] = " ".join(arguments.cc), " ".join(arguments.cxx)
    with tempfile.TemporaryDirectory(prefix="install-test-") as name:
        folder = pathlib.Path(name)
        library, include = install()
        outcome = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False).result
    sys.exit(not outcome.wasSuccessful())
