#!/usr/bin/env python3
"""Changes of metadata that fail, and of links: meta_test.py COMMAND"""

import pathlib
import resource
import signal
import sys
import tempfile
import unittest

from command import Command, file_bytes

command = None


def limit_file_size():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))


class Edits(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def write(self, name, size):
        path = self.directory / name
        path.write_bytes(file_bytes({name: ("U8", [size], bytes(size))}))
        return path

    def test_files_that_were_changed_before_a_failure_are_listed(self):
        small = self.write("model-00001-of-00002.safetensors", 100)
        large = self.write("model-00002-of-00002.safetensors", 1 << 18)
        before = large.read_bytes()
        for options, key in (([], "a"), (["--json"], "b")):
            done = command.run("meta", self.directory, "--set", f"{key}=v", *options, preexec_fn=limit_file_size)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(large.name, done.stderr)
            self.assertIn(small.name, done.stdout)
            self.assertEqual(large.name in done.stdout, bool(options))
            self.assertEqual(command.json("meta", small)["metadata"][key], "v")
        self.assertIn('"method": null', done.stdout)
        self.assertEqual(large.read_bytes(), before)

    def test_a_link_is_replaced_by_a_file_which_the_report_says(self):
        target = self.write("target.safetensors", 10)
        before = target.read_bytes()
        link = self.directory / "link.safetensors"
        link.symlink_to(target.name)
        self.assertIn("the link was replaced by", command.output("meta", link, "--set", "a=b"))
        self.assertFalse(link.is_symlink())
        self.assertEqual(target.read_bytes(), before)


if __name__ == "__main__":
    command = Command(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
