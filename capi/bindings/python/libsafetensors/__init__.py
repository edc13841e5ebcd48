"""Reads and writes safetensors files with libsafetensors.

    import libsafetensors

    with libsafetensors.open("model.safetensors") as file:
        weight = file["weight"].numpy()  # no copy: the array is the mapped file

    libsafetensors.save("copy.safetensors", {"weight": weight}, {"format": "pt"})
"""

from ._builder import Builder
from ._dtype import Dtype, DtypeLike
from ._edit import consolidate, edit
from ._enums import Backend, EditMethod, IndexFormat, MetadataForm, Order, SetPolicy, Split, Status
from ._errors import (
    BufferTooSmallError,
    CancelledError,
    FileError,
    FormatError,
    IncompleteError,
    InternalError,
    InvalidArgumentError,
    MetadataNotFoundError,
    NoMemoryError,
    NoPermissionError,
    NotFoundError,
    OutOfRangeError,
    SafetensorsError,
    SetError,
    TensorNotFoundError,
    UnsupportedError,
)
from ._file import File
from ._library import ABI_VERSION, version
from ._metadata import ByteRange, Metadata
from ._open import load, load_memory, load_set, open, open_io, open_memory, open_set
from ._options import OpenOptions, SaveOptions, SetOptions
from ._places import Identity, Location, Shard
from ._save import open_writer, save, save_memory, save_set, save_size, save_to
from ._set_stage import SetStage
from ._set_writer import SetWriter
from ._sources import Saveable, TensorData
from ._tensor import Tensor, TensorInfo
from ._writer import Writer

__version__ = "0.1.0"

__all__ = [
    "ABI_VERSION",
    "Backend",
    "BufferTooSmallError",
    "Builder",
    "ByteRange",
    "CancelledError",
    "Dtype",
    "DtypeLike",
    "EditMethod",
    "File",
    "FileError",
    "FormatError",
    "Identity",
    "IncompleteError",
    "IndexFormat",
    "InternalError",
    "InvalidArgumentError",
    "Location",
    "Metadata",
    "MetadataForm",
    "MetadataNotFoundError",
    "NoMemoryError",
    "NoPermissionError",
    "NotFoundError",
    "OpenOptions",
    "Order",
    "OutOfRangeError",
    "SafetensorsError",
    "SaveOptions",
    "Saveable",
    "SetError",
    "SetOptions",
    "SetPolicy",
    "SetStage",
    "SetWriter",
    "Shard",
    "Split",
    "Status",
    "Tensor",
    "TensorData",
    "TensorInfo",
    "TensorNotFoundError",
    "UnsupportedError",
    "Writer",
    "consolidate",
    "edit",
    "load",
    "load_memory",
    "load_set",
    "open",
    "open_io",
    "open_memory",
    "open_set",
    "open_writer",
    "save",
    "save_memory",
    "save_set",
    "save_size",
    "save_to",
    "version",
]
