"""The functions that change files: edit() and consolidate()."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Optional

from . import _calls
from ._enums import EditMethod
from ._library import ffi, lib
from ._options import Arguments, PathLike, path_bytes

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import SaveOptions, SetOptions


def edit(
    path: PathLike,
    *,
    metadata: Optional[Mapping[str, str]] = None,
    remove: Iterable[str] = (),
    rename: Optional[Mapping[str, str]] = None,
    in_place: bool = False,
    **options: Unpack[SaveOptions],
) -> EditMethod:
    """Changes metadata and tensor names of a file and keeps its data: adds or replaces the entries of `metadata`,
    removes those with the keys in `remove`, and gives the tensors that are keys of `rename` the names that are its
    values. The new file replaces the old one atomically; with `in_place`, the file itself is changed, and a crash
    meanwhile can damage it. Of the options, fsync, mode, follow_link and progress apply."""
    if isinstance(remove, str):
        raise TypeError("remove is a str: expected an iterable of keys")
    arguments, method = Arguments(), ffi.new("uint32_t*")
    change = arguments.struct("st_edit")
    change[0].in_place = bool(in_place)
    change[0].set, change[0].set_count = arguments.entries(metadata or {})
    change[0].remove, change[0].remove_count = arguments.keys(list(remove))
    change[0].rename, change[0].rename_count = arguments.entries(rename or {})
    _calls.call(lib.st_edit_metadata, path_bytes(path), change, arguments.save_options(**options), method)
    return EditMethod(method[0])


def consolidate(
    source_directory: PathLike,
    directory: PathLike,
    metadata: Optional[Mapping[str, str]] = None,
    **options: Unpack[SetOptions],
) -> None:
    """Joins a checkpoint of torch.distributed.checkpoint's Hugging Face writer, in which each file has parts of
    tensors, to a set in `directory`."""
    arguments = Arguments()
    chosen = arguments.set_options(metadata=metadata, **options)
    _calls.call(lib.st_consolidate, path_bytes(source_directory), path_bytes(directory), *chosen)
