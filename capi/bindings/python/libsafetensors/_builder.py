"""Builder: tensors and metadata to save."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from . import _calls, _dlpack, _streams
from ._dtype import Dtype, DtypeLike, as_dtype
from ._library import encoded, ffi, lib
from ._options import Arguments, PathLike, path_bytes
from ._sources import Saveable, Source, TensorData, shape_array, source_of
from ._streams import Writable
from ._tensor import Tensor
from ._writer import Writer

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ._options import SaveOptions, SetOptions


class Builder:
    """Collects tensors and metadata, and saves them any number of times.

    The tensors' memory is used when saving, and kept alive until then. A Builder is used by one thread at a time;
    other threads wait.
    """

    def __init__(self, tensors: Optional[Mapping[str, Saveable]] = None, metadata: Optional[Mapping[str, str]] = None):
        self._handle = _calls.create("st_builder", lib.st_builder_free, lib.st_builder_new)
        self._exclusive = _calls.Exclusive()
        self._kept: list[object] = []
        self._declared: list[tuple[str, Optional[Dtype]]] = []  # None: the dtype of a DLPack tensor
        for name, value in (tensors or {}).items():
            self.add(name, value)
        for key, text in (metadata or {}).items():
            self.add_metadata(key, text)

    def __len__(self) -> int:
        """Number of tensors."""
        return len(self._declared)

    def add(self, name: str, value: Saveable, *, copy: bool = False) -> Self:
        """Adds a tensor; with `copy`, a copy of its bytes. Arrays that are not dense in row-major order are always
        copied. Duplicate names fail when saving."""
        with self._exclusive:
            builtin = isinstance(value, (np.ndarray, np.generic, Tensor, TensorData))
            if not builtin and not copy and hasattr(value, "__dlpack__"):
                data = encoded(name)
                capsule = _dlpack.request_capsule(value)
                _dlpack.add_to_builder(self._handle, data, len(data), capsule)
                self._declared.append((name, None))
            else:
                source = source_of(value)
                self._add_source(encoded(name), source, copy)
                self._declared.append((name, source.dtype))
        return self

    def _add_source(self, name: bytes, source: Source, copy: bool) -> None:
        first = (self._handle, name, len(name), *source.described)
        if source.fill is not None:
            user_data = ffi.new_handle(source.fill)
            _calls.call(lib.st_builder_add_fill, *first, source.nbytes, _calls.read_at, user_data)
            self._kept += [user_data, source.fill]
        elif copy:
            _calls.call(lib.st_builder_add_copy, *first, source.data, source.nbytes)
        else:
            _calls.call(lib.st_builder_add, *first, source.data, source.nbytes)
            self._kept.append(source.owner)

    def add_bytes(self, name: str, dtype: DtypeLike, shape: Sequence[int], data: Any) -> Self:
        """Adds a tensor by its bytes, a contiguous buffer."""
        return self.add(name, TensorData(dtype, shape, data))

    def add_fill(
        self, name: str, dtype: DtypeLike, shape: Sequence[int], fill: Callable[[int, memoryview], object]
    ) -> Self:
        """Adds a tensor whose bytes fill(offset, buffer) provides when saving, in ascending order."""
        return self.add(name, TensorData(dtype, shape, fill=fill))

    def declare(self, name: str, dtype: DtypeLike, shape: Sequence[int]) -> Self:
        """Adds a tensor without bytes, for open_writer() and save_size()."""
        data = encoded(name)
        with self._exclusive:
            _calls.call(
                lib.st_builder_declare, self._handle, data, len(data), as_dtype(dtype),
                shape_array(shape), len(shape),
            )  # fmt: skip
            self._declared.append((name, as_dtype(dtype)))
        return self

    def add_metadata(self, key: str, value: str) -> Self:
        """Adds a metadata entry."""
        arguments = Arguments()
        with self._exclusive:
            _calls.call(lib.st_builder_add_metadata, self._handle, *arguments.text(key), *arguments.text(value))
        return self

    def save(self, path: PathLike, **options: Unpack[SaveOptions]) -> None:
        """Writes a file and replaces `path` by it atomically."""
        arguments = Arguments()
        with self._exclusive:
            _calls.call(lib.st_builder_save, self._handle, path_bytes(path), arguments.save_options(**options))

    def save_size(self, **options: Unpack[SaveOptions]) -> int:
        """Size in bytes of the file that save() would write."""
        arguments, nbytes = Arguments(), ffi.new("uint64_t*")
        with self._exclusive:
            _calls.call(lib.st_builder_save_size, self._handle, arguments.save_options(**options), nbytes)
        return nbytes[0]

    def save_memory(self, out: Optional[Any] = None, **options: Unpack[SaveOptions]) -> Any:
        """The bytes of save() in a new bytearray or, as a memoryview of them, in `out`, a writable buffer."""
        result = bytearray(self.save_size(**options)) if out is None else out
        buffer, nbytes, arguments = ffi.from_buffer(result, require_writable=True), ffi.new("uint64_t*"), Arguments()
        with self._exclusive:
            chosen = arguments.save_options(**options)
            _calls.call(lib.st_builder_save_memory, self._handle, chosen, buffer, len(buffer), nbytes)
        ffi.release(buffer)
        return result if out is None else memoryview(out).cast("B")[: nbytes[0]]

    def save_to(self, file: Writable, **options: Unpack[SaveOptions]) -> None:
        """Writes the bytes of save() to a file object, in order and without a copy. Its write() gets memoryviews that
        are valid until it returns."""
        arguments = Arguments()
        user_data = arguments.callback(_streams.Writer(file))
        with self._exclusive:
            chosen = arguments.save_options(**options)
            _calls.call(lib.st_builder_save_io, self._handle, _calls.write, user_data, chosen)

    def save_set(self, directory: PathLike, **options: Unpack[SetOptions]) -> None:
        """Writes the tensors as shards and an index, or as one file if one shard holds all. The set is published
        when it is complete."""
        arguments = Arguments()
        with self._exclusive:
            chosen = arguments.set_options(**options)
            _calls.call(lib.st_builder_save_set, self._handle, path_bytes(directory), *chosen)

    def open_writer(self, path: PathLike, **options: Unpack[SaveOptions]) -> Writer:
        """A Writer of a file with the tensors that were added or declared; their bytes are ignored."""
        arguments = Arguments()
        with self._exclusive:
            chosen, where = arguments.save_options(**options), path_bytes(path)
            create = lib.st_builder_open_writer
            handle = _calls.create("st_writer", lib.st_writer_free, create, self._handle, where, chosen)
            return Writer(handle, self._declared)


