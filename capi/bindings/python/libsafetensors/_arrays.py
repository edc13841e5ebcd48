"""NumPy arrays over memory of the library, and for data that it reads."""

from __future__ import annotations

import numpy as np

from ._dtype import Dtype
from ._library import ffi


class _Memory:
    """Memory that an array uses: the array refers to this object, which refers to the owner of the memory."""

    def __init__(self, address: int, nbytes: int, read_only: bool, owner: object) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "version": 3,
            "data": (address, read_only),
            "shape": (nbytes,),
            "typestr": "|u1",
        }


def bytes_at(address: int, nbytes: int, read_only: bool, owner: object) -> np.ndarray:
    """An array of bytes over memory that `owner` keeps valid."""
    return np.asarray(_Memory(address, nbytes, read_only, owner))


def shape_in_numpy(dtype: Dtype, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the array of a tensor. Packed elements become bytes: in the last dimension or, if its extent is
    not a whole number of bytes, in the only one."""
    if not dtype.packed or not shape:
        return shape
    if shape[-1] * dtype.bits % 8 == 0:
        return (*shape[:-1], shape[-1] * dtype.bits // 8)
    elements = 1
    for extent in shape:
        elements *= extent
    return (elements * dtype.bits // 8,)


def shaped(data: np.ndarray, dtype: Dtype, shape: tuple[int, ...]) -> np.ndarray:
    """The elements in an array of bytes, without a copy."""
    return data.view(dtype.numpy).reshape(shape_in_numpy(dtype, shape))


def empty(dtype: Dtype, shape: tuple[int, ...]) -> np.ndarray:
    """A new array for a tensor."""
    return np.empty(shape_in_numpy(dtype, shape), dtype.numpy)


def writable_buffer(out: object):
    """The memory of a contiguous, writable buffer."""
    if isinstance(out, np.ndarray):
        # The buffer protocol does not know the types of ml_dtypes.
        if not out.flags.writeable:
            raise ValueError("the array is read-only")
        if not out.flags.c_contiguous:
            raise ValueError("the array is not contiguous in row-major order")
        out = out.reshape(-1).view(np.uint8) if out.size else np.empty(0, np.uint8)
    return ffi.from_buffer(out, require_writable=True)
