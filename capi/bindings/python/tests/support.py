"""Shared by the tests: scratch directories and a sample file."""

import json
import pathlib
import tempfile
import unittest

import numpy as np

import libsafetensors

BIAS = np.array([0.5, 1.5, 2.5], np.float32)
WEIGHT = np.arange(12, dtype=np.float32).reshape(3, 4)


def file_bytes(tensors, metadata=None, padding=""):
    """A file of tensors name -> (dtype, shape, bytes), written without the library. The data begins at a multiple of 8
    bytes unless the padding of the header is given."""
    header, data = {} if metadata is None else {"__metadata__": metadata}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += padding.encode() or b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


SAMPLE = file_bytes(
    {"bias": ("F32", [3], BIAS.tobytes()), "weight": ("F32", [3, 4], WEIGHT.tobytes())}, {"format": "pt", "": "a\0ü"}
)


class Case(unittest.TestCase):
    """A test with a directory of its own and a sample file in it."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="libsafetensors-test-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.path = self.directory / "sample.safetensors"
        self.path.write_bytes(SAMPLE)

    def open_sample(self, **options):
        file = libsafetensors.open(self.path, **options)
        self.addCleanup(file.close)
        return file

    def assert_array(self, array, expected):
        self.assertEqual(array.dtype, expected.dtype)
        self.assertEqual(array.shape, expected.shape)
        self.assertEqual(array.tobytes(), expected.tobytes())

    def assert_saved(self, path, tensors, metadata=None):
        """The file has these arrays, read by the library itself; a file that the reference library rejects fails in
        interoperability tests."""
        with libsafetensors.open(path) as file:
            self.assertEqual(set(file), set(tensors))
            self.assertEqual(dict(file.metadata), metadata or {})
            for name, array in tensors.items():
                self.assert_array(file[name].numpy(), array)
