#!/usr/bin/env python3
"""diff: names, dtypes, shapes, metadata, bytes, and values beside NumPy: diff_test.py COMMAND"""

import fractions
import os
import pathlib
import struct
import sys
import tempfile
import unittest

try:
    import ml_dtypes
    import numpy
except ImportError:
    print("skipped: this Python lacks the package numpy or ml_dtypes")
    sys.exit(77)

from command import Command, file_bytes, floats, hostile_names, small_model

command = None

NUMPY = {
    "F64": "f8", "F32": "f4", "F16": "f2", "BF16": ml_dtypes.bfloat16, "F8_E4M3": ml_dtypes.float8_e4m3fn, "I8": "i1",
    "I64": "i8", "U32": "u4", "C64": "c8",
}  # fmt: skip


class Diff(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def write(self, name, tensors, metadata=None):
        path = self.directory / f"{name}.safetensors"
        path.write_bytes(file_bytes(tensors, metadata))
        return path

    def pair(self, a, b, metadata_a=None, metadata_b=None):
        return self.write("a", a, metadata_a), self.write("b", b, metadata_b)

    def lines(self, *arguments, code=1):
        return command.output("diff", *arguments, code=code).splitlines()

    def test_equal_models_are_the_same_also_in_other_files_and_orders(self):
        a, b = self.pair(small_model(), dict(reversed(small_model().items())))
        command.output("split", a, "-o", self.directory / "set", "-m", "60")
        for other in (a, b, self.directory / "set"):
            for options in ([], ["--values"], ["--tolerance", "0"]):
                with self.subTest(other=other, options=options):
                    self.assertEqual(self.lines(a, other, *options, code=0), ["8 tensors the same"])
        link = self.directory / "link.safetensors"
        os.link(a, link)
        self.assertEqual(self.lines(a, link, code=0), ["8 tensors the same"])

    def test_a_line_says_what_differs(self):
        a = small_model()
        b = small_model()
        del b["mask"], b["step"]
        b["model.layers.2.weight"] = ("F32", [4], a["model.layers.2.weight"][2])
        b["model.layers.0.bias"] = ("I32", [3], a["model.layers.0.bias"][2])
        b["model.layers.10.weight"] = ("F32", [1, 2], floats(7, 9))
        b["new"] = ("U8", [1], b"x")
        self.assertEqual(
            self.lines(*self.pair(a, b, {"k": "1", "x": "a", "same": "s"}, {"k": "2", "y": "b", "same": "s"})),
            [
                "- metadata x  = a",
                "+ metadata y  = b",
                "~ metadata k  = 1 -> 2",
                "- step  I64 scalar",
                "- mask  BOOL 4",
                "+ new  U8 1",
                "~ model.layers.0.bias  F32 3 -> I32 3",
                "~ model.layers.2.weight  F32 2 x 2 -> F32 4",
                "~ model.layers.10.weight  F32 1 x 2: differs from byte 6 on",
                "3 tensors the same, 3 different, 2 only in A, 1 only in B; other metadata",
            ],
        )

    def test_metadata_can_be_ignored_and_tensors_selected(self):
        a, b = self.pair(small_model(), small_model() | {"mask": ("BOOL", [4], bytes(4))}, {"k": "1"}, {})
        self.assertEqual(self.lines(a, b, "--ignore-metadata", "--exclude", "mask", code=0), ["7 tensors the same"])
        self.assertEqual(len(self.lines(a, b, "--ignore-metadata")), 2)
        self.assertEqual(self.lines(a, b, "-m", "mask")[-1], "0 tensors the same, 1 different")
        self.assertEqual(command.run("diff", a, b, "absent").returncode, 2)
        for value in ("-1", "nan", "inf", "x", "1 "):
            self.assertEqual(command.run("diff", a, b, f"--tolerance={value}").returncode, 2, value)
        self.assertEqual(command.run("diff", a, self.directory / "absent").returncode, 3)

    def test_long_lists_are_cut(self):
        a, b = self.pair({f"t{i}": ("U8", [1], b"x") for i in range(50)}, {})
        lines = self.lines(a, b)
        self.assertEqual(len(lines), 22)
        self.assertEqual(lines[20], "- ... 30 more lines: --all prints them")
        self.assertEqual(len(self.lines(a, b, "--all")), 51)
        self.assertEqual(len(command.json("diff", a, b, code=1)["only_a"]), 50)

    def test_names_and_metadata_are_escaped(self):
        a, b = self.pair(hostile_names(), {}, {"k\x1b": "\x1b[31m"}, {})
        text = command.output("diff", a, b, code=1)
        self.assertNotIn("\x1b", text)
        self.assertIn("\\x1b", text)

    def test_the_first_differing_byte_is_named_in_every_dtype_and_chunk(self):
        content = bytearray(5 << 20)
        for position in (0, 1, 1048575, 1048576, 3 << 20, len(content) - 1):
            changed = bytearray(content)
            changed[position] = 1
            changed[-1] = 2
            for dtype, elements in (("U8", len(content)), ("F4", 2 * len(content)), ("F6_E2M3", len(content) // 6 * 8)):
                size = elements * {"U8": 8, "F4": 4, "F6_E2M3": 6}[dtype] // 8
                pair = self.pair({"x": (dtype, [elements], bytes(content[:size]))}, {"x": (dtype, [elements], bytes(changed[:size]))})
                if size <= position:
                    continue
                report = command.json("diff", *pair, code=1)
                self.assertEqual(report["tensors"][0]["first_byte"], position)

    def check_values(self, dtype_a, a, dtype_b, b, tolerance=0.25, relative=0.125):
        pair = self.pair({"x": (dtype_a, list(a.shape), a.tobytes())}, {"x": (dtype_b, list(b.shape), b.tobytes())})
        report = command.json("diff", *pair, "--values", code=1)["tensors"][0]
        flat_a, flat_b = (
            (x.view("f4") if x.dtype == numpy.complex64 else x).astype("f8").ravel() for x in (a, b)
        )
        difference = numpy.abs(flat_a - flat_b)
        self.assertEqual(report["max_abs"], difference.max())
        numpy.testing.assert_allclose(report["rms"], numpy.sqrt(numpy.mean(difference**2)), rtol=1e-12)
        norm = numpy.linalg.norm(flat_a) * numpy.linalg.norm(flat_b)
        numpy.testing.assert_allclose(report["cosine"], flat_a @ flat_b / norm, rtol=1e-12, atol=1e-14)
        self.assertEqual((report["differing"], report["values"]), (numpy.count_nonzero(difference), flat_a.size))
        is_close = difference <= tolerance + relative * numpy.abs(flat_b)
        arguments = ("diff", *pair, "--tolerance", tolerance, "--relative", relative)
        done = command.run(*arguments, "--json")
        self.assertEqual(done.returncode, 0 if is_close.all() else 1)
        tolerated = command.json(*arguments, code=done.returncode)["tensors"][0]
        self.assertEqual(tolerated["differing"], numpy.count_nonzero(~is_close))
        self.assertEqual(tolerated["same"], is_close.all())

    def test_values_are_those_of_numpy(self):
        source = numpy.random.default_rng(3)
        for dtype, kind in NUMPY.items():
            with self.subTest(dtype):
                a = (source.standard_normal((70, 997)) * 20 + (100 if dtype == "U32" else 0)).astype(kind)
                b = (a.astype("f8") + source.integers(-2, 3, a.shape)).astype(kind) if dtype != "C64" else a * (1 + 1j)
                self.check_values(dtype, a, dtype, b)
        a = source.standard_normal((500, 1001)).astype("f4")
        for dtype in ("F64", "BF16", "F16", "F8_E4M3"):
            self.check_values("F32", a, dtype, (a + a**2 / 64).astype(NUMPY[dtype]))
            self.check_values(dtype, a.astype(NUMPY[dtype]), "F32", a + a**2 / 64, 1, 1)

    def test_nan_and_infinity(self):
        nan, inf = float("nan"), float("inf")
        cases = [
            ((1, nan), (1, nan), 0, 0),
            ((1, inf), (1, inf), 0, 0),
            ((1, nan), (1, 2), None, 1),
            ((1, inf), (1, -inf), None, 1),
            ((1, 2), (1, inf), None, 1),
        ]
        for a, b, max_abs, differing in cases:
            with self.subTest(a=a, b=b):
                pair = self.pair({"x": ("F32", [2], floats(*a))}, {"x": ("F64", [2], numpy.array(b, "f8").tobytes())})
                code = 1 if differing else 0
                report = command.json("diff", *pair, "--tolerance", "1e300", code=code)["tensors"][0]
                self.assertEqual((report["max_abs"], report["differing"]), (max_abs, differing))
                self.assertEqual(report["cosine"], 1)

    def test_different_integers_are_never_equal(self):
        large = 2**63 - 1
        cases = [
            ("I64", 2**53, "I64", 2**53 + 1),
            ("I64", large, "I64", large - 1),
            ("I64", -(2**63), "I64", 1 - 2**63),
            ("I64", -(2**63), "I64", large),
            ("U64", 2**64 - 1, "U64", 2**64 - 2),
            ("U64", 2**64 - 1, "I64", -(2**63)),
            ("U64", 2**64 - 1, "I64", -2),
            ("I64", large, "F64", 2.0**63),
            ("U64", 2**64 - 1, "F64", 2.0**64),
            ("U64", 2**64 - 1, "F64", 2.0**70),
            ("I64", 2**53 + 1, "F64", 2.0**53),
            ("I64", -(2**53) - 1, "F32", -(2.0**53)),
            ("I64", 3, "F64", 2.75),
            ("I64", 2**53 + 1, "I32", 7),
            ("I64", -5, "BOOL", 1),
        ]
        kinds = NUMPY | {"U64": "u8", "I32": "i4", "BOOL": "?"}
        for dtype_a, a, dtype_b, b in cases:
            with self.subTest(a=a, b=b):
                distance = float(abs(fractions.Fraction(a) - fractions.Fraction(b)))
                tensors = [{"x": (dtype, [1], numpy.array([value], kinds[dtype]).tobytes())}
                           for dtype, value in ((dtype_a, a), (dtype_b, b))]  # fmt: skip
                for pair in (self.pair(*tensors), self.pair(*reversed(tensors))):
                    report = command.json("diff", *pair, "--tolerance", "0", code=1)["tensors"][0]
                    self.assertEqual((report["max_abs"], report["rms"], report["differing"]), (distance, distance, 1))
                    command.output("diff", *pair, "--tolerance", repr(distance), code=0)
        equal = self.pair({"x": ("I64", [2], struct.pack("<qq", 2**53, -(2**62)))}, {"x": ("F64", [2], struct.pack("<dd", 2**53, -(2**62)))})
        self.assertEqual(self.lines(*equal, "--tolerance", "0", code=0)[-1], "0 tensors the same, 1 within the tolerance")
        infinite = self.pair({"x": ("I64", [1], struct.pack("<q", 1))}, {"x": ("F64", [1], struct.pack("<d", float("inf")))})
        self.assertIsNone(command.json("diff", *infinite, "--tolerance", "1e300", code=1)["tensors"][0]["max_abs"])

    def test_complex_and_real_tensors_are_not_compared_by_value(self):
        pair = self.pair({"x": ("C64", [1], floats(1, 0))}, {"x": ("F32", [1], floats(1))})
        self.assertEqual(self.lines(*pair, "--values")[0], "~ x  C64 1 -> F32 1")


if __name__ == "__main__":
    command = Command(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
