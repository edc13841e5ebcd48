#!/usr/bin/env python3
"""stat beside NumPy, in every dtype: stat_test.py COMMAND"""

import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

try:
    import ml_dtypes
    import numpy
except ImportError:
    print("skipped: this Python lacks the package numpy or ml_dtypes")
    sys.exit(77)

from command import Command, ENVIRONMENT, file_bytes, floats, hostile_names, write_small_set

command = None

NUMPY = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "u2", "I16": "i2", "U32": "u4", "I32": "i4", "U64": "u8", "I64": "i8",
    "F64": "f8", "F32": "f4", "F16": "f2", "BF16": ml_dtypes.bfloat16, "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2, "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz, "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "F8_E8M0": ml_dtypes.float8_e8m0fnu,
}  # fmt: skip
PACKED = {"F4": (4, ml_dtypes.float4_e2m1fn), "F6_E2M3": (6, ml_dtypes.float6_e2m3fn), "F6_E3M2": (6, ml_dtypes.float6_e3m2fn)}
INTERVALS = 32


def packed(patterns, bits):
    """Elements of less than 8 bits, the first one in the lowest bits."""
    columns = (patterns[:, None] >> numpy.arange(bits)) & 1
    return numpy.packbits(columns.ravel().astype("u1"), bitorder="little").tobytes()


def expected(values):
    with numpy.errstate(invalid="ignore"):  # signalling NaN
        values = values.astype("f8").ravel()
    finite = values[numpy.isfinite(values)]
    result = {
        "count": values.size, "nan": int(numpy.isnan(values).sum()), "inf": int(numpy.isinf(values).sum()),
        "zeros": int((values == 0).sum()), "min": None, "max": None, "mean": None, "std": None,
        "histogram": [0] * INTERVALS,
    }  # fmt: skip
    if finite.size:
        result |= {"min": finite.min(), "max": finite.max(), "mean": finite.astype(numpy.longdouble).mean()}
        result["std"] = numpy.sqrt(numpy.mean((finite - result["mean"]) ** 2))
        result["histogram"] = histogram(finite)
    return result


def histogram(finite):
    low, high = finite.min(), finite.max()
    if low == high:
        return [finite.size if i == INTERVALS // 2 else 0 for i in range(INTERVALS)]
    places = ((finite / 2 - low / 2) / (high / 2 - low / 2) * INTERVALS).astype(int)
    return numpy.bincount(numpy.minimum(places, INTERVALS - 1), minlength=INTERVALS).tolist()


class Stat(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def write(self, tensors, name="model"):
        path = self.directory / f"{name}.safetensors"
        path.write_bytes(file_bytes(tensors))
        return path

    def check(self, *tensors):
        """Tensors as (dtype, values) or (dtype, values, bytes)."""
        tensors = {str(i): tensor for i, tensor in enumerate(tensors)}
        path = self.write({
            name: (dtype, [values.size], content[0] if content else values.tobytes())
            for name, (dtype, values, *content) in tensors.items()
        })  # fmt: skip
        for found in command.json("stat", path)["tensors"]:
            dtype, values, *_ = tensors[found["name"]]
            wanted = expected(values.view("f4") if dtype == "C64" else values)
            for key, value in wanted.items():
                what = f"{dtype} with {values.size} elements, {key}: {found[key]}, expected {value}"
                if key in ("mean", "std") and value is not None:
                    near = math.isclose(found[key], value, rel_tol=1e-12, abs_tol=float(1e-300 + 1e-15 * wanted["std"]))
                    self.assertTrue(near, what)
                else:
                    self.assertEqual(found[key], value, what)

    def test_every_bit_pattern_of_small_dtypes(self):
        tensors = []
        for dtype, kind in NUMPY.items():
            size = numpy.dtype(kind).itemsize
            if size <= 2:
                patterns = numpy.arange(2 if kind == "?" else 256**size, dtype=f"u{size}")
                tensors.append((dtype, patterns.view(kind)))
        for dtype, (bits, kind) in PACKED.items():
            patterns = numpy.arange(1 << bits, dtype="u1")
            tensors.append((dtype, patterns.view(kind), packed(patterns, bits)))
        self.check(*tensors)
        path = self.write({"x": ("BOOL", [4], b"\x00\x01\x02\xff")})
        self.assertEqual(command.json("stat", path)["tensors"][0]["mean"], 0.75)

    def test_sizes_around_blocks_and_chunks(self):
        source = numpy.random.default_rng(2)
        tensors = []
        for dtype, kind in NUMPY.items():
            for size in (0, 1, 7, 1535, 1537, (1 << 22) // numpy.dtype(kind).itemsize + 1):
                values = source.standard_normal(size) * 50
                values = numpy.abs(values) if dtype[0] in "UB" or dtype == "F8_E8M0" else values
                tensors.append((dtype, values.astype(kind)))
        for dtype, (bits, kind) in PACKED.items():
            for size in (0, 8, 1536, 1544, (1 << 20) * 8 // bits // 8 * 8 + 8):
                patterns = source.integers(0, 1 << bits, size).astype("u1")
                tensors.append((dtype, patterns.view(kind), packed(patterns, bits)))
        tensors.append(("C64", (source.standard_normal(300001) + 1j * source.random(300001)).astype("c8")))
        self.check(*tensors)

    def test_dtypes_of_which_bit_patterns_are_counted(self):
        source = numpy.random.default_rng(3)
        tensors = []
        for dtype, kind in NUMPY.items():
            size = numpy.dtype(kind).itemsize
            if size > 2:
                continue
            # Around the number from which on patterns are counted, and more than one chunk.
            for elements in (16 << 8 * size, (16 << 8 * size) - 1, (1 << 22) + 3):
                patterns = source.integers(0, 2 if kind == "?" else 256**size, elements)
                tensors.append((dtype, patterns.astype(f"u{size}").view(kind)))
            tensors.append((dtype, numpy.zeros(1 << 20, kind)))
        halves = (source.standard_normal(3000001) * 0.02 + 0.5).astype("f2")
        self.check(*tensors, ("F16", halves), ("BF16", halves.astype(ml_dtypes.bfloat16)), ("F16", numpy.full(1 << 20, numpy.nan, "f2")))

    def test_numbers_at_the_edges_of_intervals(self):
        source = numpy.random.default_rng(8)
        tensors = []
        for dtype, kind in (("F32", "f4"), ("F64", "f8"), ("F16", "f2"), ("I32", "i4")):
            for low, high in ((-1, 1), (0, 1), (-3, 61), (100, 132), (1e-30, 1e-4), (-1e30, 3e38), (-3e38, 3e38), (0.1, 0.7), (-1e-42, 3e-42)):
                if dtype == "I32":
                    low, high = int(max(low, -3)), int(min(high, 1000)) + 1
                with numpy.errstate(all="ignore"):
                    ends = numpy.clip(numpy.array([low, high], "f8"), -6e4 if kind == "f2" else -numpy.inf, 6e4 if kind == "f2" else numpy.inf)
                    ends = ends.astype(kind)
                    edges = (ends[0] + (ends[1].astype("f8") - ends[0]) * numpy.arange(33) / 32).astype(kind)
                    values = [edges]
                    if kind[0] == "f":
                        values += [numpy.nextafter(edges, ends[0]), numpy.nextafter(edges, ends[1])]
                    values.append((ends[0] + (ends[1].astype("f8") - ends[0]) * source.random(5000)).astype(kind))
                values = numpy.concatenate([*values, ends])
                values = values[(values >= ends[0]) & (values <= ends[1])]
                if ends[0] / 2 < ends[1] / 2:
                    tensors.append((dtype, values))
        self.check(*tensors)

    def test_every_finite_number_is_in_the_histogram(self):
        for values in ([0, 5e-324], [-5e-324, 5e-324, 0], [1, 1 + 2**-52], [5, 5], [-1.7e308, 1.7e308, 0]):
            found = command.json("stat", self.write({"x": ("F64", [len(values)], numpy.array(values, "f8").tobytes())}))
            self.assertEqual(sum(found["tensors"][0]["histogram"]), len(values), values)

    def test_the_sums_are_numerically_sound(self):
        source = numpy.random.default_rng(6)
        self.check(
            ("F64", 1e6 + source.standard_normal(500000) * 1e-3),
            ("F64", numpy.tile([1e8, 1, -1e8], 200000)),
            ("F64", numpy.full(1 << 20, 0.1)),
            ("F64", numpy.array([1e300, -1e300, 3]) * 1e-150),
            ("F32", (1000 + source.standard_normal(3000001)).astype("f4")),
        )

    def test_not_finite_values_are_counted_only(self):
        nan, inf = float("nan"), float("inf")
        source = numpy.random.default_rng(4)
        for dtype, kind in (("F32", "f4"), ("F64", "f8"), ("F16", "f2")):
            values = source.standard_normal(10000).astype(kind)
            for special in (nan, inf, -inf, -0.0):
                values[source.integers(0, 10000, 500)] = special
            self.check(
                (dtype, values), (dtype, numpy.array([nan, inf, -inf] * 2000, kind)), (dtype, numpy.array([5, 5, nan], kind))
            )

    def test_the_range_of_doubles(self):
        low, high = numpy.finfo("f8").min, numpy.finfo("f8").max
        path = self.write({"x": ("F64", [3], numpy.array([low, 0, high]).tobytes())})
        found = command.json("stat", path)["tensors"][0]
        self.assertEqual((found["min"], found["max"], found["mean"]), (low, high, 0))
        self.assertEqual([i for i, n in enumerate(found["histogram"]) if n], [0, 16, 31])

    def test_the_result_does_not_depend_on_the_threads(self):
        values = numpy.random.default_rng(9).standard_normal(6000000).astype("f4")
        halves = values.astype("f2")
        path = self.write({
            "x": ("F32", [values.size], values.tobytes()), "y": ("F32", [99999], values[:99999].tobytes()),
            "z": ("F16", [halves.size], halves.tobytes()), "u": ("F64", [values.size // 2], values.tobytes()),
        })  # fmt: skip
        outputs = set()
        for cpus in ({min(os.sched_getaffinity(0))}, os.sched_getaffinity(0)):
            done = subprocess.run([command.program, "stat", path, "--json"], env=ENVIRONMENT, capture_output=True,
                                  check=True, preexec_fn=lambda cpus=cpus: os.sched_setaffinity(0, cpus))  # fmt: skip
            outputs.add(done.stdout)
        outputs |= {command.output("stat", path, "--json").encode() for _ in range(3)}
        self.assertEqual(len(outputs), 1)

    def test_the_table_has_the_numbers_and_histograms(self):
        path = self.write({
            "a.weight": ("F32", [2, 2], floats(-1, 0, 1, 2)),
            "b": ("F32", [3], floats(float("nan"), float("inf"), 7)),
            "none": ("F32", [1], floats(float("nan"))),
            "empty": ("F32", [0], b""),
        })  # fmt: skip
        lines = command.output("stat", path).splitlines()
        self.assertEqual(
            [line.split()[:10] for line in lines if not line.startswith("-")],
            [
                "name dtype shape min max mean std zeros NaN Inf".split(),
                "a.weight F32 2 x 2 -1 2 0.5 1.118 25.0".split(),
                "b F32 3 7 7 7 0 0.0 % 1".split(),
                "none F32 1 - - - - 0.0 % 1".split(),
                "empty F32 0 - - - - 0 0".split(),
            ],
        )
        rows = {line.split()[0]: line for line in lines}
        self.assertTrue(rows["a.weight"].endswith("█    █    █    █"), rows["a.weight"])
        self.assertTrue(rows["b"].rstrip().endswith("█"))
        self.assertNotIn("histogram", command.output("stat", path, "--no-histogram"))

    def test_bars_are_proportional_and_never_vanish(self):
        values = numpy.repeat([0, 1, 2, 3, 4, 5, 6, 7, 15], [1, 1, 50, 100, 200, 300, 399, 400, 800]).astype("f4")
        line = command.output("stat", self.write({"x": ("F32", [values.size], values.tobytes())})).splitlines()[2]
        self.assertEqual(line[-16:], "▁▁▁▁▂▃▄▄       █")

    def test_sets_and_selections(self):
        directory = write_small_set(self.directory / "set")
        report = command.json("stat", directory, "*.weight")
        self.assertEqual([t["name"] for t in report["tensors"]], [f"layer.{i}.weight" for i in range(3)])
        self.assertEqual({t["mean"] for t in report["tensors"]}, {2.5})
        self.assertEqual(command.run("stat", directory, "absent").returncode, 2)

    def test_the_picture_has_a_row_for_each_tensor(self):
        names = hostile_names() | {"<&>": ("U8", [1], b"\x01"), "nan": ("F32", [1], floats(float("nan")))}
        path, plot = self.write(names), self.directory / "plot.svg"
        self.assertIn("wrote", command.output("stat", path, "--plot", plot))
        root = xml.etree.ElementTree.parse(plot).getroot()
        texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertTrue({"<&>", "nan", "no finite values"} <= set(texts), texts)
        self.assertEqual(len(list(root.iter("{http://www.w3.org/2000/svg}path"))), len(names) - 1)
        self.assertFalse(re.search(r"[\x00-\x09\x0b-\x1f\u202e]", plot.read_text()))
        before = plot.read_bytes()
        self.assertEqual(command.run("stat", path, "nan", "--plot", plot).returncode, 2)
        self.assertEqual(plot.read_bytes(), before)
        command.output("stat", path, "nan", "--plot", plot, "--force")
        self.assertNotEqual(plot.read_bytes(), before)
        self.assertEqual(command.run("stat", path, "-p", self.directory / "no" / "plot.svg").returncode, 3)

    def test_the_picture_replaces_only_regular_files_of_its_name(self):
        path = self.write({"x": ("F32", [1], floats(1))})
        before = path.read_bytes()
        targets = {name: self.directory / f"{name}.svg" for name in ("fifo", "directory", "dangling", "link")}
        os.mkfifo(targets["fifo"])
        targets["directory"].mkdir()
        targets["dangling"].symlink_to("absent")
        targets["link"].symlink_to(path)
        kinds = {name: target.lstat().st_mode for name, target in targets.items()}
        for target in (path, self.directory / "new", "/dev/null", *targets.values()):
            for force in ([], ["--force"]):
                done = command.run("stat", path, "--plot", target, *force)
                self.assertEqual(done.returncode, 2, f"{target} {force}")
                self.assertIn(str(target), done.stderr)
        self.assertEqual(path.read_bytes(), before)
        self.assertEqual({name: target.lstat().st_mode for name, target in targets.items()}, kinds)
        self.assertEqual(sorted(os.listdir(self.directory)), sorted(["model.safetensors", *(t.name for t in targets.values())]))


if __name__ == "__main__":
    command = Command(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
