"""The functions that save tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional

from . import _calls
from ._builder import Builder
from ._library import lib
from ._options import Arguments, PathLike, path_bytes
from ._sources import Saveable, source_of
from ._streams import Writable
from ._writer import Writer

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._dtype import DtypeLike
    from ._options import SaveOptions, SetOptions

Tensors = Mapping[str, Saveable]
Entries = Optional[Mapping[str, str]]


def save(path: PathLike, tensors: Tensors, metadata: Entries = None, **options: Unpack[SaveOptions]) -> None:
    """Writes a file and replaces `path` by it atomically: readers get the complete old or the complete new file."""
    Builder(tensors, metadata).save(path, **options)


def save_size(tensors: Tensors, metadata: Entries = None, **options: Unpack[SaveOptions]) -> int:
    """Size in bytes of the file that save() would write."""
    return Builder(tensors, metadata).save_size(**options)


def save_memory(tensors: Tensors, metadata: Entries = None, **options: Unpack[SaveOptions]) -> bytearray:
    """The bytes that save() would write."""
    return Builder(tensors, metadata).save_memory(**options)


def save_to(file: Writable, tensors: Tensors, metadata: Entries = None, **options: Unpack[SaveOptions]) -> None:
    """Writes the bytes of save() to a file object, in order and without a copy: to a pipe, a socket, an archive. Its
    write() gets memoryviews that are valid until it returns."""
    Builder(tensors, metadata).save_to(file, **options)


def save_set(
    directory: PathLike,
    tensors: Tensors,
    metadata: Entries = None,
    *,
    storages: Optional[Mapping[str, tuple[int, int]]] = None,
    **options: Unpack[SetOptions],
) -> None:
    """Writes tensors to a directory as shards and an index, or as one file if one shard holds all. The set is
    published when it is complete.

    `storages` names the memory of tensors that share it, by an identifier that is not 0 and its size in bytes: they
    get into the same shard.
    """
    if storages is None:
        Builder(tensors, metadata).save_set(directory, **options)
        return
    arguments = Arguments()
    structs = arguments.struct("st_save_tensor", len(tensors))
    for struct, (name, value) in zip(structs, tensors.items()):
        source = arguments.keep(source_of(value))
        struct.name, struct.name_len = arguments.text(name)
        struct.dtype, struct.shape, struct.rank = source.described
        struct.data, struct.nbytes = source.data, source.nbytes
        if source.fill is not None:
            struct.fill, struct.user_data = _calls.read_at, arguments.callback(source.fill)
        struct.storage_id, struct.storage_nbytes = storages.get(name, (0, 0))
    chosen = arguments.set_options(metadata=metadata, **options)
    _calls.call(lib.st_save_set, path_bytes(directory), structs, len(tensors), *chosen)


def open_writer(
    path: PathLike,
    tensors: Mapping[str, tuple[DtypeLike, Sequence[int]]],
    metadata: Entries = None,
    **options: Unpack[SaveOptions],
) -> Writer:
    """A Writer of a file with these tensors: name -> (dtype, shape)."""
    builder = Builder(metadata=metadata)
    for name, (dtype, shape) in tensors.items():
        builder.declare(name, dtype, shape)
    return builder.open_writer(path, **options)
