"""File: an open safetensors file or set."""

from __future__ import annotations

import builtins
import json
import operator
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

from . import _calls
from ._arrays import empty, writable_buffer
from ._dtype import Dtype
from ._enums import Order, choice
from ._library import encoded, ffi, lib, text_of
from ._metadata import Metadata
from ._places import Identity, Location, Shard, identity_of, location_of, shard_of
from ._slices import SliceKey, bounds
from ._tensor import Tensor, TensorInfo, info_of, new_info

if TYPE_CHECKING:
    import numpy as np


class File(Mapping[str, Tensor]):
    """A validated safetensors file, or the files of a set, as a mapping of names to tensors.

    Tensor data is read when it is requested. Iteration is in the order of the names' bytes. A missing name raises
    TensorNotFoundError, which is a KeyError. Any number of threads may use a File. Tensors and arrays stay valid
    after close(); other uses of a closed File raise ValueError.
    """

    def __init__(self, handle) -> None:
        """For open(), open_memory(), open_io() and open_set(): `handle` is an st_file that closes itself."""
        self._handle = handle

    # ---- Lifetime

    @property
    def handle(self):
        """The st_file of the C ABI, valid as long as this reference to it."""
        handle = self._handle
        if handle is None:
            raise ValueError("operation on a closed safetensors file")
        return handle

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._handle is None

    def close(self) -> None:
        """Closes the file. Calls that run in other threads end normally."""
        self._handle = None

    def __enter__(self) -> File:
        _ = self.handle
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- Tensors

    def __getitem__(self, name: str) -> Tensor:
        if not isinstance(name, str):
            raise KeyError(name)
        file, data = self.handle, encoded(name)
        return Tensor(_calls.create("st_tensor", lib.st_tensor_unref, lib.st_get_tensor, file, data, len(data)))

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        data = encoded(name)
        return lib.st_file_has_tensor(self.handle, data, len(data)) != 0

    def __len__(self) -> int:
        return lib.st_file_tensor_count(self.handle)

    def __iter__(self) -> Iterator[str]:
        for info in self.infos():
            yield info.name

    def infos(self, order: Union[Order, str] = Order.NAME) -> Iterator[TensorInfo]:
        """The entries of all tensors, by name or, with order="file", by file offset."""
        file, info, by = self.handle, new_info(), choice(Order, order)
        for index in range(len(self)):
            _calls.call(lib.st_file_tensor_at, file, by, index, info)
            yield info_of(info)

    def info(self, name: str) -> TensorInfo:
        """A tensor's entry in the header."""
        file, data, info = self.handle, encoded(name), new_info()
        _calls.call(lib.st_file_find_tensor, file, data, len(data), info)
        return info_of(info)

    def at(self, index: int, order: Union[Order, str] = Order.NAME) -> Tensor:
        """The tensor at an index in the order of the names or, with order="file", of the file offsets."""
        file, by, place = self.handle, choice(Order, order), operator.index(index)
        return Tensor(_calls.create("st_tensor", lib.st_tensor_unref, lib.st_get_tensor_at, file, by, place))

    def read(self, name: str, out: Optional[Any] = None) -> np.ndarray:
        """Reads a tensor into a new array, or into `out`, a writable buffer, and returns it."""
        if out is None:
            info = self.info(name)
            out = empty(info.dtype, info.shape)
        file, data, buffer = self.handle, encoded(name), writable_buffer(out)
        _calls.call(lib.st_read_tensor, file, data, len(data), buffer, len(buffer))
        return out

    def read_slice(self, name: str, key: SliceKey, out: Optional[Any] = None) -> np.ndarray:
        """Reads a part of a tensor into a new array, or into `out`, a writable buffer, and returns it. `key` is an
        index of NumPy with slices of the step 1: np.s_[0:2, 1:3]. Only that part of the file is read."""
        info = self.info(name)
        starts, stops, shape = bounds(key, info.shape)
        if out is None:
            out = _empty_slice(info.dtype, starts, stops, shape)
        file, data, buffer = self.handle, encoded(name), writable_buffer(out)
        _calls.call(
            lib.st_read_slice, file, data, len(data), ffi.new("uint64_t[]", starts),
            ffi.new("uint64_t[]", stops), len(starts), buffer, len(buffer), ffi.NULL,
        )  # fmt: skip
        return out

    def read_at(self, file_offset: int, out: Union[int, Any]) -> Any:
        """Reads bytes of the file: a number of them into a new bytearray, or as many as a writable buffer has."""
        result = bytearray(out) if isinstance(out, int) else out
        buffer = writable_buffer(result)
        _calls.call(lib.st_read_at, self.handle, file_offset, buffer, len(buffer))
        return result

    def prefetch(self, name: Optional[str] = None) -> None:
        """Starts to read a tensor, or the whole file, into the page cache, and does not wait for it. Does nothing for
        memory and for functions that read."""
        if name is None:
            self.prefetch_at(0, self.nbytes)
        else:
            info = self.info(name)
            self.prefetch_at(info.file_offset, info.nbytes)

    def prefetch_at(self, file_offset: int, nbytes: int) -> None:
        """The same for a range of bytes of the file."""
        _calls.call(lib.st_file_prefetch, self.handle, file_offset, nbytes)

    # ---- Properties of the file

    @property
    def metadata(self) -> Metadata:
        """The header's __metadata__, a mapping."""
        return Metadata(self)

    @property
    def nbytes(self) -> int:
        """Size of the file, or of all files of the set, in bytes."""
        return lib.st_file_size(self.handle)

    @property
    def data_offset(self) -> int:
        """Offset of the tensor data; 0 for a set of several files."""
        return lib.st_file_data_offset(self.handle)

    @property
    def is_mapped(self) -> bool:
        """Whether the file is mapped, so that tensor bytes are pages of the file."""
        return lib.st_file_is_mapped(self.handle) != 0

    @property
    def identity(self) -> Identity:
        """Which file this is, as it was opened."""
        return identity_of(self.handle)

    def verify_unchanged(self) -> None:
        """Raises FileError (TRUNCATED or CHANGED) if the file was modified after it was opened."""
        _calls.call(lib.st_file_verify_unchanged, self.handle)

    def is_replaced(self) -> bool:
        """Whether another file has taken the path from which this one was opened: a server calls it at intervals, and
        opens the path again. A path that names nothing has not been taken. Of a set, the index and every shard count.
        False for a file without a path."""
        replaced = ffi.new("int32_t*")
        _calls.call(lib.st_file_is_replaced, self.handle, replaced)
        return replaced[0] != 0

    # ---- Sets

    @property
    def shards(self) -> list[Shard]:
        """The files of the set, one for a single file, in the order of their paths' bytes."""
        file = self.handle
        return [shard_of(file, index) for index in builtins.range(lib.st_shard_count(file))]

    def location(self, name: str) -> Location:
        """Where a tensor's bytes are, for reads by other means."""
        return location_of(self.handle, name)

    @property
    def index_metadata(self) -> Optional[dict[str, Any]]:
        """The "metadata" of the set's index, or None."""
        text, length = ffi.new("const char**"), ffi.new("uint64_t*")
        file = self.handle
        try:
            _calls.call(lib.st_file_index_metadata, file, text, length)
        except KeyError:
            return None
        return json.loads(text_of(text[0], length[0]))

    # Files are not compared by their tensors, which would read them.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        if self.closed:
            return "<File closed>"
        path = os.fsdecode(self.shards[0].path)
        return f"<File {path!r}, {len(self)} tensors>" if path else f"<File, {len(self)} tensors>"


def _empty_slice(dtype: Dtype, starts: list[int], stops: list[int], shape: tuple[int, ...]) -> np.ndarray:
    """A new array for a slice; of packed elements, its bytes."""
    if not dtype.packed:
        return empty(dtype, shape)
    extents = tuple(stop - start for start, stop in zip(starts, stops))
    return empty(dtype, extents)
