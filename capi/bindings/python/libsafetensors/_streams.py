"""File objects as sources and sinks of the library."""

from __future__ import annotations

import io
import os
import threading
from typing import Protocol, Union


class Readable(Protocol):
    """A file object that can seek and read bytes."""

    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def read(self, size: int = -1, /) -> bytes: ...


class Writable(Protocol):
    """A file object that writes bytes and returns their number, or None if it wrote all."""

    def write(self, data: memoryview, /) -> Union[int, None]: ...


class Reader:
    """Reads ranges of a file object; several threads may call it."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._lock = threading.Lock()

    def size(self) -> int:
        """Size of the file in bytes."""
        with self._lock:
            return self._file.seek(0, os.SEEK_END)

    def __call__(self, offset: int, buffer: memoryview) -> None:
        with self._lock:
            self._file.seek(offset)
            done = 0
            while done < len(buffer):
                count = self._read_into(buffer[done:])
                if not count:
                    raise EOFError(f"the file object ends {len(buffer) - done} bytes early, at {offset + done}")
                done += count

    def _read_into(self, buffer: memoryview) -> int:
        if hasattr(self._file, "readinto"):
            return self._file.readinto(buffer) or 0
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Writer:
    """Appends to a file object."""

    def __init__(self, file: Writable) -> None:
        self._file = file

    def __call__(self, _offset: int, data: memoryview) -> None:
        done = 0
        while done < len(data):
            count = self._file.write(data[done:])
            if count is None and isinstance(self._file, io.RawIOBase):
                raise BlockingIOError("the file object is in nonblocking mode and cannot write")
            done = len(data) if count is None else done + count
