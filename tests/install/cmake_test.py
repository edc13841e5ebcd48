#!/usr/bin/env python3
"""Builds programs with the CMake package of an installed copy that was moved."""

import unittest

import consumer
from consumer import APP_OUTPUT, attempt, block, project, run, write_model

cmake = None


def setUpModule():
    global cmake
    cmake = consumer.find_cmake()
    consumer.install()


class Package(unittest.TestCase):
    def build(self, name, change=lambda text: text, program="example.c", source="app.c"):
        """Builds the program of README.md with the changed build file of README.md, and returns its directory."""
        place = project(name, {"CMakeLists.txt": "CMakeLists.txt", source: program})
        build_file = place / "CMakeLists.txt"
        build_file.write_text(change(block("CMakeLists.txt")))
        run([cmake, "-S", ".", "-B", "build"], cwd=place)
        run([cmake, "--build", "build"], cwd=place)
        return place

    def check_app(self, place):
        write_model(place)
        self.assertEqual(run(["build/app"], cwd=place), APP_OUTPUT)

    def test_shared(self):
        place = self.build("shared")
        self.assertIn("[libsafetensors.so.0]", run(["readelf", "-d", "build/app"], cwd=place))
        self.check_app(place)

    def test_static(self):
        if not consumer.arguments.static:
            self.skipTest("built without the static library")
        place = self.build("static", lambda text: text.replace("safetensors::safetensors", "safetensors::static"))
        self.assertNotIn("libsafetensors", run(["readelf", "-d", "build/app"], cwd=place))
        self.check_app(place)

    def test_only_static(self):
        """Where a prefix has only the static library, safetensors::safetensors is that one."""
        if not consumer.arguments.static:
            self.skipTest("built without the static library")
        shared = list(consumer.prefix.rglob("libsafetensors.so*"))
        for path in shared:
            path.rename(path.with_name("hidden-" + path.name))
        try:
            place = self.build("only static")
        finally:
            for path in shared:
                path.with_name("hidden-" + path.name).rename(path)
        self.assertNotIn("libsafetensors", run(["readelf", "-d", "build/app"], cwd=place))
        self.check_app(place)

    def test_torch(self):
        if not consumer.arguments.torch:
            self.skipTest("built without LibTorch")
        place = project("torch", {"CMakeLists.txt": "torch/CMakeLists.txt", "app.cpp": "example_torch.cpp"})
        run([cmake, "-S", ".", "-B", "build"], cwd=place)
        run([cmake, "--build", "build"], cwd=place)
        self.assertEqual(run(["build/app"], cwd=place), "bias [2]\nweight [2, 3]\nequal\n")

    def configure(self, request):
        """Whether find_package accepts these arguments."""
        place = consumer.folder / "request"
        place.mkdir(exist_ok=True)
        (place / "CMakeLists.txt").write_text(
            f"cmake_minimum_required(VERSION 3.19)\nproject(app C)\nfind_package(safetensors {request})\n"
            "if(safetensors_FOUND)\n  message(STATUS \"found ${safetensors_VERSION}\")\nendif()\n")
        return "-- found " in attempt([cmake, "-S", ".", "-B", "build"], cwd=place).stdout

    def test_versions(self):
        major, minor, patch = (int(part) for part in run(["pkg-config", "--modversion", "safetensors"]).split("."))
        version = f"{major}.{minor}.{patch}"
        newer = f"{major}.{minor}.{patch + 1}"
        accepted = ["", f"{major}", f"{major}.{minor}", version, f"{version} EXACT", f"{version}...{newer}",
                    f"{major}.{minor}...{version}", f"{major}...<{major + 1}"]
        rejected = [newer, f"{major}.{minor + 1}", f"{major + 1}", f"{newer} EXACT", f"{major}.{minor}...<{version}",
                    f"{newer}...{major + 1}"]
        for request, expected in [*((r, True) for r in accepted), *((r, False) for r in rejected)]:
            with self.subTest(request):
                self.assertEqual(self.configure(request), expected)

    def test_components(self):
        for request, expected in [
            ("COMPONENTS absent", False),
            ("OPTIONAL_COMPONENTS absent", True),
            ("COMPONENTS safetensors", True),
            ("COMPONENTS static", consumer.arguments.static),
        ]:
            with self.subTest(request):
                self.assertEqual(self.configure(request), expected)


if __name__ == "__main__":
    consumer.main()
