"""Random tensors over random memory: whole, parts, strided, transposed, overlapping, empty, scalar."""

import math

from dtypes import SAVED, TORCH_DTYPES
from random_names import random_name


def contiguous(sizes):
    strides = []
    step = 1
    for size in reversed(sizes):
        strides.insert(0, step)
        step *= max(size, 1)
    return strides


def random_sizes(rng, count, dtype):
    """Returns sizes whose product is `count`, in 0 to 4 dimensions, some of them 1. At least one dimension for
    F4, because an F4 scalar is rejected."""
    if count == 0:
        sizes = [rng.randrange(4) for _ in range(rng.randrange(1, 4))]
        sizes[rng.randrange(len(sizes))] = 0
        return sizes
    if count == 1 and dtype != "F4" and rng.random() < 0.5:
        return []
    sizes = []
    while count > 1 and len(sizes) < 3 and rng.random() < 0.7:
        factor = rng.choice([n for n in range(1, count + 1) if count % n == 0])
        sizes.append(factor)
        count //= factor
    sizes.append(count)
    if rng.random() < 0.2:
        sizes.insert(rng.randrange(len(sizes) + 1), 1)
    rng.shuffle(sizes)
    return sizes


class Memory:
    """Memory in a script, and random views of it."""

    def __init__(self, rng, script, size=None, largest=96):
        self.rng = rng
        self.script = script
        if size is None:
            size = rng.choice(
                [0, 1, 2, 8, 16, rng.randrange(largest), 8 * rng.randrange(largest // 8)]
            )
        self.size = size
        self.memory = script.memory(bytes(rng.randrange(256) for _ in range(size)))
        self.whole = script.storage(self.memory, 0, size)
        self.storages = [(self.whole, size)]

    def _storage(self):
        # LibTorch does not detect that another storage over a part of the memory shares it; a storage over
        # all of it is equivalent to the first.
        if self.size > 0 and self.rng.random() < 0.1:
            offset = self.rng.choice([0, 8 * self.rng.randrange(self.size // 8 + 1)])
            size = self.rng.choice([self.size - offset, self.rng.randrange(self.size - offset + 1)])
            self.storages.append((self.script.storage(self.memory, offset, size), size))
        return self.rng.choice([self.storages[0], self.rng.choice(self.storages)])

    def whole_tensor(self, dtype=None):
        """Adds a contiguous tensor that covers its storage."""
        dtype = dtype or self._dtype(self.size)
        count = self.size // TORCH_DTYPES[dtype].itemsize
        sizes = random_sizes(self.rng, count, dtype)
        return self.script.tensor(dtype, self.whole, 0, sizes, contiguous(sizes))

    def view(self, dtype=None):
        rng = self.rng
        storage, size = self._storage()
        dtype = dtype or self._dtype(size)
        room = size // TORCH_DTYPES[dtype].itemsize  # in elements
        kind = rng.choice(
            ["whole", "whole", "whole", "part", "part", "transposed", "strided", "empty"]
        )
        if room == 0 or kind == "empty":
            sizes = random_sizes(rng, 0, dtype)
            return self.script.tensor(
                dtype, storage, rng.randrange(room + 1), sizes, contiguous(sizes)
            )
        if kind == "strided":
            return self._strided(dtype, storage, room)
        offset, count = 0, room
        if kind == "part":
            offset = rng.randrange(room)
            count = rng.randrange(1, room - offset + 1)
        sizes = random_sizes(rng, count, dtype)
        strides = contiguous(sizes)
        if kind == "transposed" and sizes:
            order = list(range(len(sizes)))
            rng.shuffle(order)
            sizes, strides = [sizes[i] for i in order], [strides[i] for i in order]
        return self.script.tensor(dtype, storage, offset, sizes, strides)

    def _strided(self, dtype, storage, room):
        """Adds a view with any strides inside the storage: steps, repeated elements, overlaps."""
        rng = self.rng
        while True:
            sizes = [rng.randrange(1, 5) for _ in range(rng.randrange(1, 4))]
            strides = [rng.randrange(5) for _ in sizes]
            reach = sum((size - 1) * stride for size, stride in zip(sizes, strides))
            if reach < room:
                offset = rng.choice([0, rng.randrange(room - reach)])
                return self.script.tensor(dtype, storage, offset, sizes, strides)

    def _dtype(self, size):
        fitting = [name for name in SAVED if size % TORCH_DTYPES[name].itemsize == 0]
        return self.rng.choice(fitting if self.rng.random() < 0.9 else SAVED)


def plain_tensor(rng, script, dtype=None, sizes=None):
    """Adds a contiguous tensor with memory of its own."""
    dtype = dtype or rng.choice(SAVED)
    if sizes is None:
        sizes = random_sizes(rng, rng.choice([0, 1, 2, 3, 4, 6, 12, 30]), dtype)
    data = bytes(rng.randrange(256) for _ in range(math.prod(sizes) * TORCH_DTYPES[dtype].itemsize))
    memory = script.memory(data)
    return script.tensor(dtype, script.storage(memory, 0, len(data)), 0, sizes, contiguous(sizes))


def random_dictionary(rng, script):
    """Adds entries of tensors, most of which can be saved, or of views, most of which cannot; returns the names."""
    names = []
    for _ in range(rng.choice([0, 1, 2, 3, 4, 6, 10])):
        names.append(random_name(rng, names))
    if rng.random() < 0.45:
        for name in names:
            script.entry(name, plain_tensor(rng, script))
        return names
    memories = [Memory(rng, script) for _ in range(rng.randrange(1, 5))]
    tensors = []
    for name in names:
        if not tensors or rng.random() < 0.85:
            tensors.append(rng.choice(memories).view())
        script.entry(name, rng.choice([tensors[-1], rng.choice(tensors)]))
    return names
