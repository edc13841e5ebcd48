"""The functions that open files."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Union

from . import _calls
from ._file import File
from ._library import ffi, lib
from ._options import PathLike, open_options, path_bytes
from ._streams import Readable, Reader

if TYPE_CHECKING:
    import numpy as np
    from typing_extensions import Unpack

    from ._options import OpenOptions


def _open(function, *arguments, **options: Any) -> File:
    chosen = open_options(**options)
    return File(_calls.create("st_file", lib.st_close, function, *arguments, chosen))


def open(source: Union[PathLike, int, Readable], **options: Unpack[OpenOptions]) -> File:
    """Opens a file and validates its header.

    `source` is a path; the descriptor of a regular file, which remains the caller's; or a file object that can seek
    and read bytes, which must stay open as long as tensors are read.
    """
    if isinstance(source, int):
        return _open(lib.st_open_fd, source, **options)
    if isinstance(source, (str, bytes, os.PathLike)):
        return _open(lib.st_open, path_bytes(source), **options)
    if not hasattr(source, "seek") or not (hasattr(source, "read") or hasattr(source, "readinto")):
        raise TypeError(f"cannot open {type(source).__name__}: expected a path, a descriptor or a file object")
    reader = Reader(source)
    return open_io(reader, reader.size(), **options)


def open_set(path: PathLike, **options: Unpack[OpenOptions]) -> File:
    """Opens a model in one or more files: `path` is a directory, an index (*.json), or the only file."""
    return _open(lib.st_open_set, path_bytes(path), **options)


def open_memory(data: Any, *, copy: bool = False, **options: Unpack[OpenOptions]) -> File:
    """Opens a contiguous buffer (bytes, memoryview, mmap). Without `copy`, the tensors use its memory, which they keep
    alive and which must not change."""
    buffer = ffi.from_buffer(data)
    if copy:
        return _open(lib.st_open_memory_copy, buffer, len(buffer), **options)
    with _calls.lend(buffer) as lent:
        return _open(lib.st_open_memory, buffer, len(buffer), _calls.release, lent, **options)


def open_io(read: Callable[[int, memoryview], object], nbytes: int, **options: Unpack[OpenOptions]) -> File:
    """Opens a file of `nbytes` bytes that read(offset, buffer) reads: it fills the buffer, which is valid until it
    returns. Several threads may call it at once. An exception that it raises leaves the method that reads."""
    source = ffi.new("st_io*")
    source.size, source.nbytes = ffi.sizeof("st_io"), nbytes
    source.read_at, source.release = _calls.read_at, _calls.release
    with _calls.lend(read) as source.user_data:
        return _open(lib.st_open_io, source, **options)


def load(source: Union[PathLike, int, Readable], **options: Unpack[OpenOptions]) -> dict[str, np.ndarray]:
    """All tensors of a file as NumPy arrays, without a copy where the file is mapped."""
    with open(source, **options) as file:
        return {name: tensor.numpy() for name, tensor in file.items()}


def load_memory(data: Any, **options: Unpack[OpenOptions]) -> dict[str, np.ndarray]:
    """All tensors of a buffer as NumPy arrays over its memory."""
    with open_memory(data, **options) as file:
        return {name: tensor.numpy() for name, tensor in file.items()}


def load_set(path: PathLike, **options: Unpack[OpenOptions]) -> dict[str, np.ndarray]:
    """All tensors of a model in one or more files as NumPy arrays, without a copy where they are mapped."""
    with open_set(path, **options) as file:
        return {name: tensor.numpy() for name, tensor in file.items()}
