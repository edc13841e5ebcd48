"""Dtype: element types, and the NumPy types of their elements."""

from __future__ import annotations

import enum
import functools
from typing import Optional, Union

import numpy as np

from . import _calls
from ._library import encoded, ffi, lib


class Dtype(enum.IntEnum):
    """Element type of a tensor. Dtype("BF16") is Dtype.BF16."""

    BOOL = 1
    F4 = 2
    F6_E2M3 = 3
    F6_E3M2 = 4
    U8 = 5
    I8 = 6
    F8_E5M2 = 7
    F8_E4M3 = 8
    F8_E8M0 = 9
    F8_E4M3FNUZ = 10
    F8_E5M2FNUZ = 11
    I16 = 12
    U16 = 13
    F16 = 14
    BF16 = 15
    I32 = 16
    U32 = 17
    F32 = 18
    C64 = 19  #: complex, two F32
    F64 = 20
    I64 = 21
    U64 = 22

    @classmethod
    def _missing_(cls, value: object) -> Optional[Dtype]:
        """The dtype with a name as in a header; an unknown name raises FormatError."""
        if not isinstance(value, str):
            return None
        name, dtype = encoded(value), ffi.new("uint32_t*")
        _calls.call(lib.st_dtype_from_name, name, len(name), dtype)
        return cls(dtype[0])

    def __str__(self) -> str:
        return self.name

    @property
    def bits(self) -> int:
        """Bits per element: 16 for BF16, 4 for F4."""
        return lib.st_dtype_bits(self)

    @property
    def packed(self) -> bool:
        """Whether elements are not whole bytes (F4, F6), so that arrays have their bytes."""
        return self.bits % 8 != 0

    @property
    def numpy(self) -> np.dtype:
        """NumPy's type of the elements. Types that only the package ml_dtypes has are unsigned integers of the same
        size without it; F4 and F6 are bytes."""
        return _numpy_dtype(self)


DtypeLike = Union[Dtype, str]

_NUMPY = {
    Dtype.BOOL: "?",
    Dtype.U8: "<u1",
    Dtype.I8: "<i1",
    Dtype.I16: "<i2",
    Dtype.U16: "<u2",
    Dtype.F16: "<f2",
    Dtype.I32: "<i4",
    Dtype.U32: "<u4",
    Dtype.F32: "<f4",
    Dtype.C64: "<c8",
    Dtype.F64: "<f8",
    Dtype.I64: "<i8",
    Dtype.U64: "<u8",
}

# Names in ml_dtypes.
_ML_DTYPES = {
    Dtype.BF16: "bfloat16",
    Dtype.F8_E5M2: "float8_e5m2",
    Dtype.F8_E4M3: "float8_e4m3fn",
    Dtype.F8_E8M0: "float8_e8m0fnu",
    Dtype.F8_E4M3FNUZ: "float8_e4m3fnuz",
    Dtype.F8_E5M2FNUZ: "float8_e5m2fnuz",
}

_OF_NUMPY = {np.dtype(text): dtype for dtype, text in _NUMPY.items()}
_OF_NAME = {name: dtype for dtype, name in _ML_DTYPES.items()}


@functools.lru_cache(maxsize=None)
def _numpy_dtype(dtype: Dtype) -> np.dtype:
    if dtype in _NUMPY:
        return np.dtype(_NUMPY[dtype])
    if dtype.packed:
        return np.dtype("u1")
    try:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, _ML_DTYPES[dtype]))
    except (ImportError, AttributeError):
        return np.dtype(f"<u{dtype.bits // 8}")


def as_dtype(dtype: DtypeLike) -> Dtype:
    """The dtype, also by its name."""
    return Dtype(dtype)  # type: ignore[arg-type]


def dtype_of(numpy_dtype: np.dtype) -> Dtype:
    """The dtype of elements of a NumPy type, in either byte order; TypeError for other types."""
    found = _OF_NUMPY.get(numpy_dtype.newbyteorder("<")) or _OF_NAME.get(numpy_dtype.name)
    if found is None:
        raise TypeError(f"safetensors has no dtype for NumPy's {numpy_dtype.name}")
    return found
