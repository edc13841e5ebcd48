"""SetStage: a set whose files several processes write."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

from . import _calls
from ._dtype import as_dtype
from ._library import ffi, lib
from ._options import Arguments, PathLike, path_bytes
from ._sources import shape_array

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ._dtype import DtypeLike
    from ._options import SetOptions


class SetStage:
    """Creates a file for each shard of a set; commit() publishes the set when other processes, on this machine or
    others, have replaced them.

    A process replaces the file path_of(name) with save() or open_writer(), all tensors of its shard, the default mode,
    and the alignment, metadata_form and metadata of the stage, for a set of one file also its index_metadata. Leaving a
    `with` block without commit() removes the files. The tensors are name -> (dtype, shape). A SetStage is used by one
    thread at a time; other threads wait.
    """

    def __init__(
        self,
        directory: PathLike,
        tensors: Mapping[str, tuple[DtypeLike, Sequence[int]]],
        metadata: Optional[Mapping[str, str]] = None,
        **options: Unpack[SetOptions],
    ) -> None:
        arguments = Arguments()
        where = path_bytes(directory)
        structs = arguments.struct("st_save_tensor", len(tensors))
        for struct, (name, (dtype, shape)) in zip(structs, tensors.items()):
            struct.name, struct.name_len = arguments.text(name)
            struct.dtype, struct.rank = as_dtype(dtype), len(shape)
            struct.shape = arguments.keep(shape_array(shape))
        chosen = arguments.set_options(metadata=metadata, **options)
        create, free = lib.st_set_stage_open, lib.st_set_stage_free
        self._exclusive = _calls.Exclusive()
        self._directory = pathlib.Path(os.fsdecode(where))
        self._indices = {name: index for index, name in enumerate(tensors)}
        self._handle: Any = _calls.create("st_set_stage", free, create, where, structs, len(tensors), *chosen)

    def _open_handle(self):
        if self._handle is None:
            raise ValueError("operation on a closed set stage")
        return self._handle

    @property
    def shards(self) -> dict[pathlib.Path, list[str]]:
        """The names of the tensors in each shard, by the path of its file."""
        with self._exclusive:
            handle = self._open_handle()
            count = lib.st_set_stage_shard_count(handle)
            paths = [self._path(handle, shard) for shard in range(count)]
            names: dict[pathlib.Path, list[str]] = {path: [] for path in paths}
            for name, index in self._indices.items():
                names[paths[lib.st_set_stage_shard_of(handle, index)]].append(name)
            return names

    def path_of(self, name: str) -> pathlib.Path:
        """The path of the file that has the tensor. KeyError for a name that was not declared."""
        with self._exclusive:
            handle = self._open_handle()
            return self._path(handle, lib.st_set_stage_shard_of(handle, self._indices[name]))

    def _path(self, handle, shard: int) -> pathlib.Path:
        return self._directory / os.fsdecode(ffi.string(lib.st_set_stage_path(handle, shard)))

    def commit(self) -> None:
        """Publishes the set, and closes the stage. IncompleteError while a file has another size or header than its
        shard: the stage can go on."""
        with self._exclusive:
            _calls.call(lib.st_set_stage_commit, self._open_handle())
            self._handle = None

    def close(self) -> None:
        """Frees the stage, which removes the files unless they were published."""
        with self._exclusive:
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
