#!/usr/bin/env python3
"""The example programs that print the tensors of a file and save a copy of them.

Usage: demo_test.py PROGRAM
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

program = sys.argv[1]


def write(path, tensors, metadata=None):
    """Writes (name, dtype, shape, bytes) in this order, without the padding that the reference writes."""
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, dtype, shape, content in tensors:
        offsets = [len(data), len(data) + len(content)]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        data += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class Demo(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.file = pathlib.Path(directory.name) / "model.safetensors"
        self.copy = pathlib.Path(directory.name) / "copy.safetensors"

    def run_demo(self, *paths):
        return subprocess.run([program, *paths], capture_output=True, text=True)

    def output_for(self, tensors, **options):
        write(self.file, tensors, **options)
        result = self.run_demo(self.file, self.copy)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        return result.stdout

    def test_prints_tensors_and_saves_equal_copy(self):
        out = self.output_for(
            [("half", "F16", [3], struct.pack("<3e", 1, -2, 0.5)),
             ("counts", "I32", [2, 1], struct.pack("<2i", 7, -8)),
             ("brain", "BF16", [1], b"\x80\x3f")],
            metadata={"format": "pt"})
        self.assertRegex(out, r"metadata: format = pt")
        self.assertRegex(out, r"half +F16 +3 +6 B +37\.5 %")
        self.assertRegex(out, r"counts +I32 +2 x 1 +8 B +50\.0 %")
        self.assertIn("3 tensors: 1 I32, 1 BF16, 1 F16; 6 elements; 16 B of data", out)
        self.assertIn("half = [1, -2, 0.5]\n", out)
        self.assertIn("counts = [7, -8]\n", out)
        self.assertIn("OK: 3 of 3 tensors are identical", out)
        self.assertIn("headers of the files differ", out)

    def test_copy_of_file_in_reference_order_has_same_bytes(self):
        self.output_for([("b", "I64", [], bytes(8)), ("a", "U8", [1], b"x")])
        again = self.copy.with_name("again.safetensors")
        result = self.run_demo(self.copy, again)
        self.assertIn("the two files are equal byte for byte", result.stdout)
        self.assertEqual(self.copy.read_bytes(), again.read_bytes())

    def test_escapes_control_characters_and_shortens_long_names(self):
        out = self.output_for([("red\x1b[31m\x9b", "U8", [0], b""), ("n" * 3000, "U8", [1], b"a")])
        self.assertIn(r"red\x1b[31m\x9b  ", out)
        self.assertNotIn("\x1b", out)
        self.assertLess(max(map(len, out.splitlines())), 120)

    def test_aligns_rows(self):
        out = self.output_for([(name, "U8", [1] * rank, b"a")
                               for rank, name in enumerate(["", "ä", "name", "日本", "x" * 100])])
        rows = [line for line in out.splitlines() if line.endswith(" 1 B   20.0 %  ####")
                or line.endswith(" 1 B   20.0 %  ████")]
        self.assertEqual(len(rows), 5, out)
        self.assertEqual(len({len(row) for row in rows}), 1, out)

    def test_omits_middle_of_long_list(self):
        out = self.output_for([(f"t{i:04}", "U8", [1], b"a") for i in range(1000)])
        self.assertIn("... 840 more ...", out)
        self.assertIn("t0999", out)
        self.assertIn("OK: 1000 of 1000", out)

    def test_accepts_file_without_tensors(self):
        self.assertIn("OK: 0 of 0", self.output_for([]))

    def test_reports_errors_of_arguments_and_input(self):
        write(self.file, [("a", "U8", [2], b"a")])
        for paths, code, message in (
                ([self.copy, self.file], 1, "ST_E_NOT_FOUND"),
                ([self.file, self.copy], 1, "ST_E_SIZE_MISMATCH"),
                ([self.file, self.file], 2, "OUT and FILE are the same file"),
                ([self.file], 2, "usage")):
            with self.subTest(message):
                result = self.run_demo(*paths)
                self.assertEqual(result.returncode, code)
                self.assertIn(message, result.stderr)

    def test_reports_error_of_output(self):
        write(self.file, [("a", "U8", [1], b"a")])
        result = self.run_demo(self.file, "/dev/null")
        self.assertEqual(result.returncode, 1)
        self.assertIn("ST_E_NOT_REGULAR", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
