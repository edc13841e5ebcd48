"""Builds scripts for both implementations: lines of words. workbench.h and operations.h document the
commands."""

import itertools


def hexed(text):
    """Encodes a name, a path or bytes as one word."""
    data = text if isinstance(text, bytes) else str(text).encode()
    return data.hex() or "-"


def unhexed(word):
    return b"" if word == "-" else bytes.fromhex(word)


def listed(numbers):
    return ",".join(map(str, numbers)) or "-"


def unlisted(word):
    return [] if word == "-" else [int(number) for number in word.split(",")]


class Script:
    def __init__(self):
        self.lines = []
        self.shapes = {}  # of each tensor: (dtype, sizes)
        self._ids = itertools.count()

    def case(self, number):
        self._add("case", number)

    # Commands that build. Each of the first four returns the id of its object.

    def memory(self, data):
        return self._made("memory", hexed(data))

    def storage(self, memory, offset, size):
        return self._made("storage", memory, offset, size)

    def tensor(self, dtype, storage, offset, sizes, strides):
        name = self._made("tensor", dtype, storage, offset, listed(sizes), listed(strides))
        self.shapes[name] = dtype, list(sizes)
        return name

    def special(self, kind):
        return self._made("special", kind)

    def entry(self, name, tensor):
        self._add("entry", hexed(name), tensor)

    def metadata(self, key, value):
        self._add("metadata", hexed(key), hexed(value))

    def module(self, path):
        self._add("module", hexed(path))

    def same_module(self, path, other):
        self._add("same_module", hexed(path), hexed(other))

    def parameter(self, path, tensor, requires_grad=False):
        self._add("parameter", hexed(path), tensor, int(requires_grad))

    def no_parameter(self, path):
        self._add("no_parameter", hexed(path))

    def buffer(self, path, tensor):
        self._add("buffer", hexed(path), tensor)

    def layer(self, path, kind, *sizes):
        self._add("layer", hexed(path), kind, listed(sizes))

    def fill(self, number):
        self._add("fill", number)

    def jit(self, file):
        self._add("jit", hexed(file))

    # Commands that are answered.

    def save_file(self, file):
        self._add("save_file", hexed(file))

    def save(self, file):
        self._add("save", hexed(file))

    def save_model(self, file, force_contiguous=True):
        self._add("save_model", hexed(file), int(force_contiguous))

    def load_file(self, file, backend="mmap"):
        self._add("load_file", hexed(file), backend)

    def load(self, file, how="copy"):
        self._add("load", hexed(file), how)

    def load_model(self, file, strict=True):
        self._add("load_model", hexed(file), int(strict))

    def _add(self, *words):
        self.lines.append([str(word) for word in words])

    def _made(self, command, *words):
        name = f"{command[0]}{next(self._ids)}"
        self._add(command, name, *words)
        return name
