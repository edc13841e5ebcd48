#!/usr/bin/env python3
"""Compares verdicts on random indexes with rules written in Python: random_indexes.py LIBRARY [CASES [SEED]]

Whether an index is JSON is the reference library's verdict on a header that contains it. The rules about its
weight_map are evaluated here on what Python's json reads.
"""

import json
import pathlib
import random
import sys
import tempfile
from ctypes import byref, c_uint64, c_void_p

try:
    import safetensors
except ImportError:
    print("skipped: this Python has no package safetensors")
    sys.exit(77)

from abi import Library, StFailure
from random_headers import STRINGS, Writer, damage, spell

SHARDS = {"m-1.safetensors": STRINGS[:6], "m-2.safetensors": STRINGS[3:10], "sub/m.safetensors": STRINGS[8:12]}
SPELLINGS = [*SHARDS, "./m-1.safetensors", "sub//m.safetensors", "./sub/./m.safetensors"]
PATHS = [
    "", ".", "..", "x/", "/m-1.safetensors", "../m-1.safetensors", "sub/../m-1.safetensors", "a/../../m.safetensors",
    "C:\\m.safetensors", "C:m-1.safetensors", "sub\\m.safetensors", "m-1.safetensors\0", "m-1", "m-1.safetensors/",
    "x" * 300 + ".safetensors", "x/" * 3000 + "m.safetensors",
]  # fmt: skip


class IndexWriter(Writer):
    def weight_map(self):
        choice = self.random.choice
        pairs = []
        for path, names in self.random.sample(sorted(SHARDS.items()), self.random.randrange(1, 4)):
            for name in self.random.sample(names, self.random.randrange(len(names))):
                spellings = [s for s in SPELLINGS if normalized(s) == path]
                value = choice(spellings)
                if self.wrong():
                    value = choice([choice(PATHS), choice(SPELLINGS), "gone.safetensors"])
                pairs.append((spell(self.random, name), spell(self.random, value)))
        if self.wrong():
            pairs.append((spell(self.random, choice(STRINGS)), self.value()))
        return self.members(pairs)

    def index(self):
        pairs = [('"weight_map"', self.value() if self.wrong() else self.weight_map())]
        if self.random.random() < 0.7:
            pairs.insert(self.random.randrange(2), ('"metadata"', self.value()))
        if self.wrong():
            pairs.append((spell(self.random, self.random.choice(STRINGS)), self.value()))
        text = self.space() + self.members(pairs) + self.space()
        return text.encode("utf-8", "surrogatepass")


class Members(list):
    """An object's members in their order, including duplicates."""


def normalized(path):
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def is_lawful(path):
    parts = path.split("/")
    return (
        0 < len(path.encode()) <= 4095 and path.endswith(".safetensors") and path[0] != "/" and path[1:2] != ":"
        and not any(c in path for c in "\\\0") and ".." not in parts and all(len(p.encode()) <= 255 for p in parts)
    )  # fmt: skip


def is_json(text):
    header = b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":' + text + b"}}"
    try:
        safetensors.deserialize(len(header).to_bytes(8, "little") + header)
        return True
    except safetensors.SafetensorError:
        return False


def expected(text):
    """The statuses that the rules allow."""
    if not is_json(text):
        return {"ST_E_SET_INDEX"}
    members = json.loads(text, object_pairs_hook=Members)
    if not isinstance(members, Members):
        return {"ST_E_SET_INDEX"}
    maps = [value for key, value in members if key == "weight_map"]
    wrong = set()
    if len(maps) != 1 or sum(key == "metadata" for key, _ in members) > 1:
        wrong.add("ST_E_SET_INDEX")
    for entries in maps:
        if not isinstance(entries, Members) or not entries or any(type(v) is not str for _, v in entries):
            wrong.add("ST_E_SET_INDEX")
        elif not all(is_lawful(path) for _, path in entries):
            wrong.add("ST_E_SET_PATH")
    if wrong:
        return wrong
    (entries,) = maps
    if len({name for name, _ in entries}) != len(entries):
        wrong.add("ST_E_SET_INDEX")
    for name, path in entries:
        if normalized(path) not in SHARDS:
            wrong.add("ST_E_SET_SHARD_MISSING")
        elif name not in SHARDS[normalized(path)]:
            wrong.add("ST_E_SET_TENSOR_MISSING")
    return wrong or {"ST_OK"}


def write_shards(folder):
    for path, names in SHARDS.items():
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        tensors = {n: {"dtype": "U8", "shape": [1], "data_offsets": [i, i + 1]} for i, n in enumerate(names)}
        header = json.dumps(tensors).encode()
        file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(len(names)))


def main():
    library = Library(sys.argv[1])
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    choices = random.Random(seed)
    counts, faults = {}, 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        write_shards(folder)
        path = folder / "model.safetensors.index.json"
        for case in range(cases):
            text = IndexWriter(choices, choices.choice([0, 0.01, 0.03, 0.1])).index()
            if choices.random() < 0.3:
                text = damage(choices, text)
            if text.count(b"[") > 100:
                continue  # the index in a header nests deeper than alone
            path.write_bytes(text)
            file, status = c_void_p(), "ST_OK"
            try:
                library.call("st_open_set", str(path).encode(), None, byref(file))
                library.raw.st_close(file)
            except StFailure as failure:
                status = failure.name
            counts[status] = counts.get(status, 0) + 1
            if status not in (allowed := expected(text)):
                faults += 1
                print(f"case {case} of seed {seed}: {status}, expected {' or '.join(sorted(allowed))}: {text!r:.300}")
    print(", ".join(f"{count} {status}" for status, count in sorted(counts.items())))
    missing = {"ST_OK", "ST_E_SET_INDEX", "ST_E_SET_PATH", "ST_E_SET_SHARD_MISSING", "ST_E_SET_TENSOR_MISSING"} - set(counts)
    if missing:
        print(f"no case had {', '.join(sorted(missing))}")
    return 1 if faults or missing else 0


if __name__ == "__main__":
    sys.exit(main())
