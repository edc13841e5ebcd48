"""Tensors as NumPy arrays and through DLPack."""

import ctypes
import gc
import sys
import threading
import unittest
import unittest.mock
import weakref

import numpy as np

import libsafetensors as st
from libsafetensors import _dlpack, _dtype
from support import SAMPLE, WEIGHT, Case, file_bytes

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None
try:
    import torch
except ImportError:
    torch = None

INTERFACE_DTYPES = ["BOOL", "U8", "I8", "I16", "U16", "F16", "I32", "U32", "F32", "C64", "F64", "I64", "U64"]
OTHER_DTYPES = ["BF16", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"]
CONTENT = bytes(range(48))


def capsule_name(capsule):
    function = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", ctypes.pythonapi))
    return function(capsule)


def memory_mappings(path):
    """Number of mappings of a file in this process."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        return sum(str(path) in line for line in maps)


class Arrays(Case):
    def test_arrays_use_the_memory_of_the_file(self):
        tensor = self.open_sample()["weight"]
        array = tensor.numpy()
        self.assert_array(array, WEIGHT)
        self.assertEqual(array.ctypes.data, tensor.address)
        self.assertEqual(tensor.raw().tobytes(), WEIGHT.tobytes())
        self.assertEqual(np.asarray(tensor).ctypes.data, tensor.address)
        self.assertNotEqual(np.array(tensor, copy=True).ctypes.data, tensor.address)
        self.assertEqual(np.asarray(tensor, np.float64).dtype, np.float64)
        self.assertEqual(tensor.info.name, "weight")

    def test_read_only_arrays_cannot_be_made_writable(self):
        array = self.open_sample()["weight"].numpy()
        self.assertFalse(array.flags.writeable)
        for view in (array, array[1:], array.T, array.view(np.uint32)):
            with self.assertRaises(ValueError):
                view.flags.writeable = True
            with self.assertRaises(ValueError):
                view[0] = 0

    def test_writable_arrays_leave_the_file_unchanged(self):
        file = self.open_sample(writable=True)
        array = file["weight"].numpy()
        array[0, 0] = 7
        self.assertEqual(file["weight"].numpy()[0, 0], 7)
        self.assertEqual(file.read("weight")[0, 0], 0)
        self.assertEqual(self.path.read_bytes(), SAMPLE)

    def test_arrays_keep_the_mapping(self):
        file = self.open_sample(backend="mmap")
        array = file["weight"].numpy()[1:].T
        self.assertEqual(memory_mappings(self.path), 1)
        file.close()
        gc.collect()
        self.assertEqual(memory_mappings(self.path), 1)
        self.assertEqual(array.sum(), WEIGHT[1:].sum())
        del array, file
        gc.collect()
        self.assertEqual(memory_mappings(self.path), 0)

    def test_numpy_types(self):
        for name in INTERFACE_DTYPES + OTHER_DTYPES:
            dtype = st.Dtype(name)
            content = CONTENT if name != "BOOL" else bytes(48)
            count = 48 * 8 // dtype.bits
            with self.subTest(name):
                tensor = st.open_memory(file_bytes({"t": (name, [2, count // 2], content)}))["t"]
                array = tensor.numpy()
                self.assertEqual((array.dtype.itemsize * 8, array.shape), (dtype.bits, (2, count // 2)))
                self.assertEqual(array.tobytes(), content)
                self.assertEqual(array.ctypes.data, tensor.address)
                if name in OTHER_DTYPES and not ml_dtypes:
                    self.assertEqual(array.dtype.kind, "u")
                else:
                    self.assertEqual(_dtype.dtype_of(array.dtype), dtype)

    def test_without_ml_dtypes_elements_are_unsigned_integers(self):
        kept, sys.modules["ml_dtypes"] = sys.modules.get("ml_dtypes"), None
        _dtype._numpy_dtype.cache_clear()
        try:
            self.assertEqual(st.Dtype.BF16.numpy, np.dtype("<u2"))
            self.assertEqual(st.Dtype.F8_E4M3.numpy, np.dtype("u1"))
        finally:
            _dtype._numpy_dtype.cache_clear()
            del sys.modules["ml_dtypes"]
            if kept:
                sys.modules["ml_dtypes"] = kept

    def test_packed_elements_are_bytes(self):
        for name, shape, expected in [("F4", [3, 4], (3, 2)), ("F4", [2, 3], (3,)), ("F6_E2M3", [2, 4], (2, 3)),
                                      ("F6_E3M2", [4, 2], (6,))]:  # fmt: skip
            with self.subTest(f"{name} {shape}"):
                content = CONTENT[: int(np.prod(expected))]
                file = st.open_memory(file_bytes({"t": (name, shape, content)}))
                array = file["t"].numpy()
                self.assertEqual((array.dtype, array.shape, array.tobytes()), (np.uint8, expected, content))
                self.assertEqual(file.read("t").tobytes(), content)
        self.assertEqual(file.read_slice("t", np.s_[2:4]).tobytes(), content[3:])

    def test_shapes_without_elements_and_scalars(self):
        file = st.open_memory(file_bytes({"none": ("F32", [2, 0, 3], b""), "one": ("I16", [], b"\1\0")}))
        self.assertEqual(file["none"].numpy().shape, (2, 0, 3))
        self.assertEqual(file.read("none").shape, (2, 0, 3))
        self.assertEqual(file["one"].numpy()[()], 1)
        self.assertEqual(file.read("one")[()], 1)

    def test_unaligned_tensors(self):
        content = file_bytes({"a": ("U8", [1], b"\1"), "b": ("F32", [12], WEIGHT.tobytes())})
        aligned = st.open_memory(content)["b"].numpy()
        self.assertTrue(aligned.flags.aligned)
        self.assertFalse(aligned.flags.writeable)
        unaligned = st.open_memory(content, copy_unaligned=False)["b"].numpy()
        self.assertFalse(unaligned.flags.aligned)
        for array in (aligned, unaligned):
            self.assertEqual(array.tolist(), list(range(12)))

    def test_copy(self):
        tensor = self.open_sample()["weight"]
        copy = tensor.copy()
        array = copy.numpy()
        array[0, 0] = 9
        self.assertEqual(tensor.numpy()[0, 0], 0)
        self.assertEqual((copy.info.name, copy.shape, copy.writable), ("weight", (3, 4), True))
        self.assertEqual(array.ravel()[1:].tolist(), list(range(1, 12)))


class DLPack(Case):
    def test_numpy_shares_the_memory(self):
        tensor = self.open_sample()["weight"]
        array = np.from_dlpack(tensor)
        self.assert_array(array, WEIGHT)
        self.assertEqual(array.ctypes.data, tensor.address)
        self.assertFalse(array.flags.writeable)
        writable = np.from_dlpack(self.open_sample(writable=True)["weight"])
        self.assertTrue(writable.flags.writeable)

    @unittest.skipUnless(torch, "torch is not installed")
    def test_torch_shares_the_memory(self):
        file = self.open_sample()
        tensor = file["weight"]
        result = torch.from_dlpack(tensor)
        file.close()
        self.assertEqual(result.data_ptr(), tensor.address)
        self.assertEqual(result.tolist(), WEIGHT.tolist())

    @unittest.skipUnless(torch, "torch is not installed")
    def test_dtypes_that_numpy_does_not_have(self):
        for name, dtype in [("BF16", torch.bfloat16), ("F8_E4M3", torch.float8_e4m3fn), ("F8_E5M2", torch.float8_e5m2)]:
            with self.subTest(name):
                tensor = st.open_memory(file_bytes({"t": (name, [8], CONTENT[: st.Dtype(name).bits])}))["t"]
                result = torch.from_dlpack(tensor)
                self.assertEqual((result.dtype, result.data_ptr()), (dtype, tensor.address))
                self.assertEqual(bytes(result.view(torch.uint8).tolist()), CONTENT[: st.Dtype(name).bits])

    def test_capsules(self):
        writable = self.open_sample(writable=True)["weight"]
        read_only = self.open_sample()["weight"]
        self.assertEqual(capsule_name(read_only.__dlpack__(max_version=(1, 0))), b"dltensor_versioned")
        self.assertEqual(capsule_name(read_only.__dlpack__(max_version=(2, 3))), b"dltensor_versioned")
        self.assertEqual(capsule_name(writable.__dlpack__()), b"dltensor")
        self.assertEqual(capsule_name(writable.__dlpack__(max_version=(0, 8))), b"dltensor")
        self.assertEqual(read_only.__dlpack_device__(), (1, 0))
        with self.assertRaisesRegex(BufferError, "writable=True"):
            read_only.__dlpack__()
        with self.assertRaises(BufferError):
            read_only.__dlpack__(max_version=(1, 0), dl_device=(2, 0))
        with self.assertRaises(ValueError):
            read_only.__dlpack__(stream=1)

    def test_flags(self):
        def flags(capsule):
            return _dlpack._managed_in(capsule).flags

        tensor = self.open_sample()["weight"]
        self.assertEqual(flags(tensor.__dlpack__(max_version=(1, 0))), 1)  # read-only
        copied = tensor.__dlpack__(max_version=(1, 0), copy=True)
        self.assertEqual(flags(copied), 2)  # copied
        self.assertNotEqual(_dlpack.tensor_in(copied).address, tensor.address)
        same = tensor.__dlpack__(max_version=(1, 0), copy=False, dl_device=(1, 0))
        self.assertEqual(_dlpack.tensor_in(same), (st.Dtype.F32, (3, 4), tensor.address))
        self.assertEqual(capsule_name(tensor.__dlpack__(copy=True)), b"dltensor")

    def test_unused_capsules_release_the_tensor(self):
        for version in ((1, 0), None):
            with self.subTest(version):
                file = st.open(self.path, backend="mmap", writable=True)
                capsule = file["weight"].__dlpack__(max_version=version)
                file.close()
                gc.collect()
                self.assertEqual(memory_mappings(self.path), 1)
                del capsule
                self.assertEqual(memory_mappings(self.path), 0)

    def test_the_array_that_provides_a_capsule_is_released(self):
        arrays = []

        def empty(*arguments):
            array = np.zeros(*arguments)
            arrays.append(weakref.ref(array))
            return array

        tensor = self.open_sample(writable=True)["weight"]
        with unittest.mock.patch.object(_dlpack.np, "empty", empty):
            capsules = [tensor.__dlpack__(max_version=version) for version in ((1, 0), None)]
        self.assertEqual([array() for array in arrays], [None, None])
        self.assertEqual(len(capsules), 2)

    def test_capsules_destroyed_while_an_exception_is_set(self):
        """A consumer that fails destroys the capsule while its own exception is set."""
        class Failing:
            def __dlpack__(self, **_):
                return self.tensor.__dlpack__(max_version=(1, 0))

            def __dlpack_device__(self):
                return (1, 0)

        failing = Failing()
        failing.tensor = st.open_memory(file_bytes({"t": ("BF16", [8], bytes(16))}))["t"]
        for _ in range(50):
            with self.assertRaises((RuntimeError, BufferError)):  # NumPy has no BF16
                np.from_dlpack(failing)

    def test_consumed_capsules_release_the_tensor_in_another_thread(self):
        file = st.open(self.path, backend="mmap")
        arrays = [np.from_dlpack(file["weight"]) for _ in range(10)]
        file.close()
        thread = threading.Thread(target=arrays.clear)
        thread.start()
        thread.join()
        gc.collect()
        self.assertEqual(memory_mappings(self.path), 0)


if __name__ == "__main__":
    unittest.main()
