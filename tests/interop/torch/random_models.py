"""Random trees of modules with parameters and buffers, some of them tied or views of shared memory, and
files that match them in part."""

import math

from dtypes import REAL, SAVED
from random_names import random_name, random_part
from random_tensors import Memory, plain_tensor, random_sizes
from reference_workbench import Workbench


class RandomModel:
    """Adds a model to a script. With `plain`, each memory has a tensor that covers it, so that all can be
    saved."""

    def __init__(self, rng, script, plain):
        self.rng = rng
        self.script = script
        self.plain = plain
        self.taken = {"": set()}  # the names in each module that can be extended
        self.tensors = []  # parameters that can be tied, each with its requires_grad
        self.memories = []
        if not plain:
            self.memories = [Memory(rng, script) for _ in range(rng.randrange(1, 4))]
        for _ in range(rng.choice([1, 2, 3, 5, 9])):
            self._add(rng.choice(list(self.taken)))

    def _path(self, parent):
        part = random_part(self.rng, self.taken[parent])
        self.taken[parent].add(part)
        return f"{parent}.{part}" if parent else part

    def _add(self, parent):
        kind = self.rng.random()
        path = self._path(parent)
        if kind < 0.25:
            self.script.module(path)
            self.taken[path] = set()
            for _ in range(self.rng.randrange(4)):
                if path in self.taken:
                    self._add(path)
        elif kind < 0.33 and len(self.taken) > 1:
            self._second_name(parent, path)
        elif kind < 0.37:
            self.script.no_parameter(path)
        elif kind < 0.5:
            self.script.buffer(path, self._new_tensor())
        else:
            self._parameter(path)

    def _second_name(self, parent, path):
        """Adds a second name for a module, which is not extended from then on, so that no module contains itself."""
        other = self.rng.choice([each for each in self.taken if each])
        if (parent + ".").startswith(other + "."):
            self.script.no_parameter(path)
            return
        self.script.same_module(path, other)
        for each in [each for each in self.taken if (each + ".").startswith(other + ".")]:
            del self.taken[each]

    def _parameter(self, path):
        if self.tensors and self.rng.random() < 0.3:
            tensor, requires_grad = self.rng.choice(self.tensors)
        else:
            tensor = self._new_tensor()
            requires_grad = self.script.shapes[tensor][0] in REAL and self.rng.random() < 0.7
            self.tensors.append((tensor, requires_grad))
        self.script.parameter(path, tensor, requires_grad)

    def _new_tensor(self):
        rng = self.rng
        if self.plain:
            if rng.random() < 0.2 and self.memories:
                return rng.choice(self.memories).whole_tensor()
            if rng.random() < 0.2:
                self.memories.append(Memory(rng, self.script))
                return self.memories[-1].whole_tensor()
            return plain_tensor(rng, self.script)
        if rng.random() < 0.3:
            return plain_tensor(rng, self.script)
        memory = rng.choice(self.memories)
        return memory.whole_tensor() if rng.random() < 0.6 else memory.view()


def state_of(lines):
    """Returns the names, dtypes and sizes of the model that the lines build."""
    bench = Workbench()
    for line in lines:
        bench.build(*line)
    return bench.model.state_dict()


def other_sizes(rng, sizes, dtype):
    """Returns mismatched sizes for a tensor."""
    count = math.prod(sizes)
    return rng.choice(
        [
            random_sizes(rng, count, dtype),
            random_sizes(rng, count + 1, dtype),
            [*sizes, 1],
            [1, *sizes],
        ]
    )


def strange_name(rng, names):
    """Returns a name that differs slightly from a name of the model."""
    name = rng.choice(names) if names else "x"
    return rng.choice(
        [
            random_name(rng),
            name + ".",
            name + ".x",
            "." + name,
            name.rpartition(".")[0],
            name.rpartition(".")[0] + "._extra_state",
            "_extra_state",
            name.replace(".", "..", 1),
        ]
    )


def file_for(rng, script, state, dtype_of, fitting):
    """Adds a dictionary for a model of this state dict to a script: `fitting` is the probability that a tensor
    matches the model."""
    taken = []

    def add(name, dtype, sizes):
        if name not in taken and name != "__metadata__":
            taken.append(name)
            script.entry(name, plain_tensor(rng, script, dtype, sizes))

    for name, tensor in state.items():
        dtype, sizes = dtype_of[tensor.dtype], list(tensor.shape)
        if rng.random() > fitting:
            how = rng.choice(["not", "not", "not", "dtype", "dtype", "sizes"])
            if how == "not":
                continue
            if how == "dtype":
                dtype = rng.choice(SAVED)
            if how == "sizes":
                sizes = other_sizes(rng, sizes, dtype)
        if not sizes and rng.random() < 0.2:
            sizes = [1]
        if dtype == "F4" and not sizes:
            continue
        add(name, dtype, sizes)
    while rng.random() > fitting:
        dtype = rng.choice(SAVED)
        add(strange_name(rng, list(state)), dtype, random_sizes(rng, rng.randrange(7), dtype))
