"""SetWriter: a set that is written one tensor at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional

from . import _calls
from ._library import encoded, ffi, lib
from ._options import Arguments, PathLike, path_bytes
from ._sources import Saveable, source_of

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ._options import SetOptions


class SetWriter:
    """Writes a set in constant memory: add() writes a tensor at once, commit() publishes the set.

    Leaving a `with` block without commit() removes what was written; with resume=True it keeps complete shards, and a
    later SetWriter of the same set with equal options, to which the same tensors are added in the same order, reuses
    them. A SetWriter is used by one thread at a time; other threads wait.
    """

    def __init__(
        self,
        directory: PathLike,
        metadata: Optional[Mapping[str, str]] = None,
        *,
        resume: bool = False,
        **options: Unpack[SetOptions],
    ) -> None:
        self._arguments = Arguments()  # the progress callback is used until the writer is freed
        self._exclusive = _calls.Exclusive()
        where = path_bytes(directory)
        chosen = self._arguments.set_options(metadata=metadata, resume=resume, **options)
        create, free = lib.st_set_writer_open, lib.st_set_writer_free
        self._handle: Any = _calls.create("st_set_writer", free, create, where, *chosen)

    def _open_handle(self):
        if self._handle is None:
            raise ValueError("operation on a closed set writer")
        return self._handle

    def add(self, name: str, value: Saveable) -> None:
        """Adds a tensor and writes its bytes."""
        data, source = encoded(name), source_of(value)
        with self._exclusive:
            first = (self._open_handle(), data, len(data), *source.described)
            if source.fill is None:
                _calls.call(lib.st_set_writer_add, *first, source.data, source.nbytes)
            else:
                fill = ffi.new_handle(source.fill)
                _calls.call(lib.st_set_writer_add_fill, *first, source.nbytes, _calls.read_at, fill)

    def has_tensor(self, name: str) -> bool:
        """Whether a complete shard that resume=True found has the tensor, so that its bytes are not needed: add() then
        reads neither `data` nor `fill`."""
        data = encoded(name)
        with self._exclusive:
            return lib.st_set_writer_has_tensor(self._open_handle(), data, len(data)) != 0

    def commit(self) -> None:
        """Publishes the set. Afterwards the writer is closed."""
        with self._exclusive:
            _calls.call(lib.st_set_writer_commit, self._open_handle())
            self._handle = None

    def close(self) -> None:
        """Frees the writer, which removes what it wrote, or keeps it as above, unless it was committed."""
        with self._exclusive:
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
