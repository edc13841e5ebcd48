"""Writer: a file whose tensors are declared first and whose bytes follow in any order."""

from __future__ import annotations

import operator
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Optional, Union

import numpy as np

from . import _calls
from ._dtype import Dtype, dtype_of
from ._enums import Status
from ._errors import InvalidArgumentError, TensorNotFoundError
from ._library import lib
from ._sources import bytes_of

class Writer:
    """Writes a file in pieces. Any number of threads may call write() at once; commit() waits for them and then
    replaces the file at the path. Leaving a `with` block without commit() removes what was written."""

    def __init__(self, handle, declared: Sequence[tuple[str, Optional[Dtype]]]) -> None:
        """For open_writer(): `handle` is an st_writer that frees itself, `declared` the names of the tensors and,
        where they are known, their dtypes."""
        self._handle = handle
        self._dtypes = [dtype for _, dtype in declared]
        self._indices = {name: index for index, (name, _) in enumerate(declared)}
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
        its name or its index among the declared tensors. The last write of a byte counts. The dtype of an array is
        the tensor's; unsigned integers are the bits of any dtype."""
        index = self._index_of(tensor)
        self._check_dtype(index, data)
        piece = bytes_of(data)
        with self._in_use(alone=False) as handle:
            _calls.call(lib.st_writer_write, handle, index, offset, piece.data, piece.nbytes)

    def _index_of(self, tensor: Union[str, int]) -> int:
        if not isinstance(tensor, str):
            return operator.index(tensor)
        if tensor not in self._indices:
            raise TensorNotFoundError(Status.TENSOR_NOT_FOUND, f"the writer has no tensor {tensor!r}")
        return self._indices[tensor]

    def _check_dtype(self, index: int, data: Any) -> None:
        if not isinstance(data, (np.ndarray, np.generic)) or data.dtype.kind == "u":
            return
        expected = self._dtypes[index] if 0 <= index < len(self._dtypes) else None
        if expected is not None and dtype_of(data.dtype) != expected:
            raise InvalidArgumentError(
                Status.INVALID_ARGUMENT,
                f"the array has dtype {dtype_of(data.dtype)}, the tensor {expected}",
            )

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
