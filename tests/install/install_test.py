#!/usr/bin/env python3
"""Builds the programs of README.md with an installed copy that was moved: its programs, build files and link commands,
word for word.
"""

import os
import re
import unittest

import consumer
from consumer import APP_OUTPUT, WARNINGS, block, pkg_config, project, run, write_model

library = include = None


def setUpModule():
    global library, include
    library, include = consumer.install()


class Files(unittest.TestCase):
    def test_the_library_has_its_three_names(self):
        link = library / "libsafetensors.so"
        self.assertEqual(os.readlink(link), "libsafetensors.so.0")
        self.assertRegex(os.readlink(library / "libsafetensors.so.0"),
                         r"^libsafetensors\.so\.0\.\d+\.\d+$")

    def test_nothing_but_the_library_its_headers_and_the_command_is_installed(self):
        installed = {path.name for path in consumer.prefix.rglob("*") if not path.is_dir()}
        installed |= {path.name for path in (consumer.folder / "stage").rglob("*") if not path.is_dir()}
        ours = re.compile(r".*\.(h|hpp|pc|cmake)|safetensors\.(cdef|json)|libsafetensors(-torch)?\.(so.*|a)|"
                          r"_?safetensors(\.1|\.bash|\.fish)?")
        self.assertEqual({name for name in installed if not ours.fullmatch(name)}, set())

    def test_every_public_header_is_installed(self):
        source = consumer.arguments.source / "include"
        for header in source.rglob("*.h*"):
            name = header.relative_to(source)
            if consumer.arguments.torch or "torch" not in str(name):
                self.assertTrue((include / name).is_file(), name)

    def test_no_text_names_the_directory_it_was_installed_to(self):
        installed_to = run([*consumer.arguments.meson, "introspect", "--buildoptions", consumer.arguments.build])
        directory = re.search(r'"name": "prefix", "value": "([^"]+)"', installed_to)[1]
        # Those of the LibTorch layer name LibTorch's directory.
        texts = [path for path in consumer.prefix.rglob("*") if path.suffix in (".pc", ".cmake") and "torch" not in path.name]
        self.assertEqual(len(texts), 3)
        for text in texts:
            self.assertNotRegex(text.read_text(), rf"{re.escape(directory)}\b|/stage/", text)

    def test_linking_brings_in_nothing_else(self):
        for question in ("--libs", "--cflags"):
            flags = pkg_config(question)
            others = {flag for flag in flags if not flag.startswith(("-L", "-I"))}
            self.assertLessEqual(others, {"-lsafetensors"})


class Programs(unittest.TestCase):
    def compile(self, source, place, *options, package="safetensors"):
        """Compiles a C or C++ program with the flags of pkg-config, to a file without the suffix."""
        language = [*consumer.arguments.cc, "-std=c99"] if source.endswith(".c") else [
            *consumer.arguments.cxx, "-std=c++17"]
        run([*language, *WARNINGS, source, *pkg_config("--cflags", "--libs", package=package), *options,
             "-o", source.rsplit(".", 1)[0]], cwd=place)

    def check_app(self, place, app="./app"):
        write_model(place)
        self.assertEqual(run([app], cwd=place), APP_OUTPUT)

    def test_cpp_set(self):
        place = project("set", {"app.cpp": "example_set.cpp", "open.cpp": "example_open_set.cpp",
                                "replaced.cpp": "example_replaced.cpp"})
        self.compile("app.cpp", place)
        index = place / run(["./app"], cwd=place).strip()
        shards = {f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)}
        self.assertEqual({path.name for path in index.parent.iterdir()}, shards | {index.name})
        for shard in shards:
            self.assertIn(shard, index.read_text())
        self.compile("open.cpp", place)
        self.assertTrue(run(["./open"], cwd=place).startswith("layer.0\nlayer.1\nlayer.2\n3 files, "))
        self.compile("replaced.cpp", place)
        self.assertEqual(run(["./replaced"], cwd=place), "1 2 ")

    def test_cpp(self):
        self.assertEqual(write_model(project("cpp", {})), "weight: F32\n0 1 2 3 4 5 ")

    def test_edit(self):
        place = project("edit", {"edit.cpp": "example_edit.cpp"})
        write_model(place)
        self.compile("edit.cpp", place)
        self.assertEqual(run(["./edit"], cwd=place), "license: apache-2.0\nlayer.weight\n")

    def test_c(self):
        place = project("c", {"app.c": "example.c"})
        self.compile("app.c", place)
        self.check_app(place)

    def test_writer(self):
        place = project("writer", {"app.cpp": "example_writer.cpp"})
        self.compile("app.cpp", place)
        self.assertEqual(run(["./app"], cwd=place), "2 tensors\n")

    def test_save_io(self):
        """The program writes what test_c's program reads."""
        place = project("save_io", {"app.c": "example_save_io.c", "reader.c": "example.c"})
        for source in ("app.c", "reader.c"):
            self.compile(source, place)
        run("./app | cat >model.safetensors", shell=True, cwd=place)
        self.assertEqual(run(["./reader"], cwd=place), APP_OUTPUT)

    def test_by_hand(self):
        for number, line in enumerate(block("link.sh").splitlines()):
            with self.subTest(line):
                place = project(f"by hand {number}", {"app.c": "example.c"})
                command = line.replace("cc ", " ".join(consumer.arguments.cc) + " ", 1)
                # The paths that compiler and linker search by default after a normal installation.
                run(f"export CPATH={include} LIBRARY_PATH={library}; {command}", shell=True,
                    cwd=place)
                self.check_app(place)

    def test_meson(self):
        place = project("meson", {"meson.build": "meson.build", "app.c": "example.c"})
        run([*consumer.arguments.meson, "setup", "build"], cwd=place)
        run([*consumer.arguments.meson, "compile", "-C", "build"], cwd=place)
        self.check_app(place, "build/app")

    def test_torch(self):
        if not consumer.arguments.torch:
            self.skipTest("built without LibTorch")
        place = project("torch", {"app.cpp": "example_torch.cpp"})
        command = block("link_torch.sh").replace("g++ ", " ".join(consumer.arguments.cxx) + " ", 1)
        run(command, shell=True, cwd=place)
        self.assertEqual(run(["./app"], cwd=place), "bias [2]\nweight [2, 3]\nequal\n")

    def test_torch_in_a_prefix_of_its_own(self):
        """With an rpath to the layer, the loader finds the core library in the same directory."""
        if not consumer.arguments.torch:
            self.skipTest("built without LibTorch")
        place = project("torch prefix", {"app.cpp": "example_torch.cpp"})
        run([*consumer.arguments.cxx, "-std=c++20", "app.cpp", *pkg_config("--cflags", "--libs", package="safetensors-torch"),
             f"-Wl,-rpath,{library}", "-o", "app"], cwd=place)
        run(["env", "-u", "LD_LIBRARY_PATH", "./app"], cwd=place)


if __name__ == "__main__":
    consumer.main()
