"""Capsules of DLPack: tensors of other libraries, without a copy, and tensors of files for them."""

from __future__ import annotations

import ctypes
from typing import NamedTuple, Optional

import numpy as np

from ._calls import call
from ._dtype import Dtype
from ._library import ffi, immortal, lib

CPU = (1, 0)
"""The DLPack device of tensors in memory."""

_HOST_DEVICES = (1, 3, 11)  # kDLCPU, kDLCUDAHost, kDLROCMHost
_VERSION = (1, 0)
_FLAG_IS_COPIED = 2

_VERSIONED = b"dltensor_versioned"
_USED_VERSIONED = immortal(b"used_dltensor_versioned")  # capsules have pointers to these names
_UNVERSIONED = b"dltensor"
_USED_UNVERSIONED = immortal(b"used_dltensor")

# DLDataTypeCode and bits -> dtype
_DTYPES = {
    (0, 8): Dtype.I8,
    (0, 16): Dtype.I16,
    (0, 32): Dtype.I32,
    (0, 64): Dtype.I64,
    (1, 8): Dtype.U8,
    (1, 16): Dtype.U16,
    (1, 32): Dtype.U32,
    (1, 64): Dtype.U64,
    (2, 16): Dtype.F16,
    (2, 32): Dtype.F32,
    (2, 64): Dtype.F64,
    (4, 16): Dtype.BF16,
    (5, 64): Dtype.C64,
    (6, 8): Dtype.BOOL,
    (10, 8): Dtype.F8_E4M3,
    (11, 8): Dtype.F8_E4M3FNUZ,
    (12, 8): Dtype.F8_E5M2,
    (13, 8): Dtype.F8_E5M2FNUZ,
    (14, 8): Dtype.F8_E8M0,
}


def _python_function(name: str, result, *parameters):
    return ctypes.PYFUNCTYPE(result, *parameters)((name, ctypes.pythonapi))


_is_valid = _python_function("PyCapsule_IsValid", ctypes.c_int, ctypes.py_object, ctypes.c_char_p)
_get_pointer = _python_function("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
_set_pointer = _python_function("PyCapsule_SetPointer", ctypes.c_int, ctypes.py_object, ctypes.c_void_p)
_set_name = _python_function("PyCapsule_SetName", ctypes.c_int, ctypes.py_object, ctypes.c_char_p)


def _managed_in(capsule: object):
    """The struct in an unused capsule."""
    for name, kind in ((_VERSIONED, "DLManagedTensorVersioned"), (_UNVERSIONED, "DLManagedTensor")):
        if _is_valid(capsule, name):
            return ffi.cast(f"struct {kind}*", _get_pointer(capsule, name))
    raise BufferError("the capsule is not an unused DLPack tensor")


def _capsule_of(managed, versioned: bool) -> object:
    """A capsule that owns `managed` until a consumer takes it.

    A destructor of a capsule runs while an exception may be set, so it cannot be a Python function. NumPy's calls the
    deleter of the struct in its capsule, whatever the struct is: this replaces the struct in a capsule of NumPy.
    """
    donor = np.empty(1, np.uint8)
    capsule = donor.__dlpack__(max_version=_VERSION) if versioned else donor.__dlpack__()
    replaced = _managed_in(capsule)
    _set_pointer(capsule, int(ffi.cast("uintptr_t", managed)))
    replaced.deleter(replaced)
    return capsule


def export_tensor(handle, max_version: Optional[tuple[int, int]], copied: bool) -> object:
    """The capsule of an st_tensor in the newest form that the consumer knows."""
    versioned = max_version is not None and max_version[0] >= _VERSION[0]
    kind, function = (
        ("DLManagedTensorVersioned", lib.st_tensor_to_dlpack)
        if versioned
        else ("DLManagedTensor", lib.st_tensor_to_dlpack_unversioned)
    )
    managed = ffi.new(f"struct {kind}**")
    call(function, handle, managed)
    if versioned and copied:
        managed[0].flags |= _FLAG_IS_COPIED
    return _capsule_of(managed[0], versioned)


def request_capsule(value) -> object:
    """The capsule of an object with __dlpack__, versioned if the object can."""
    try:
        return value.__dlpack__(max_version=_VERSION)
    except TypeError:  # an object that knows only DLPack before 1.0
        return value.__dlpack__()


def add_to_builder(builder, name, name_len: int, capsule: object) -> None:
    """Adds the tensor of a capsule to an st_builder, which then owns it."""
    managed = _managed_in(capsule)
    if ffi.typeof(managed) is ffi.typeof("struct DLManagedTensorVersioned*"):
        call(lib.st_builder_add_dlpack, builder, name, name_len, managed)
        _set_name(capsule, _USED_VERSIONED)
    else:
        call(lib.st_builder_add_dlpack_unversioned, builder, name, name_len, managed)
        _set_name(capsule, _USED_UNVERSIONED)


class CapsuleTensor(NamedTuple):
    """A tensor in a capsule, which is valid as long as the unused capsule."""

    dtype: Dtype
    shape: tuple[int, ...]
    address: int


def tensor_in(capsule: object) -> CapsuleTensor:
    """Describes the tensor in an unused capsule. BufferError if a file cannot have it as it is."""
    managed = _managed_in(capsule)
    if ffi.typeof(managed) is ffi.typeof("struct DLManagedTensorVersioned*") and managed.version.major != 1:
        raise BufferError(f"DLPack {managed.version.major} is not supported")
    tensor = managed.dl_tensor
    if tensor.device.device_type not in _HOST_DEVICES:
        raise BufferError(f"the tensor is on DLPack device {tensor.device.device_type}: copy it to the CPU")
    dtype = _DTYPES.get((tensor.dtype.code, tensor.dtype.bits)) if tensor.dtype.lanes == 1 else None
    if dtype is None:
        code, bits, lanes = tensor.dtype.code, tensor.dtype.bits, tensor.dtype.lanes
        raise BufferError(f"DLPack dtype {code} with {bits} bits and {lanes} lanes cannot be written in pieces")
    shape = tuple(tensor.shape[d] for d in range(tensor.ndim))
    if tensor.strides and 0 not in shape:
        stride = 1
        for d in reversed(range(tensor.ndim)):
            if shape[d] != 1 and tensor.strides[d] != stride:
                raise BufferError("the tensor is not contiguous in row-major order")
            stride *= shape[d]
    return CapsuleTensor(dtype, shape, int(ffi.cast("uintptr_t", tensor.data)) + tensor.byte_offset)
