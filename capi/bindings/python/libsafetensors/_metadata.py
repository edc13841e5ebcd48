"""Metadata: the __metadata__ of a file as a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import _calls
from ._enums import MetadataForm
from ._library import encoded, ffi, lib, text_of

if TYPE_CHECKING:
    from ._file import File


@dataclass(frozen=True)
class ByteRange:
    """A range of bytes in a file."""

    file_offset: int
    nbytes: int


class Metadata(Mapping[str, str]):
    """Metadata entries of a File, in the order of the keys' bytes. A missing key raises MetadataNotFoundError, which
    is a KeyError."""

    def __init__(self, file: File) -> None:
        self._file = file

    @property
    def form(self) -> MetadataForm:
        """Form of the header's __metadata__."""
        return MetadataForm(lib.st_file_metadata_form(self._file.handle))

    def range(self, key: str) -> ByteRange:
        """Bytes of a value in the file: the characters of the JSON string between its quotes."""
        data, offset, nbytes = encoded(key), ffi.new("uint64_t*"), ffi.new("uint64_t*")
        file = self._file.handle
        _calls.call(lib.st_file_metadata_range, file, data, len(data), offset, nbytes)
        return ByteRange(offset[0], nbytes[0])

    def __getitem__(self, key: str) -> str:
        if not isinstance(key, str):
            raise KeyError(key)
        file, data = self._file.handle, encoded(key)
        value, length = ffi.new("const char**"), ffi.new("uint64_t*")
        _calls.call(lib.st_file_find_metadata, file, data, len(data), value, length)
        return text_of(value[0], length[0])

    def __iter__(self) -> Iterator[str]:
        file, entry = self._file.handle, ffi.new("st_metadata_entry*")
        entry.size = ffi.sizeof("st_metadata_entry")
        for index in range(len(self)):
            _calls.call(lib.st_file_metadata_at, file, index, entry)
            yield text_of(entry.key, entry.key_len)

    def __len__(self) -> int:
        return lib.st_file_metadata_count(self._file.handle)

    def __repr__(self) -> str:
        return f"<Metadata {dict(self)!r}>"
