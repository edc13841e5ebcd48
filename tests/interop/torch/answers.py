"""Compares the answers and files of the two implementations; returns the difference or None."""

import json
import os
import struct

from random_tensors import contiguous


def split(data):
    """Returns the header of a file as an object in file order, its length, and the data."""
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), length, data[8 + length :]


def tensors_in(file):
    """Returns the tensors of a file by its header, for dtypes that the reference writes but cannot always read."""
    with open(file, "rb") as source:
        header, _, data = split(source.read())
    header.pop("__metadata__", None)
    tensors = []
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        sizes = entry["shape"]
        if entry["dtype"] == "F4":
            sizes = [*sizes[:-1], sizes[-1] // 2]
        tensors.append(
            {
                "name": name,
                "dtype": entry["dtype"],
                "shape": sizes,
                "strides": contiguous(sizes),
                "storage": end - begin,
                "requires_grad": False,
                "data": data[begin:end].hex(),
            }
        )
    return tensors


def compare_files(ours, theirs):
    """Compares byte for byte, except for the order of metadata keys, which is random in the reference and
    ascending in the library."""
    if not os.path.exists(theirs):
        return "a file that the reference did not write" if os.path.exists(ours) else None
    if not os.path.exists(ours):
        return "no file"
    with open(ours, "rb") as our_file, open(theirs, "rb") as their_file:
        our_bytes, their_bytes = our_file.read(), their_file.read()
    if our_bytes == their_bytes:
        return None
    our_header, *our_rest = split(our_bytes)
    their_header, *their_rest = split(their_bytes)
    keys = list(our_header.get("__metadata__", {}))
    if len(keys) < 2:
        return "other bytes"
    if keys != sorted(keys, key=str.encode):
        return "metadata that is not sorted"
    if our_header != their_header or list(our_header) != list(their_header):
        return "another header"
    return "other bytes" if our_rest != their_rest else None


def ordered(tensors):
    """Sorts tensors without elements that begin at one offset by name, because the reference orders them at
    random."""
    result, run = [], []
    for tensor in tensors:
        if tensor["data"]:
            result += sorted(run, key=lambda each: each["name"]) + [tensor]
            run = []
        else:
            run.append(tensor)
    return result + sorted(run, key=lambda each: each["name"])


def compare_tensors(ours, theirs):
    """Compares two loaded dictionaries: order, names, dtypes, shapes, strides, storages, bytes."""
    for our_tensor, their_tensor in zip(ordered(ours), ordered(theirs)):
        for field, theirs_is in their_tensor.items():
            if our_tensor[field] != theirs_is:
                return (
                    f"{field} of {their_tensor['name']!r} is {our_tensor[field]!r}, "
                    f"in the reference it is {theirs_is!r}"
                )
    if len(ours) != len(theirs):
        return f"{len(ours)} tensors, in the reference {len(theirs)}"
    return None


def compare_states(ours, theirs):
    """Compares two models in any order."""
    return compare_tensors(
        sorted(ours, key=lambda each: each["name"]), sorted(theirs, key=lambda each: each["name"])
    )


def same_unexpected(ours, theirs, loaded, empty):
    """Whether the lists are equal, except that the reference may list the name of a tied tensor that it used: the
    library has that name in `loaded`, and lists another name of the tensor. The position of the names of tensors
    without elements (`empty`) is ignored, because it is not determined by the file."""

    def order(names, others):
        return [name for name in names if name in others and name not in empty]

    only_ours, only_theirs = set(ours) - set(theirs), set(theirs) - set(ours)
    return (
        len(ours) == len(theirs)
        and only_theirs <= set(loaded)
        and only_ours.isdisjoint(loaded)
        and order(ours, theirs) == order(theirs, ours)
    )
