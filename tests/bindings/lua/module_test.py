#!/usr/bin/env python3
"""Runs the tests of the LuaJIT module, interpreted and with compilation of every loop, and the code of its README.

Usage: module_test.py DIRECTORY_OF_THE_MODULE CDEF
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77

module = cdef = None


def luajit(*arguments, **options):
    return subprocess.run(["luajit", *arguments], capture_output=True, text=True, **options)


class Module(unittest.TestCase):
    def test_it_has_the_generated_declarations(self):
        text = (module / "safetensors.lua").read_text(encoding="utf-8")
        own = re.search(r"ffi\.cdef \[\[\n(.*?)\]\]", text, re.S)[1]
        self.assertEqual(own, cdef.read_text(encoding="utf-8"), f"copy {cdef} into {module / 'safetensors.lua'}")

    def test_its_own_tests(self):
        for option in ("-joff", "-O3", "-Ohotloop=1,hotexit=1"):
            with self.subTest(option), tempfile.TemporaryDirectory(prefix="lua-test-") as directory:
                run = luajit(option, str(module / "test.lua"), directory)
                self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)
                self.assertRegex(run.stdout, r"^\d\d tests, 0 failed\n$")

    def test_a_missing_library_is_an_error(self):
        run = luajit("-e", 'require "safetensors"', env={"LIBSAFETENSORS": "/absent.so", "LUA_PATH": f"{module}/?.lua"})
        self.assertEqual(run.returncode, 1)
        self.assertIn("/absent.so", run.stderr)

    def test_the_module_can_be_loaded_again(self):
        again = "package.loaded.safetensors = nil"
        run = luajit("-e", f'require "safetensors"; {again}; print(require "safetensors".version())')
        self.assertRegex(run.stdout, r"^\d+\.\d+\.\d+\n$", run.stderr)

    def test_the_code_of_the_readme_prints_what_the_text_says(self):
        text = (module / "README.md").read_text(encoding="utf-8")
        code, printed = re.search(r"^```lua\n(.*?)^```\n\nprints `(.*?)`", text, re.M | re.S).groups()
        with tempfile.TemporaryDirectory(prefix="lua-test-") as directory:
            run = luajit("-e", code, cwd=directory)
        self.assertEqual(run.stdout.split(), printed.split(), run.stderr)


if __name__ == "__main__":
    module, cdef = map(pathlib.Path, sys.argv[1:])
    if not shutil.which("luajit"):
        print("skipped: luajit is not installed")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1], verbosity=2)
