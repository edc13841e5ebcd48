"""Writer: a file whose tensors are declared first and whose bytes follow in any order."""

from __future__ import annotations

import operator
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Union

from . import _calls
from ._library import lib
from ._sources import bytes_of

class Writer:
    """Writes a file in pieces. Any number of threads may call write() at once; commit() waits for them and then
    replaces the file at the path. Leaving a `with` block without commit() removes what was written."""

    def __init__(self, handle, names: Mapping[str, int]) -> None:
        """For open_writer(): `handle` is an st_writer that frees itself, `names` the indices of the tensors."""
        self._handle = handle
        self._names = names
        self._condition = threading.Condition()
        self._writing = 0
        self._committing = False

    @contextmanager
    def _in_use(self, *, alone: bool) -> Iterator[Any]:
        """The handle, for a write or, alone, for the commit."""
        with self._condition:
            while self._committing or (alone and self._writing):
                self._condition.wait()
            handle = self._handle
            if handle is None:
                raise ValueError("operation on a closed writer")
            self._committing = alone
            self._writing += not alone
        try:
            yield handle
        finally:
            with self._condition:
                self._committing = self._committing and not alone
                self._writing -= not alone
                self._condition.notify_all()

    def write(self, tensor: Union[str, int], data: Any, offset: int = 0) -> None:
        """Writes the bytes of a buffer, an array or an object with __dlpack__ at a byte offset of a tensor, given by
        its name or its index among the declared tensors. The last write of a byte counts."""
        if isinstance(tensor, str):
            index = self._names[tensor]
        else:
            index = operator.index(tensor)
        piece = bytes_of(data)
        with self._in_use(alone=False) as handle:
            _calls.call(lib.st_writer_write, handle, index, offset, piece.data, piece.nbytes)

    def commit(self) -> None:
        """Replaces the file at the path. IncompleteError while bytes are missing: the writer can go on."""
        with self._in_use(alone=True) as handle:
            _calls.call(lib.st_writer_commit, handle)
            self._handle = None

    def close(self) -> None:
        """Removes what was written, unless it was committed. Calls that run in other threads end normally."""
        with self._condition:
            self._handle = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
