"""Tensor: the bytes of a tensor in a file, and arrays over them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, Optional

from . import _calls, _dlpack
from ._arrays import bytes_at, shaped
from ._dtype import Dtype
from ._errors import SafetensorsError
from ._library import ffi, lib, text_of
from ._options import open_options

if TYPE_CHECKING:
    import numpy as np

_INFO = ffi.typeof("st_tensor_info*")
_INFO_SIZE = ffi.sizeof("st_tensor_info")


class TensorInfo(NamedTuple):
    """A tensor's entry in the header."""

    name: str
    dtype: Dtype
    shape: tuple[int, ...]
    nbytes: int
    file_offset: int
    """Offset of the data from the first byte of the file."""


def new_info():
    """A zeroed st_tensor_info with its size set."""
    info = ffi.new(_INFO)
    info.size = _INFO_SIZE
    return info


def info_of(info) -> TensorInfo:
    """The TensorInfo of an st_tensor_info."""
    shape = tuple(ffi.unpack(info.shape, info.rank)) if info.rank else ()
    return TensorInfo(text_of(info.name, info.name_len), Dtype(info.dtype), shape, info.nbytes, info.file_offset)


class Tensor:
    """A tensor of a file, valid after the file is closed. numpy() and DLPack give its bytes without a copy.

    Tensors come from File and are immutable; any number of threads may use one.
    """

    __slots__ = ("_handle", "_info")

    def __init__(self, handle) -> None:
        """For File: `handle` is an st_tensor that releases itself."""
        info = new_info()
        _calls.call(lib.st_tensor_describe, handle, info)
        self._handle = handle
        self._info = info_of(info)

    @property
    def info(self) -> TensorInfo:
        """The tensor's entry in the header."""
        return self._info

    @property
    def name(self) -> str:
        """Name of the tensor."""
        return self._info.name

    @property
    def dtype(self) -> Dtype:
        """Element type."""
        return self._info.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Extents in elements, () for a scalar."""
        return self._info.shape

    @property
    def nbytes(self) -> int:
        """Size of the data in bytes."""
        return self._info.nbytes

    @property
    def writable(self) -> bool:
        """Whether arrays over the tensor are writable, as the file was opened with writable=True."""
        return lib.st_tensor_mutable_data(self._handle) != ffi.NULL

    @property
    def address(self) -> int:
        """Address of the first byte, valid as long as this object."""
        return int(ffi.cast("uintptr_t", lib.st_tensor_data(self._handle)))

    def numpy(self) -> np.ndarray:
        """The elements without a copy, read-only unless `writable`. The array keeps the memory valid.

        BF16 and F8 need the package ml_dtypes and are unsigned integers without it. F4 and F6 are bytes: the last
        extent counts bytes, or, if that is not a whole number, the array has one dimension.
        """
        return shaped(self.raw(), self.dtype, self.shape)

    def raw(self) -> np.ndarray:
        """The bytes without a copy, as an array of uint8 with one dimension."""
        return bytes_at(self.address, self.nbytes, not self.writable, self._handle)

    def copy(self) -> Tensor:
        """A tensor with a copy of the bytes in memory of its own, writable."""
        fields = {"dtype": self.dtype.name, "shape": self.shape, "data_offsets": [0, self.nbytes]}
        header = json.dumps({self.name: fields}).encode()
        header = len(header).to_bytes(8, "little") + header
        data = self.raw().data

        def read(offset: int, buffer: memoryview) -> None:
            if offset < len(header):
                buffer[:] = header[offset : offset + len(buffer)]
            else:
                offset -= len(header)
                buffer[:] = data[offset : offset + len(buffer)]

        source = ffi.new("st_io*")
        source.size, source.nbytes = ffi.sizeof("st_io"), len(header) + self.nbytes
        source.read_at, source.user_data = _calls.read_at, (kept := ffi.new_handle(read))
        options = open_options(writable=True)
        file = _calls.create("st_file", lib.st_close, lib.st_open_io, source, options)
        handle = _calls.create("st_tensor", lib.st_tensor_unref, lib.st_get_tensor_at, file, 0, 0)
        del kept
        return Tensor(handle)

    def __array__(self, dtype: Optional[np.dtype] = None, copy: Optional[bool] = None) -> np.ndarray:
        """For NumPy: np.asarray(tensor) copies nothing."""
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"a copy is needed for {dtype}")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(
        self,
        *,
        stream: Optional[int] = None,
        max_version: Optional[tuple[int, int]] = None,
        dl_device: Optional[tuple[int, int]] = None,
        copy: Optional[bool] = None,
    ) -> object:
        """A DLPack capsule over the bytes, without a copy unless `copy` is true. BufferError if the consumer needs a
        copy or, for a read-only tensor, knows only DLPack before 1.0."""
        if stream is not None:
            raise ValueError(f"stream is {stream!r}: memory of the CPU has no stream")
        if dl_device is not None and tuple(dl_device) != _dlpack.CPU:
            raise BufferError(f"the tensor is in memory of the CPU, not on DLPack device {tuple(dl_device)}")
        tensor = self.copy() if copy else self
        try:
            return _dlpack.export_tensor(tensor._handle, max_version, copied=bool(copy))
        except SafetensorsError as error:
            raise BufferError(f"{error.message}; writable=True in open(), or copy=True here, may help") from error

    def __dlpack_device__(self) -> tuple[int, int]:
        """The DLPack device: (1, 0), the CPU."""
        return _dlpack.CPU

    def __repr__(self) -> str:
        return f"<Tensor {self.name!r} {self.dtype} {list(self.shape)}>"
