"""The library's enumerations. The values are those of the C header."""

import enum
from typing import TypeVar, Union


class Status(enum.IntEnum):
    """Codes of errors, ST_E_ in C: attribute `code` of SafetensorsError."""

    INVALID_ARGUMENT = 1
    NO_MEMORY = 2
    INTERNAL = 3
    UNSUPPORTED = 4
    CANCELLED = 5
    IO = 20
    NOT_FOUND = 21
    PERMISSION = 22
    NOT_REGULAR = 23
    TRUNCATED = 24
    CHANGED = 25
    HEADER_TOO_SMALL = 40
    HEADER_TOO_LARGE = 41
    HEADER_LENGTH = 42
    UTF8 = 43
    JSON = 44
    SCHEMA = 45
    DUPLICATE = 46
    DTYPE = 47
    OVERFLOW = 48
    SUBBYTE = 49
    SIZE_MISMATCH = 50
    OFFSET = 51
    COVERAGE = 52
    TENSOR_NOT_FOUND = 70
    OUT_OF_RANGE = 71
    BUFFER_TOO_SMALL = 72
    METADATA_NOT_FOUND = 73
    SET_INDEX = 90
    SET_PATH = 91
    SET_SHARD_MISSING = 92
    SET_TENSOR_MISSING = 93
    SET_AMBIGUOUS = 94
    INCOMPLETE = 95


class Backend(enum.IntEnum):
    """How a path or descriptor is read."""

    AUTO = 0  #: mmap; pread on network file systems, on FUSE and where mmap fails
    MMAP = 1  #: map the file, without a copy; truncating a mapped file raises SIGBUS in its readers
    PREAD = 2  #: read into memory when data is requested


class SetPolicy(enum.IntEnum):
    """Which tensors of its shards a set has."""

    INDEX = 0  #: those that the index assigns to a shard, each from that shard
    ALL = 1  #: all tensors of all shards of the index


class Order(enum.IntEnum):
    """Order of the tensors of a file."""

    FILE = 0  #: by file offset
    NAME = 1  #: by the bytes of the name


class MetadataForm(enum.IntEnum):
    """Form of the __metadata__ of a header."""

    ABSENT = 0
    NULL = 1
    OBJECT = 2  #: an object, which may be empty


class Split(enum.IntEnum):
    """How the tensors of a set are divided into shards."""

    HUB = 0  #: as huggingface_hub, in the order given
    BALANCED = 1  #: as many shards as max_shard_size requires, of similar sizes


class IndexFormat(enum.IntEnum):
    """The bytes of an index."""

    HUB = 0  #: as huggingface_hub: entries in the order of the shards
    SORTED = 1  #: as transformers and diffusers: keys sorted, final newline


class EditMethod(enum.IntEnum):
    """How edit() changed a file."""

    UNCHANGED = 0  #: the file had these entries and names already
    CLONE = 1  #: a new file that shares the blocks of the data with the old one
    COPY = 2  #: a new file with a copy of the data
    OVERWRITE = 3  #: in place: the header was overwritten
    INSERT = 4  #: in place: blocks were inserted before the data


_Choice = TypeVar("_Choice", bound=enum.IntEnum)


def choice(kind: type[_Choice], value: Union[_Choice, str]) -> _Choice:
    """The enumerator that `value` is or names in lower or upper case."""
    if isinstance(value, kind):
        return value
    if isinstance(value, str) and value.upper() in kind.__members__:
        return kind[value.upper()]
    names = ", ".join(repr(name.lower()) for name in kind.__members__)
    raise ValueError(f"{value!r} is not a {kind.__name__}: expected {names}")
