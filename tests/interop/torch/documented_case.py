"""A case of documented_test.py."""

from typing import Callable, NamedTuple

from random_tensors import contiguous
from dtypes import TORCH_DTYPES


class Case(NamedTuple):
    name: str
    expected: tuple  # of the reference, per question: "done" or the reason of its error
    build: Callable  # (script, file): `file` returns a path for a name


def collector(cases):
    """Returns a decorator that adds a function to a list of cases."""

    def case(*expected):
        def add(build):
            cases.append(Case(build.__name__.replace("_", " "), expected, build))
            return build

        return add

    return case


def storage(script, dtype, count):
    """Adds a storage of this number of nonzero elements."""
    size = count * TORCH_DTYPES[dtype].itemsize
    return script.storage(script.memory(bytes(1 + i % 100 for i in range(size))), 0, size)


def tensor(script, *sizes, dtype="F32"):
    """Adds a contiguous tensor with memory of its own."""
    count = 1
    for size in sizes:
        count *= size
    return script.tensor(dtype, storage(script, dtype, count), 0, sizes, contiguous(sizes))
