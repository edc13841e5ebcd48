"""What can be saved: arrays, tensors of files, tensors of other libraries, and bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional, Union

import numpy as np

from . import _dlpack
from ._dtype import Dtype, DtypeLike, as_dtype, dtype_of
from ._library import ffi
from ._tensor import Tensor


@dataclass(frozen=True)
class TensorData:
    """A tensor to save by its bytes, for dtypes that NumPy does not have and for data that is made during the save."""

    dtype: DtypeLike
    shape: Sequence[int]
    data: Any = None
    """The bytes, little-endian, dense, in row-major order: a contiguous buffer."""
    fill: Optional[Callable[[int, memoryview], object]] = None
    """Instead of `data`: fill(offset, buffer) fills the buffer with the bytes at an offset of the tensor. The buffer
    is valid until it returns."""


Saveable = Union[np.ndarray, np.generic, Tensor, TensorData, Any]
"""What the functions that save accept: NumPy arrays and scalars, Tensor, TensorData, and objects with __dlpack__ in
memory of the CPU, such as tensors of PyTorch and JAX."""


class Source(NamedTuple):
    """Arguments of the C functions that add a tensor."""

    dtype: Dtype
    shape: Any  # uint64_t[]
    rank: int
    data: Any  # const void*, NULL with fill
    nbytes: int
    fill: Optional[Callable[[int, memoryview], object]]
    owner: object  # keeps data valid

    @property
    def described(self):
        """(dtype, shape, rank) of the C functions."""
        return self.dtype, self.shape, self.rank


def shape_array(shape: Sequence[int]):
    """A uint64_t[] of extents."""
    return ffi.new("uint64_t[]", [int(extent) for extent in shape])


def data_size(dtype: Dtype, shape: Sequence[int]) -> int:
    """Size of a tensor in bytes, rounded down; the library rejects partial bytes and an overflow."""
    bits = dtype.bits
    for extent in shape:
        bits *= int(extent)
    return min(bits // 8, (1 << 64) - 1)


def dense_array(array: np.ndarray) -> np.ndarray:
    """The array in little-endian byte order and row-major, without a copy if it is that already."""
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


class Bytes(NamedTuple):
    """Bytes in memory."""

    data: Any  # const void*
    nbytes: int
    owner: object  # keeps data valid


def bytes_of(data: Any) -> Bytes:
    """The bytes of a contiguous buffer, an array, a Tensor or an object with __dlpack__."""
    if isinstance(data, (np.ndarray, np.generic, Tensor)):
        source = source_of(data)
        return Bytes(source.data, source.nbytes, source.owner)
    try:
        buffer = ffi.from_buffer(data)
    except TypeError:
        if not hasattr(data, "__dlpack__"):
            raise
        source = source_of(data)
        return Bytes(source.data, source.nbytes, source.owner)
    return Bytes(buffer, len(buffer), buffer)


def _source_of_capsule(capsule: object) -> Source:
    dtype, shape, address = _dlpack.tensor_in(capsule)
    data = ffi.cast("char*", address)
    return Source(dtype, shape_array(shape), len(shape), data, data_size(dtype, shape), None, capsule)


def source_of(value: Saveable) -> Source:
    """The source for a value; TypeError if it cannot be saved."""
    if isinstance(value, Tensor):
        data = ffi.cast("char*", value.address)
        return Source(value.dtype, shape_array(value.shape), len(value.shape), data, value.nbytes, None, value)
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        dtype, dense = dtype_of(array.dtype), dense_array(array)
        data = ffi.cast("char*", dense.ctypes.data)
        return Source(dtype, shape_array(array.shape), array.ndim, data, dense.nbytes, None, dense)
    if isinstance(value, TensorData):
        dtype, shape = as_dtype(value.dtype), shape_array(value.shape)
        if (value.data is None) == (value.fill is None):
            raise ValueError("TensorData needs either data or fill")
        if value.fill is not None:
            nbytes = data_size(dtype, value.shape)
            return Source(dtype, shape, len(value.shape), ffi.NULL, nbytes, value.fill, value)
        content = bytes_of(value.data)
        return Source(dtype, shape, len(value.shape), content.data, content.nbytes, None, content)
    if hasattr(value, "__dlpack__"):
        return _source_of_capsule(_dlpack.request_capsule(value))
    raise TypeError(
        f"cannot save {type(value).__name__}: expected a NumPy array, Tensor, TensorData or an object with __dlpack__"
    )
