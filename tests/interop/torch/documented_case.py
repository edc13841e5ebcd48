"""One case of documented_test.py."""

from typing import Callable, NamedTuple

from random_tensors import contiguous
from dtypes import TORCH_DTYPES


class Case(NamedTuple):
    name: str
    expected: tuple  # of the reference, for each question: "done", or why it refuses
    build: Callable  # (script, file): `file` gives a path for a name


def collector(cases):
    """A decorator that adds a function's case to a list; its name says what the case is about."""

    def case(*expected):
        def add(build):
            cases.append(Case(build.__name__.replace("_", " "), expected, build))
            return build

        return add

    return case


def storage(script, dtype, count):
    """A storage of so many elements that are not zero."""
    size = count * TORCH_DTYPES[dtype].itemsize
    return script.storage(script.memory(bytes(1 + i % 100 for i in range(size))), 0, size)


def tensor(script, *sizes, dtype="F32"):
    """A contiguous tensor with memory of its own."""
    count = 1
    for size in sizes:
        count *= size
    return script.tensor(dtype, storage(script, dtype, count), 0, sizes, contiguous(sizes))
