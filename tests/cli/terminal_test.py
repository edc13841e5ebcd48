#!/usr/bin/env python3
"""The command in a pseudo-terminal: width, colours, harmless names, the progress bar, interrupts; and in closed pipes.

terminal_test.py COMMAND
"""

import fcntl
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata
import unittest

import command as commands
from command import Command, file_bytes, hostile_names, small_model, write_small_set

command = None
ESCAPES = re.compile(r"\x1b\[[0-9;]*[mK]")


class Terminal:
    """A process whose stdout or stderr is a terminal of `columns`."""

    def __init__(self, arguments, columns, environment=(), stream="stdout", cwd=None):
        self.side, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | {stream: terminal}
        self.process = subprocess.Popen(
            [command.program, *map(str, arguments)], cwd=cwd, env=commands.ENVIRONMENT | dict(environment), **streams
        )
        os.close(terminal)

    def read(self):
        """All output to the terminal, until the process ends."""
        content = b""
        while True:
            try:
                piece = os.read(self.side, 1 << 16)
            except OSError:  # the other side is closed
                piece = b""
            if not piece:
                break
            content += piece
        os.close(self.side)
        self.process.communicate()
        return content.decode().replace("\r\n", "\n")


def shown(*arguments, columns=80, **options):
    return Terminal(arguments, columns, **options).read()


def columns_of(line):
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in ESCAPES.sub("", line)
    )


class Tables(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.small = self.directory / "small.safetensors"
        self.small.write_bytes(file_bytes(small_model()))

    def test_lines_fit_into_the_terminal(self):
        names = self.directory / "names.safetensors"
        names.write_bytes(file_bytes(hostile_names() | {"n" * 300: ("U8", [1] * 40, b"\x01")}))
        for columns in (200, 80, 60, 45, 35):
            for arguments in (["ls", names], ["ls", self.small], ["ls", self.small, "--tree"], ["ls", self.small, "--totals"], ["stat", names], ["stat", self.small],
                              ["ls", write_small_set(self.directory / f"set{columns}")]):
                lines = shown(*arguments, columns=columns).splitlines()
                table = [line for line in lines if "tensors," not in line and not line.startswith("shard ")]
                self.assertGreater(len(table), 2)
                self.assertLessEqual(max(map(columns_of, table)), columns, lines)

    def test_columns_line_up_below_wide_and_combining_characters(self):
        names = self.directory / "names.safetensors"
        names.write_bytes(file_bytes(hostile_names()))
        rows = [line for line in shown("ls", names, columns=200).splitlines() if " U8 " in line]
        self.assertEqual(len(rows), 10)
        self.assertEqual(len({columns_of(row) for row in rows}), 1)

    def test_the_texts_of_a_difference_are_on_lines_of_their_own(self):
        other = self.directory / "other.safetensors"
        other.write_bytes(file_bytes({"model.layers.0.weight": ("F16", [2, 3], bytes(12))}))
        for columns in (200, 80, 50, 40):
            lines = shown("diff", self.small, other, "model.layers.0.weight", "--values", columns=columns).splitlines()
            self.assertLessEqual(max(map(columns_of, lines[:-1])), columns, lines)
            self.assertIn("5 of 6 values", " ".join(lines))
            self.assertEqual(len(lines) == 2, columns == 200, lines)

    def test_a_long_name_keeps_both_ends(self):
        path = self.directory / "long.safetensors"
        path.write_bytes(file_bytes({"first." + "x" * 200 + ".last": ("U8", [1], b"\x01")}))
        self.assertRegex(shown("ls", path, columns=60), r"first\.x*\.\.\.x*\.last")

    def test_names_are_harmless(self):
        names = self.directory / "names.safetensors"
        names.write_bytes(file_bytes(hostile_names(), {"key\x1b]0;title\x07": "value\x1b[2J\u202e\ttab"}))
        for arguments in (["ls", names], ["ls", names, "--tree"], ["meta", names], ["check", names],
                          ["show", names, *hostile_names()], ["stat", names], ["diff", names, self.small],
                          ["hash", names, "--of", "tensor"], ["ls", names, "\x1b[31m"], ["ls", "\x1b[31m"]):
            for stream in ("stdout", "stderr"):
                text = ESCAPES.sub("", shown(*arguments, stream=stream))
                for character in "\x1b\x07\u202e\u200b\U000e0041":
                    self.assertNotIn(character, text, arguments)

    def test_colours_are_for_terminals_that_want_them(self):
        self.assertIn("\x1b[", shown("ls", self.small))
        self.assertNotIn("\x1b[", shown("ls", self.small, environment={"NO_COLOR": "1"}))
        self.assertIn("\x1b[", shown("ls", self.small, environment={"NO_COLOR": ""}))
        self.assertNotIn("\x1b[", shown("ls", self.small, environment={"TERM": "dumb"}))
        self.assertNotIn("\x1b[", command.output("ls", self.small))
        empty = self.directory / "empty"
        empty.mkdir()
        self.assertIn("\x1b[31mfault\x1b[0m: ", shown("check", empty))

    def test_values_wrap_at_the_width_of_a_narrow_terminal(self):
        path = self.directory / "a.safetensors"
        path.write_bytes(file_bytes({"a": ("U8", [100], bytes(range(100)))}))
        widths = {columns: max(map(columns_of, shown("show", path, "a", columns=columns).splitlines())) for columns in (40, 200)}
        self.assertLessEqual(widths[40], 40)
        self.assertEqual(widths[200], max(map(len, command.output("show", path, "a").splitlines())))

    def test_binary_data_is_not_written_to_a_terminal(self):
        self.assertEqual(shown("show", self.small, "mask", "--raw"), "")
        text = Terminal(["show", self.small, "mask", "--npy"], 80)
        text.read()
        self.assertEqual(text.process.returncode, 2)


class Pipes(unittest.TestCase):
    def test_a_reader_that_stops_early_is_not_an_error(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "many.safetensors")
            path.write_bytes(file_bytes({f"tensor.{i}": ("U8", [0], b"") for i in range(20000)}))
            for arguments in (["ls", path], ["ls", path, "--json"], ["ls", path, "--tree"]):
                process = subprocess.Popen([command.program, *map(str, arguments)], env=commands.ENVIRONMENT,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                process.stdout.read(10)
                process.stdout.close()
                self.assertEqual(process.stderr.read(), b"")
                process.stderr.close()
                self.assertEqual(process.wait(), 0)

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([command.program, "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot write to stdout: No space left on device", done.stderr)


class LongWork(unittest.TestCase):
    """Work of some seconds: the process is stopped until a second has passed."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.model = self.directory / "model.safetensors"
        content = file_bytes({"a": ("U8", [1 << 29], b"")}).replace(b"[0,0]", b"[0,%d]" % (1 << 29))
        header = content.rstrip(b" ")
        header += b" " * (-len(header) % 8)
        self.model.write_bytes(struct.pack("<Q", len(header) - 8) + header[8:])
        os.truncate(self.model, len(header) + (1 << 29))

    def start(self, columns=80, stream="stderr", arguments=None):
        """The command in the middle of its work, after a second."""
        arguments = arguments or ["merge", self.model, "--force", "-o", self.directory / "out.safetensors"]
        terminal = Terminal(arguments, columns, stream=stream)
        counters = pathlib.Path(f"/proc/{terminal.process.pid}/io")
        while terminal.process.poll() is None and int(re.search(r"rchar: (\d+)", counters.read_text())[1]) < 1 << 24:
            pass
        terminal.process.send_signal(signal.SIGSTOP)
        time.sleep(1.1)
        self.assertIsNone(terminal.process.poll(), "the work ended too early")
        return terminal

    def test_a_progress_bar_is_shown_and_removed(self):
        terminal = self.start()
        terminal.process.send_signal(signal.SIGCONT)
        text = terminal.read()
        self.assertEqual(terminal.process.returncode, 0)
        self.assertRegex(text, r"\rwriting \[#*\.*\] +\d+ %  [\d.]+ MB of 536\.9 MB")
        self.assertTrue(text.endswith("\r\x1b[K"), text[-80:])

    def test_the_progress_bar_fits_into_a_narrow_terminal(self):
        for columns in (50, 20):
            terminal = self.start(columns)
            terminal.process.send_signal(signal.SIGCONT)
            lines = [line for line in re.split(r"[\r\n]", ESCAPES.sub("", terminal.read())) if line]
            self.assertTrue(lines)
            self.assertLess(max(map(len, lines)), columns)

    def test_only_a_terminal_gets_a_progress_bar(self):
        terminal = self.start(stream="stdout")
        terminal.process.send_signal(signal.SIGCONT)
        with terminal.process.stderr as stderr:
            self.assertEqual(stderr.read(), b"")
        terminal.process.stderr = None
        terminal.read()

    def test_the_bar_of_a_comparison_counts_the_bytes_of_both_models(self):
        other = self.directory / "other.safetensors"
        with open(self.model, "rb") as file:
            header = file.read(os.path.getsize(self.model) - (1 << 29))
        other.write_bytes(header)
        os.truncate(other, len(header) + (1 << 29))
        for options in ([], ["--values"]):
            terminal = self.start(arguments=["diff", self.model, other, *options])
            terminal.process.send_signal(signal.SIGCONT)
            text = terminal.read()
            self.assertEqual(terminal.process.returncode, 0)
            self.assertRegex(text, r"\rcomparing \[#*\.*\] +\d+ %  [\d.]+ MB of 1\.1 GB")

    def test_the_bar_of_statistics_counts_what_is_read(self):
        wide = self.directory / "wide.safetensors"
        content = file_bytes({"a": ("F64", [1 << 26], b"")}).replace(b"[0,0]", b"[0,%d]" % (1 << 29)).rstrip(b" ")
        content += b" " * (-len(content) % 8)
        wide.write_bytes(struct.pack("<Q", len(content) - 8) + content[8:])
        os.truncate(wide, len(content) + (1 << 29))
        for model, total in ((self.model, r"536\.9 MB"), (wide, r"1\.1 GB")):
            terminal = self.start(arguments=["stat", model])
            terminal.process.send_signal(signal.SIGCONT)
            text = terminal.read()
            self.assertEqual(terminal.process.returncode, 0)
            self.assertRegex(text, r"\rreading \[#*\.*\] +\d+ %  [\d.]+ MB of " + total)

    def test_an_interrupt_leaves_nothing(self):
        terminal = self.start()
        terminal.process.send_signal(signal.SIGINT)
        terminal.process.send_signal(signal.SIGCONT)
        self.assertIn("safetensors: interrupted", terminal.read())
        self.assertEqual(terminal.process.returncode, 130)
        self.assertEqual(os.listdir(self.directory), ["model.safetensors"])


if __name__ == "__main__":
    command = Command(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
