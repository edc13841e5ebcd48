#!/usr/bin/env python3
"""cast beside PyTorch and the reference: cast_test.py COMMAND

cast_exhaustive.py compares all 2^32 inputs; here are all those of 8 and 16 bits, and a sample of the others.
"""

import pathlib
import sys
import tempfile
import unittest

try:
    import casts
    import numpy
    import torch
    from safetensors.torch import load_file, save_file
except ImportError:
    print("skipped: this Python lacks the package numpy, ml_dtypes, torch or safetensors")
    sys.exit(77)

from command import Command

command = None


def sample_f32():
    """Of each sign and exponent: the ends, ties of each target with their neighbours, and random mantissas."""
    mantissas = {0, 1, 2, 0x7FFFFF, 0x7FFFFE, 0x400000, 0x3FFFFF, 0x400001}
    for kept in range(24):  # bits of the mantissa, also those of subnormal results
        half = 1 << (22 - kept) if kept < 23 else 0
        for odd in (0, half << 1):
            mantissas |= {(half + odd + d) & 0x7FFFFF for d in (-1, 0, 1)}
            mantissas |= {(0x7FFFFF - half + odd + d) & 0x7FFFFF for d in (-1, 0, 1)}
    mantissas = numpy.array(sorted(mantissas), "u4")
    random = numpy.random.default_rng(7).integers(0, 1 << 23, 200).astype("u4")
    mantissas = numpy.concatenate([mantissas, random])
    heads = numpy.arange(512, dtype="u4") << 23
    return (heads[:, None] | mantissas[None, :]).ravel()


def sample_f64():
    exponents = numpy.concatenate([numpy.arange(1023 - 155, 1023 + 135), [0, 1, 2045, 2046, 2047]]).astype("u8")
    source = numpy.random.default_rng(8)
    low = source.integers(0, 1 << 52, 300).astype("u8")
    ties = [((half << shift) + d) & ((1 << 52) - 1) for half in (1, 3, 5) for shift in range(25, 52) for d in (-1, 0, 1)]
    mantissas = numpy.concatenate([low, numpy.array([0, 1, (1 << 52) - 1, *ties], "u8")])
    bits = (exponents[:, None] << numpy.uint64(52) | mantissas[None, :]).ravel()
    return numpy.concatenate([bits, bits | numpy.uint64(1 << 63)])


INPUTS = {
    "F64": sample_f64,
    "F32": sample_f32,
    "F16": lambda: numpy.arange(1 << 16, dtype="u2"),
    "BF16": lambda: numpy.arange(1 << 16, dtype="u2"),
    "F8_E4M3": lambda: numpy.tile(numpy.arange(256, dtype="u1"), 3),
    "F8_E5M2": lambda: numpy.tile(numpy.arange(256, dtype="u1"), 3),
}

# Input and results in the order of casts.TARGETS, from the definitions of the formats.
KNOWN = [
    (0x00000000, 0x00000000, 0x0000, 0x0000, 0x00, 0x00),
    (0x80000000, 0x80000000, 0x8000, 0x8000, 0x80, 0x80),
    (0x3F800000, 0x3F800000, 0x3C00, 0x3F80, 0x38, 0x3C),
    (0x7F800000, 0x7F800000, 0x7C00, 0x7F80, 0x7E, 0x7C),  # infinity
    (0xFF800000, 0xFF800000, 0xFC00, 0xFF80, 0xFE, 0xFC),
    (0x7FC00000, 0x7FC00000, 0x7E00, 0xFFFF, 0x7F, 0x7F),  # NaN
    (0xFFC00000, 0xFFC00000, 0xFE00, 0xFFFF, 0xFF, 0xFF),
    (0x7F800001, 0x7F800001, 0x7E00, 0xFFFF, 0x7F, 0x7F),  # a signalling NaN
    (0x477FE000, 0x477FE000, 0x7BFF, 0x4780, 0x7E, 0x7C),  # 65504, the largest F16
    (0x477FEFFF, 0x477FEFFF, 0x7BFF, 0x4780, 0x7E, 0x7C),
    (0x477FF000, 0x477FF000, 0x7C00, 0x4780, 0x7E, 0x7C),  # 65520, halfway to infinity
    (0x476FFFFF, 0x476FFFFF, 0x7B80, 0x4770, 0x7E, 0x7B),  # below 61440, halfway to infinity in F8_E5M2
    (0x47700000, 0x47700000, 0x7B80, 0x4770, 0x7E, 0x7C),
    (0x43E00000, 0x43E00000, 0x5F00, 0x43E0, 0x7E, 0x5F),  # 448, the largest F8_E4M3
    (0x43E80000, 0x43E80000, 0x5F40, 0x43E8, 0x7E, 0x5F),  # 464, halfway to 480
    (0x33000000, 0x33000000, 0x0000, 0x3300, 0x00, 0x00),  # 2^-25, half the smallest F16
    (0x33000001, 0x33000001, 0x0001, 0x3300, 0x00, 0x00),
    (0x33C00000, 0x33C00000, 0x0002, 0x33C0, 0x00, 0x00),  # 1.5 * 2^-24, a tie
    (0x3A800000, 0x3A800000, 0x1400, 0x3A80, 0x00, 0x14),  # 2^-10, half the smallest F8_E4M3
    (0x3A800001, 0x3A800001, 0x1400, 0x3A80, 0x01, 0x14),
    (0x37000000, 0x37000000, 0x0080, 0x3700, 0x00, 0x00),  # 2^-17, half the smallest F8_E5M2
    (0x37000001, 0x37000001, 0x0080, 0x3700, 0x00, 0x01),
    (0x3F808000, 0x3F808000, 0x3C04, 0x3F80, 0x38, 0x3C),  # ties of BF16
    (0x3F818000, 0x3F818000, 0x3C0C, 0x3F82, 0x38, 0x3C),
    (0x3F880000, 0x3F880000, 0x3C40, 0x3F88, 0x38, 0x3C),  # ties of F8_E4M3
    (0x3F980000, 0x3F980000, 0x3CC0, 0x3F98, 0x3A, 0x3D),
    (0x7F7FFFFF, 0x7F7FFFFF, 0x7C00, 0x7F80, 0x7E, 0x7C),
    (0x00000001, 0x00000001, 0x0000, 0x0000, 0x00, 0x00),
    (0x00008000, 0x00008000, 0x0000, 0x0000, 0x00, 0x00),  # a subnormal tie of BF16
    (0x00018000, 0x00018000, 0x0000, 0x0002, 0x00, 0x00),
]  # fmt: skip


class Cast(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.model = self.directory / "model.safetensors"
        self.out = self.directory / "out.safetensors"

    def test_known_values(self):
        bits = numpy.array([row[0] for row in KNOWN], "u4")
        for column, target in enumerate(casts.TARGETS, 1):
            expected = [row[column] for row in KNOWN]
            self.assertEqual(casts.cast_by_command(command, self.directory, bits, "F32", target).tolist(), expected, target)

    def test_every_cast_is_that_of_torch(self):
        for source, make in INPUTS.items():
            bits = make()
            for target in casts.TARGETS:
                with self.subTest(source=source, target=target):
                    found = casts.cast_by_command(command, self.directory, bits, source, target)
                    expected = casts.cast_by_torch(bits, source, target)
                    wrong = casts.differences(found, expected, bits, source, target)
                    lines = [f"{bits[i]:x}: {found[i]:x}, expected {expected[i]:x}" for i in wrong[:5]]
                    self.assertEqual(wrong.size, 0, lines)

    def save_model(self):
        source = torch.Generator().manual_seed(1)
        self.tensors = {
            "layer.0.weight": torch.randn(40, 30, generator=source),
            "layer.1.weight": torch.randn(7, generator=source).to(torch.float16),
            "layer.1.norm.weight": torch.randn(3, 3, generator=source).to(torch.float64),
            "scalar": torch.tensor(1.25),
            "ids": torch.arange(5),
            "mask": torch.tensor([True, False]),
            "empty": torch.zeros(0, 4),
            "half": torch.randn(33, generator=source).to(torch.bfloat16),
        }
        save_file(self.tensors, self.model, {"format": "pt"})

    def assert_equal_to_reference(self, tensors, out=None):
        save_file(tensors, self.directory / "expected.safetensors", {"format": "pt"})
        self.assertEqual((out or self.out).read_bytes(), (self.directory / "expected.safetensors").read_bytes())

    def test_the_file_is_that_of_the_reference(self):
        self.save_model()
        for target in casts.TARGETS:
            kind = casts.DTYPES[target][0]
            command.output("cast", self.model, "--to", target.lower(), "-o", self.out, "--force")
            self.assert_equal_to_reference({n: t.to(kind) if t.is_floating_point() else t for n, t in self.tensors.items()})

    def test_only_the_selected_tensors_are_cast(self):
        self.save_model()
        text = command.output("cast", self.model, "*.weight", "ids", "-x", "*.norm.*", "--to", "BF16", "-o", self.out)
        self.assertEqual(text.splitlines()[-1], "2 tensors cast to BF16, 6 copied")
        selected = {"layer.0.weight", "layer.1.weight"}
        self.assert_equal_to_reference({n: t.to(torch.bfloat16) if n in selected else t for n, t in self.tensors.items()})

    def test_sets_are_read_and_written(self):
        self.save_model()
        command.output("split", self.model, "-o", self.directory / "set", "-m", "2kB")
        command.output("cast", self.directory / "set", "--to", "F16", "-o", self.out)
        expected = {n: t.to(torch.float16) if t.is_floating_point() else t for n, t in self.tensors.items()}
        self.assert_equal_to_reference(expected)
        command.output("cast", self.model, "--to", "F16", "-o", self.directory / "cast", "-m", "1kB")
        found = {}
        for path in (self.directory / "cast").glob("*.safetensors"):
            found |= load_file(path)
        self.assertEqual(set(found), set(expected))
        self.assertTrue(all(torch.equal(found[name], expected[name]) for name in found))

    def test_nothing_is_written_on_errors_and_in_a_dry_run(self):
        self.save_model()
        text = command.output("cast", self.model, "--to", "BF16", "-o", self.out, "--dry-run")
        size = int(command.json("cast", self.model, "--to", "BF16", "-o", self.out, "--dry-run")["bytes"])
        self.assertIn("would write", text)
        self.assertFalse(self.out.exists())
        command.output("cast", self.model, "--to", "BF16", "-o", self.out)
        self.assertEqual(self.out.stat().st_size, size)
        before = self.out.read_bytes()
        for arguments in (["--to", "I8"], ["--to", "BF16"], [], ["absent", "--to", "F16", "--force"]):
            done = command.run("cast", self.model, *arguments, "-o", self.out)
            self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(self.out.read_bytes(), before)
        self.model.write_bytes(self.model.read_bytes()[:-1])
        self.assertEqual(command.run("cast", self.model, "--to", "F16", "-o", self.out, "--force").returncode, 1)
        self.assertEqual(self.out.read_bytes(), before)


if __name__ == "__main__":
    command = Command(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
