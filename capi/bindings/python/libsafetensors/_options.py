"""Options of the functions that open and save, as keyword arguments."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Optional, TypedDict, Union

from . import _calls
from ._enums import Backend, IndexFormat, MetadataForm, SetPolicy, Split, choice
from ._library import encoded, ffi

PathLike = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

_MODE_INHERIT = 0
_MODE_UMASK = 0x1000


class OpenOptions(TypedDict, total=False):
    """Keyword arguments of open(), open_memory() and open_set()."""

    backend: Union[Backend, str]
    """How a path or descriptor is read: "auto", "mmap" or "pread"."""
    strict: bool
    """Also reject headers that the reference implementation accepts, such as padding other than spaces."""
    writable: bool
    """Arrays are writable. Writes change neither the file nor the memory that was opened."""
    max_header_size: int
    """Limit in bytes; 0: 100,000,000."""
    set_policy: Union[SetPolicy, str]
    """For open_set(): "index" or "all"."""
    copy_unaligned: bool
    """Copy tensors that the file does not align to their elements (the default)."""


class SaveOptions(TypedDict, total=False):
    """Keyword arguments of the functions that save."""

    fsync: bool
    """Sync file and directory before the function returns."""
    mode: Optional[Union[int, str]]
    """Permission bits, or "umask"; None: those of the replaced file."""
    follow_link: bool
    """Replace the file that a symbolic link at the path points to, instead of the link."""
    metadata_form: Union[MetadataForm, str]
    """__metadata__ of a file without entries: "absent", "null" or "object"."""
    alignment: int
    """The tensor data begins at a multiple of this many bytes, a power of two; 0: 8."""
    progress: Optional[Callable[[int, int], object]]
    """Called with the bytes written and the size of the file. An exception cancels the save."""


class SetOptions(SaveOptions, total=False):
    """Keyword arguments of save_set(), SetWriter, SetStage and consolidate()."""

    max_shard_size: int
    """Bytes of tensor data in a shard; 0: 5,000,000,000."""
    split: Union[Split, str]
    """How tensors are divided into shards: "hub" or "balanced"."""
    index_format: Union[IndexFormat, str]
    """The bytes of the index: "hub" or "sorted"."""
    stem: Optional[str]
    """The name before "-00001-of-00002.safetensors"; None: "model"."""
    variant: Optional[str]
    """Such as "fp16": STEM.VARIANT-00001-of-00002.safetensors."""
    index_metadata: Optional[Mapping[str, str]]
    """Added to the index's metadata or, for one file, to the header's."""
    total_parameters: int
    """Not 0: the index's metadata has it."""


class Arguments:
    """C arguments, and the Python objects that they point to."""

    def __init__(self) -> None:
        self._kept: list[object] = []

    def keep(self, value):
        self._kept.append(value)
        return value

    def struct(self, kind: str, count: int = 1):
        """Zeroed structs with their sizes set."""
        structs = self.keep(ffi.new(f"{kind}[]", count))
        for index in range(count):
            structs[index].size = ffi.sizeof(kind)
        return structs

    def text(self, value: str):
        """(pointer, length) of a text."""
        data = encoded(value)
        return self.keep(ffi.from_buffer(data)), len(data)

    def callback(self, function: Callable[..., object]):
        """User data for the callbacks of _calls."""
        return self.keep(ffi.new_handle(self.keep(function)))

    def entries(self, values: Mapping[str, str]):
        """(structs, count) of st_metadata_entry."""
        entries = self.struct("st_metadata_entry", len(values))
        for entry, (key, value) in zip(entries, values.items()):
            entry.key, entry.key_len = self.text(key)
            entry.value, entry.value_len = self.text(value)
        return (entries, len(values)) if values else (ffi.NULL, 0)

    def keys(self, values: Sequence[str]):
        """(structs, count) of st_metadata_entry without values."""
        entries = self.struct("st_metadata_entry", len(values))
        for entry, key in zip(entries, values):
            entry.key, entry.key_len = self.text(key)
        return (entries, len(values)) if values else (ffi.NULL, 0)

    def save_options(
        self,
        metadata: Optional[Mapping[str, str]] = None,
        *,
        fsync: bool = False,
        mode: Optional[Union[int, str]] = None,
        follow_link: bool = False,
        metadata_form: Union[MetadataForm, str] = MetadataForm.ABSENT,
        alignment: int = 0,
        progress: Optional[Callable[[int, int], object]] = None,
    ):
        """An st_save_options of SaveOptions."""
        options = self.struct("st_save_options")
        options[0].durability = bool(fsync)
        options[0].mode = _mode(mode)
        options[0].link = bool(follow_link)
        options[0].metadata_form = choice(MetadataForm, metadata_form)
        options[0].alignment = alignment
        options[0].metadata, options[0].metadata_count = self.entries(metadata or {})
        if progress is not None:
            options[0].progress, options[0].progress_user_data = _calls.progress, self.callback(progress)
        return options

    def set_options(
        self,
        *,
        resume: bool = False,
        max_shard_size: int = 0,
        split: Union[Split, str] = Split.HUB,
        index_format: Union[IndexFormat, str] = IndexFormat.HUB,
        stem: Optional[str] = None,
        variant: Optional[str] = None,
        index_metadata: Optional[Mapping[str, str]] = None,
        total_parameters: int = 0,
        metadata: Optional[Mapping[str, str]] = None,
        **save: object,
    ):
        """(st_set_options, st_save_options) of SetOptions."""
        options = self.struct("st_set_options")
        options[0].split = choice(Split, split)
        options[0].index_format = choice(IndexFormat, index_format)
        options[0].resume = bool(resume)
        options[0].max_shard_size = max_shard_size
        if stem is not None:
            options[0].stem, options[0].stem_len = self.text(stem)
        if variant is not None:
            options[0].variant, options[0].variant_len = self.text(variant)
        options[0].index_metadata, options[0].index_metadata_count = self.entries(index_metadata or {})
        options[0].total_parameters = total_parameters
        return options, self.save_options(metadata, **save)  # type: ignore[arg-type]


def _mode(mode: Optional[Union[int, str]]) -> int:
    if mode is None:
        return _MODE_INHERIT
    if mode == "umask":
        return _MODE_UMASK
    if isinstance(mode, int) and 0 < mode <= 0o7777:
        return mode
    raise ValueError(f'mode is {mode!r}: expected permission bits, "umask" or None')


def open_options(
    *,
    backend: Union[Backend, str] = Backend.AUTO,
    strict: bool = False,
    writable: bool = False,
    max_header_size: int = 0,
    set_policy: Union[SetPolicy, str] = SetPolicy.INDEX,
    copy_unaligned: bool = True,
):
    """An st_open_options of OpenOptions."""
    options = ffi.new("st_open_options*")
    options.size = ffi.sizeof("st_open_options")
    options.backend = choice(Backend, backend)
    options.strictness = bool(strict)
    options.access = bool(writable)
    options.max_header_size = max_header_size
    options.set_policy = choice(SetPolicy, set_policy)
    options.unaligned = bool(copy_unaligned)
    return options


def path_bytes(path: PathLike) -> bytes:
    """The path in the encoding of the file system."""
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError(f"embedded null byte in the path {path!r}")
    return encoded
