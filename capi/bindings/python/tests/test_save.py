"""Saving files and sets, and the objects that can be saved."""

import io
import json
import os
import stat
import unittest

import numpy as np

import libsafetensors as st
from support import BIAS, WEIGHT, Case

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None
try:
    import torch
except ImportError:
    torch = None

TENSORS = {"bias": BIAS, "weight": WEIGHT}


class Unversioned:
    """An object that knows only DLPack before 1.0."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, stream=None):
        return self._array.__dlpack__()

    def __dlpack_device__(self):
        return (1, 0)


class Versioned(Unversioned):
    """An object with DLPack only, not known as an array."""

    def __dlpack__(self, **arguments):
        return self._array.__dlpack__(**arguments)


class Save(Case):
    def test_file(self):
        path = self.directory / "new.safetensors"
        st.save(path, TENSORS, {"format": "pt", "ü\0": ""})
        self.assert_saved(path, TENSORS, {"format": "pt", "ü\0": ""})
        content = path.read_bytes()
        self.assertEqual(st.save_memory(TENSORS, {"format": "pt", "ü\0": ""}), content)
        self.assertEqual(st.save_size(TENSORS, {"format": "pt", "ü\0": ""}), len(content))
        stream = io.BytesIO()
        st.save_to(stream, TENSORS, {"format": "pt", "ü\0": ""})
        self.assertEqual(stream.getvalue(), content)

    def test_a_file_replaces_itself(self):
        with st.open(self.path) as file:
            st.save(self.path, {"weight": file["weight"], "twice": file["weight"].numpy() * 2})
        self.assert_saved(self.path, {"weight": WEIGHT, "twice": WEIGHT * 2})

    def test_arrays_of_any_layout(self):
        arrays = {
            "strided": np.arange(24.0)[::3],
            "fortran": np.asfortranarray(WEIGHT),
            "big-endian": np.arange(5, dtype=">i4"),
            "scalar": np.float16(1.5),
            "empty": np.empty((0, 3), np.int8),
            "bool": np.array([True, False]),
            "complex": np.array([1 + 2j], np.complex64),
            "broadcast": np.broadcast_to(np.float32(3), (2, 2)),
            "0-d": np.array(7, np.uint64),
        }
        path = self.directory / "new.safetensors"
        st.save(path, arrays)
        with st.open(path) as file:
            for name, array in arrays.items():
                with self.subTest(name):
                    self.assertEqual(file[name].shape, array.shape)
                    np.testing.assert_array_equal(file[name].numpy(), array)

    def test_values_that_cannot_be_saved(self):
        unknown = [np.array(["a"]), np.zeros(1, np.complex128), np.zeros(1, np.longdouble)]
        for value in ([1.0], "text", None, object(), *unknown):
            with self.subTest(repr(value)), self.assertRaises(TypeError):
                st.save_memory({"x": value})
        with self.assertRaises(st.FormatError):
            st.save_memory({"x": st.TensorData("F32", [2], bytes(7))})
        with self.assertRaises(st.FormatError):
            st.save_memory({"x": st.TensorData("F33", [2], bytes(8))})
        with self.assertRaises(ValueError):
            st.save_memory({"x": st.TensorData("F32", [2])})
        for name, kind in (("\udc80", st.FormatError), (3, TypeError), (b"x", TypeError)):
            with self.subTest(name), self.assertRaises(kind):
                st.save_memory({name: BIAS})
        self.assertRaises(TypeError, st.save_memory, {}, {"key": 1})

    @unittest.skipUnless(ml_dtypes, "ml_dtypes is not installed")
    def test_ml_dtypes(self):
        names = "bfloat16 float8_e5m2 float8_e4m3fn float8_e8m0fnu float8_e4m3fnuz float8_e5m2fnuz".split()
        arrays = {name: np.array([0.5, 2, 4], getattr(ml_dtypes, name)) for name in names}
        st.save(self.path, arrays)
        self.assert_saved(self.path, arrays)
        with self.assertRaises(TypeError):  # not packed
            st.save_memory({"x": np.zeros(2, ml_dtypes.float4_e2m1fn)})

    def test_packed_bytes(self):
        bytes_of_y = np.arange(3, dtype=np.uint8)
        packed = {"x": st.TensorData("F4", [2, 3], b"abc"), "y": st.TensorData("F6_E2M3", [4], bytes_of_y)}
        data = st.save_memory(packed)
        with st.open_memory(data) as file:
            self.assertEqual((file["x"].shape, file["x"].raw().tobytes()), ((2, 3), b"abc"))
            self.assertEqual(file["y"].raw().tolist(), [0, 1, 2])

    def test_dlpack(self):
        for kind in (Unversioned, Versioned):
            with self.subTest(kind.__name__):
                tensors = {"weight": kind(WEIGHT), "bias": kind(BIAS)}
                self.assertEqual(st.save_memory(tensors), st.save_memory(TENSORS))
        with self.assertRaises(st.UnsupportedError):
            st.save_memory({"x": Versioned(WEIGHT.T)})

    @unittest.skipUnless(torch, "torch is not installed")
    def test_torch(self):
        tensors = {"a": torch.arange(6).reshape(2, 3), "b": torch.ones(3, dtype=torch.bfloat16)}
        st.save(self.path, tensors)
        with st.open(self.path) as file:
            for name, tensor in tensors.items():
                self.assertTrue(torch.equal(torch.from_dlpack(file[name]), tensor))

    def test_dlpack_memory_is_not_copied(self):
        """save() sees changes that are made after add(), and keeps the memory alive."""
        array = WEIGHT.copy()
        builder = st.Builder().add("weight", Versioned(array)).add("copy", Versioned(array), copy=True)
        array[0, 0] = 5
        del array
        with st.open_memory(builder.save_memory()) as file:
            self.assertEqual(file["weight"].numpy()[0, 0], 5)
            self.assertEqual(file["copy"].numpy()[0, 0], 0)

    def test_a_builder_keeps_its_tensors(self):
        builder = st.Builder()
        for n in range(50):
            builder.add(f"array {n}", np.full(100_000, n, np.uint8))
            with st.open(self.path, backend="pread") as file:
                builder.add(f"tensor {n}", file["weight"])
            builder.add_bytes(f"bytes {n}", "U8", [100_000], bytes([n]) * 100_000)
        with st.open_memory(builder.save_memory()) as file:
            for n in range(50):
                for kind in ("array", "bytes"):
                    self.assertTrue((file[f"{kind} {n}"].numpy() == n).all())
                self.assert_array(file[f"tensor {n}"].numpy(), WEIGHT)

    def test_options(self):
        path = self.directory / "new.safetensors"
        progress = []
        st.save(path, TENSORS, fsync=True, mode=0o640, alignment=4096, progress=lambda *call: progress.append(call))
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o640)
        self.assertEqual(progress[-1], (path.stat().st_size,) * 2)
        with st.open(path) as file:
            self.assertEqual(file.data_offset % 4096, 0)
        st.save(path, {}, metadata_form="null")
        self.assertIn(b'"__metadata__":null', path.read_bytes())
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o640)
        st.save(path, {}, mode="umask")
        self.assertNotEqual(stat.S_IMODE(path.stat().st_mode), 0o640)
        link = self.directory / "link.safetensors"
        link.symlink_to(path)
        st.save(link, TENSORS, follow_link=True)
        self.assertTrue(link.is_symlink())
        st.save(link, TENSORS)
        self.assertFalse(link.is_symlink())
        self.assertRaises(ValueError, st.save, path, {}, mode=-1)
        self.assertRaises(st.InvalidArgumentError, st.save, path, {}, alignment=3)

    def test_memory(self):
        builder = st.Builder(TENSORS)
        buffer = bytearray(1000)
        self.assertEqual(builder.save_memory(buffer), st.save_memory(TENSORS))
        self.assertRaises(st.BufferTooSmallError, builder.save_memory, bytearray(10))

    def test_unbuffered_sinks(self):
        read, write = os.pipe()
        with open(read, "rb") as source, open(write, "wb", buffering=0) as sink:
            st.save_to(sink, TENSORS)
            sink.close()
            self.assertEqual(source.read(), st.save_memory(TENSORS))

        class Short(io.BytesIO):
            def write(self, data):
                return super().write(data[:7])

        stream = Short()
        st.save_to(stream, TENSORS)
        self.assertEqual(stream.getvalue(), st.save_memory(TENSORS))


class Sets(Case):
    tensors = {f"layer.{n}": np.full((10, 10), n, np.float32) for n in range(4)}

    def files(self, directory):
        return sorted(path.name for path in directory.iterdir())

    def test_set(self):
        directory = self.directory / "model"
        st.save_set(directory, self.tensors, {"format": "pt"}, max_shard_size=800, index_metadata={"x": "y"},
                    total_parameters=400)  # fmt: skip
        shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        self.assertEqual(self.files(directory), [*shards, "model.safetensors.index.json"])
        with st.open_set(directory) as model:
            self.assertEqual([os.path.basename(shard.path) for shard in model.shards], shards)
            self.assertEqual([shard.tensor_count for shard in model.shards], [2, 2])
            self.assertEqual(model.index_metadata["x"], "y")
            self.assertEqual(model.index_metadata["total_parameters"], 400)
            self.assertEqual(model.location("layer.3").shard, 1)
            for name, array in self.tensors.items():
                self.assert_array(model[name].numpy(), array)
        self.assertEqual(set(st.load_set(directory)), set(self.tensors))

    def test_names_of_sets(self):
        options = {"split": "balanced", "stem": "net", "variant": "fp16", "index_format": "sorted"}
        st.save_set(self.directory / "a", self.tensors, max_shard_size=1200, **options)
        self.assertEqual(self.files(self.directory / "a")[0], "net.fp16-00001-of-00002.safetensors")
        index = (self.directory / "a" / "net.safetensors.index.fp16.json").read_text()
        self.assertTrue(index.endswith("}\n"))
        with st.open_set(self.directory / "a") as model:
            self.assertEqual([shard.tensor_count for shard in model.shards], [2, 2])

    def test_tensors_that_share_memory_are_in_one_shard(self):
        storages = {"layer.0": (1, 400), "layer.3": (1, 400)}
        st.save_set(self.directory / "a", self.tensors, max_shard_size=400, storages=storages)
        index = json.loads((self.directory / "a" / "model.safetensors.index.json").read_text())["weight_map"]
        self.assertEqual(index["layer.0"], index["layer.3"])
        self.assertEqual(len(set(index.values())), 3)

    def test_errors_of_sets(self):
        self.assertRaises(st.NotFoundError, st.open_set, self.directory / "absent")
        st.save_set(self.directory / "a", self.tensors, max_shard_size=400)
        (self.directory / "a" / "model-00002-of-00004.safetensors").unlink()
        with self.assertRaises(st.SetError) as caught:
            st.open_set(self.directory / "a")
        self.assertEqual(caught.exception.code, st.Status.SET_SHARD_MISSING)
        (self.directory / "a" / "model.safetensors.index.json").unlink()
        with st.open_set(self.directory / "a") as model:
            self.assertEqual(len(model), 3)
            self.assertIsNone(model.index_metadata)


if __name__ == "__main__":
    unittest.main()
