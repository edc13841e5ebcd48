"""Where the bytes of files and tensors are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Optional

from . import _calls
from ._library import encoded, ffi, lib


@dataclass(frozen=True)
class Identity:
    """Identity of a file: equal if two Files refer to the same file."""

    device: int
    """st_dev; 0 for memory and callbacks."""
    inode: int
    """st_ino; 0 for memory and callbacks."""
    nbytes: int
    """Size of the file in bytes."""
    header_nbytes: int
    """Size of the header without the 8 bytes of its length."""


@dataclass(frozen=True)
class Shard:
    """A file of a set."""

    path: str
    """Path; "" for memory, file objects and descriptors."""
    first_offset: int
    """File offset of the shard's first byte in the set."""
    nbytes: int
    """Size of the shard in bytes."""
    tensor_count: int
    """Number of tensors that the set has from this shard."""


@dataclass(frozen=True)
class Location:
    """Where a tensor's bytes are."""

    fd: Optional[int]
    """The library's descriptor of the shard, valid until the File is closed; None if it keeps none open."""
    shard: int
    """Index in File.shards."""
    path: str
    """Path of the shard."""
    file_offset: int
    """Offset of the data from the first byte of the shard."""
    nbytes: int
    """Size of the data in bytes."""


def identity_of(file) -> Identity:
    """The identity of an st_file."""
    identity = ffi.new("st_identity*")
    identity.size = ffi.sizeof("st_identity")
    _calls.call(lib.st_file_identity, file, identity)
    return Identity(identity.device, identity.inode, identity.nbytes, identity.header_nbytes)


def shard_of(file, index: int) -> Shard:
    """The shard at an index of an st_file."""
    shard = ffi.new("st_shard*")
    shard.size = ffi.sizeof("st_shard")
    _calls.call(lib.st_shard_at, file, index, shard)
    return Shard(os.fsdecode(ffi.string(shard.path)), shard.first_offset, shard.nbytes, shard.tensor_count)


def location_of(file, name: str) -> Location:
    """The location of a tensor of an st_file."""
    data, location = encoded(name), ffi.new("st_location*")
    location.size = ffi.sizeof("st_location")
    _calls.call(lib.st_tensor_location, file, data, len(data), location)
    path = os.fsdecode(ffi.string(location.path))
    fd = location.fd if location.fd >= 0 else None
    return Location(fd, location.shard, path, location.file_offset, location.nbytes)
