#!/usr/bin/env python3
"""Indexes and pictures replace files atomically: text_file_test.py COMMAND"""

import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from command import Command, ENVIRONMENT, write_small_set

command = None
INDEX = "model.safetensors.index.json"


class TextFiles(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.set = write_small_set(pathlib.Path(directory.name, "set"))
        self.files = sorted(os.listdir(self.set))
        self.index = self.set / INDEX

    def has_files_without_names(self):
        try:
            os.close(os.open(self.set, os.O_TMPFILE | os.O_RDWR))
        except OSError:
            return False
        return True

    def test_a_process_that_is_killed_while_it_writes_leaves_nothing(self):
        before = self.index.read_bytes()
        model = self.set / self.files[0]
        for arguments in (["reindex", self.set, "--force"], ["stat", model, "--plot", self.set / "plot.svg"]):
            done = command.run(*arguments, preexec_fn=limit_file_size)
            self.assertEqual(done.returncode, -signal.SIGXFSZ, done.stderr)
            left = set(os.listdir(self.set)) - set(self.files)
            if self.has_files_without_names():
                self.assertEqual(left, set())
            self.assertTrue(all(name.startswith(".st-") for name in left), left)
        self.assertEqual(self.index.read_bytes(), before)

    def test_a_failed_write_leaves_nothing(self):
        def ignore_signal():
            limit_file_size()
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        before = self.index.read_bytes()
        done = command.run("reindex", self.set, "--force", preexec_fn=ignore_signal, restore_signals=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f'cannot write "{self.index}": File too large', done.stderr)
        self.assertEqual(self.index.read_bytes(), before)
        self.assertEqual(sorted(os.listdir(self.set)), self.files)

    def test_the_permissions_are_those_of_the_umask_or_of_the_old_file(self):
        for mask in (0o022, 0o077):
            self.index.unlink()
            command.output("reindex", self.set, umask=mask)
            self.assertEqual(self.index.stat().st_mode & 0o777, 0o666 & ~mask)
            self.index.chmod(0o640)
            command.output("reindex", self.set, "--force", umask=mask)
            self.assertEqual(self.index.stat().st_mode & 0o777, 0o640)
        self.assertEqual(sorted(os.listdir(self.set)), self.files)

    def test_a_path_without_a_directory(self):
        command.output("reindex", ".", "--force", cwd=self.set)
        command.output("stat", self.files[0], "--plot", "plot.svg", cwd=self.set)
        self.assertEqual(sorted(os.listdir(self.set)), sorted([*self.files, "plot.svg"]))

    def test_an_index_replaces_links_and_regular_files_only(self):
        self.index.rename(self.set / "blob")
        self.index.symlink_to("blob")
        before = (self.set / "blob").read_bytes()
        self.assertEqual(command.run("reindex", self.set).returncode, 2)
        (self.set / "blob").write_text("{}")
        command.output("reindex", self.set, "--force")
        self.assertFalse(self.index.is_symlink())
        self.assertEqual((self.set / "blob").read_text(), "{}")
        self.assertEqual(json.loads(self.index.read_bytes()), json.loads(before))
        self.index.unlink()
        for make in (os.mkfifo, os.mkdir):
            name = f"{make.__name__}.safetensors.index.json"
            make(self.set / name)
            done = command.run("reindex", self.set, "--name", name, "--force")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("is not a regular file", done.stderr)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_fsync_includes_the_directory(self):
        trace = self.set.parent / "trace"
        for options, expected in (["--fsync"], ["file", "rename", "directory"]), ([], ["rename"]):
            done = subprocess.run(
                ["strace", "-f", "-y", "-o", trace, "-e", "trace=fsync,rename,renameat,renameat2", command.program,
                 "reindex", self.set, "--force", *options], env=ENVIRONMENT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode != 0 or not trace.exists():
                self.skipTest(f"strace does not work here: {done.stderr}")
            calls = []
            for line in trace.read_text().splitlines():
                if "rename" in line:
                    calls.append("rename")
                elif match := re.search(r"fsync\(\d+<([^>]*)>", line):
                    calls.append("directory" if match[1] == str(self.set) else "file")
            self.assertEqual(calls, expected)


def limit_file_size():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))


if __name__ == "__main__":
    command = Command(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
