"""Keys of read_slice(), as NumPy indexes arrays."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from types import EllipsisType
from typing import Union

SliceKey = Union[int, slice, EllipsisType, tuple[Union[int, slice, EllipsisType], ...]]


def _expanded(key: SliceKey, rank: int) -> Sequence[Union[int, slice]]:
    """One index per dimension."""
    parts = list(key) if isinstance(key, tuple) else [key]
    places = [place for place, part in enumerate(parts) if part is Ellipsis]
    if len(places) > 1:
        raise IndexError("an index can have one ellipsis only")
    if len(parts) - len(places) > rank:
        raise IndexError(f"{len(parts) - len(places)} indices for a tensor of rank {rank}")
    place = places[0] if places else len(parts)
    missing = rank - (len(parts) - len(places))
    parts[place : place + len(places)] = [slice(None)] * missing
    return parts  # type: ignore[return-value]


def bounds(key: SliceKey, shape: tuple[int, ...]) -> tuple[list[int], list[int], tuple[int, ...]]:
    """(starts, stops, shape of the result) of a key: integers remove their dimension, slices have the step 1."""
    starts, stops, result = [], [], []
    for extent, part in zip(shape, _expanded(key, len(shape))):
        if isinstance(part, slice):
            start, stop, step = part.indices(extent)
            if step != 1:
                raise IndexError(f"the step of a slice is {step}: only 1 is supported")
            stop = max(start, stop)
            result.append(stop - start)
        else:
            index = operator.index(part)
            if not -extent <= index < extent:
                raise IndexError(f"index {index} exceeds a dimension of {extent} elements")
            start = index % extent
            stop = start + 1
        starts.append(start)
        stops.append(stop)
    return starts, stops, tuple(result)
