#!/usr/bin/env python3
"""Builds programs that contain the library's sources: as a Meson subproject and with CMake. No test uses the network."""

import os
import shutil
import tarfile
import unittest

import consumer
from consumer import APP_OUTPUT, block, project, run, write_model

FETCH = """FetchContent_Declare(libsafetensors GIT_REPOSITORY https://example.org/libsafetensors.git GIT_TAG v0.1.0)
FetchContent_MakeAvailable(libsafetensors)
"""


def setUpModule():
    consumer.install()
    # Sources of subprojects that are unpacked there already.
    consumer.environment["MESON_PACKAGE_CACHE_DIR"] = str(consumer.arguments.source / "subprojects")
    if shutil.which("ccache"):
        consumer.environment["CMAKE_CXX_COMPILER_LAUNCHER"] = "ccache"


def check_app(test, place, app):
    write_model(place)
    test.assertEqual(run([app], cwd=place), APP_OUTPUT)


class Meson(unittest.TestCase):
    def test_subproject(self):
        place = project("subproject", {"meson.build": "meson.build", "app.c": "example.c",
                                       "subprojects/libsafetensors.wrap": "libsafetensors.wrap"})
        (place / "subprojects/libsafetensors").symlink_to(consumer.arguments.source)
        # Another simdjson of the program, too old for the library.
        (place / "subprojects/simdjson").mkdir()
        (place / "subprojects/simdjson/meson.build").write_text(
            "project('simdjson', version: '3.0.1')\nmeson.override_dependency('simdjson', declare_dependency(version: '3.0.1'))\n")
        with (place / "meson.build").open("a") as build_file:
            build_file.write("dependency('simdjson')\n")
        output = run([*consumer.arguments.meson, "setup", "build", "--buildtype=plain", "--wrap-mode=forcefallback",
                      "-Ddefault_library=static"], cwd=place)
        targets = run([*consumer.arguments.meson, "introspect", "--targets", "build"], cwd=place)
        self.assertNotIn("catch2", output.lower())
        self.assertNotIn("_test", targets)
        self.assertNotIn("torch", targets)
        run([*consumer.arguments.meson, "compile", "-C", "build"], cwd=place)
        check_app(self, place, "build/app")

    def test_dist(self):
        """The archive of `meson dist` has every tracked file, and Meson accepts it."""
        source = consumer.arguments.source
        git = ["git", "-c", f"safe.directory={source}", "-C", source]
        if not (source / ".git").exists() or not shutil.which("git"):
            self.skipTest("this is not a Git checkout")
        tracked = set(run([*git, "ls-tree", "-r", "--name-only", "-z", "HEAD"]).split("\0")) - {""}
        place = project("dist", {})
        consumer.environment.update(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0=str(source))
        run([*consumer.arguments.meson, "setup", place / "build", source, "-Dtests=false", "-Dtorch=disabled"])
        run([*consumer.arguments.meson, "dist", "-C", place / "build", "--no-tests", "--allow-dirty", "--formats=gztar"])
        archive = next((place / "build/meson-dist").glob("*.tar.gz"))
        with tarfile.open(archive) as members:
            names = {member.name.split("/", 1)[1] for member in members if member.isfile()}
            members.extractall(place)
        self.assertEqual(tracked - names, set())
        run([*consumer.arguments.meson, "setup", "build", "-Dtests=false", "-Dtorch=disabled"],
            cwd=place / archive.name.removesuffix(".tar.gz"))


class CMake(unittest.TestCase):
    def setUp(self):
        self.cmake = consumer.find_cmake()

    def build(self, place, *options):
        run([self.cmake, "-S", ".", "-B", "build", *options], cwd=place)
        run([self.cmake, "--build", "build", f"-j{os.cpu_count()}"], cwd=place)

    def test_fetch_content_and_add_subdirectory(self):
        """All in one build directory, so that the core is compiled once."""
        place = project("cmake", {"CMakeLists.txt": "fetch_content/CMakeLists.txt", "app.c": "example.c"})
        self.build(place, f"-DFETCHCONTENT_SOURCE_DIR_LIBSAFETENSORS={consumer.arguments.source}")
        self.assertNotIn("libsafetensors", run(["readelf", "-d", "build/app"], cwd=place))
        check_app(self, place, "build/app")

        text = block("fetch_content/CMakeLists.txt")
        self.assertIn(FETCH, text)
        (place / "CMakeLists.txt").write_text(
            text.replace(FETCH, f"add_subdirectory({consumer.arguments.source} _deps/libsafetensors-build)\n"))
        self.build(place)
        self.assertEqual(run(["build/app"], cwd=place), APP_OUTPUT)

        self.build(place, "-DBUILD_SHARED_LIBS=ON", "-DSAFETENSORS_INSTALL=ON", "-DCMAKE_INSTALL_LIBDIR=lib")
        self.assertEqual(run(["build/app"], cwd=place), APP_OUTPUT)
        run([self.cmake, "--install", "build", "--prefix", place / "installed"], cwd=place)
        self.compare_installed(place / "installed/lib")

    def compare_installed(self, ours):
        """The shared library has the properties of Meson's, and its package works."""
        theirs = next(consumer.prefix.rglob("libsafetensors.so")).parent
        for question in (["nm", "-D", "--defined-only", "--without-symbol-versions"], ["readelf", "-d"]):
            with self.subTest(question):
                self.assertEqual(*(properties([*question, lib / "libsafetensors.so"]) for lib in (ours, theirs)))
        self.assertEqual(*(os.path.basename(os.path.realpath(lib / "libsafetensors.so")) for lib in (ours, theirs)))
        consumer.environment["CMAKE_PREFIX_PATH"] = str(ours.parent)
        place = project("find_package", {"CMakeLists.txt": "CMakeLists.txt", "app.c": "example.c"})
        self.build(place)
        self.assertIn(str(ours), run(["readelf", "-d", "build/app"], cwd=place))
        check_app(self, place, "build/app")


def properties(command):
    """The symbols, or the SONAME, the needed libraries and the flags, that a tool prints."""
    lines = run(command).splitlines()
    if command[0] == "nm":
        return sorted(line.split()[-1] for line in lines)
    return sorted(line.split(")", 1)[-1].strip() for line in lines if any(
        tag in line for tag in ("(SONAME)", "(NEEDED)", "(SYMBOLIC)", "(FLAGS)", "(FLAGS_1)")))


if __name__ == "__main__":
    consumer.main()
