"""Ranks save their parts as one set: the files are those that one process saves, and the old set is replaced.

Usage: save_test.py RANK_MODULE
"""

import json
import os
import random
import shutil
import sys
import tempfile

import sets
from ranks import Checks, Ranks, load_file

try:
    from huggingface_hub import save_torch_state_dict
except ImportError:
    save_torch_state_dict = None

CASES = 15


def files_of(folder):
    found = {}
    for entry in os.scandir(folder):
        if entry.is_file():
            with open(entry.path, "rb") as file:
                found[entry.name] = file.read()
        else:
            found[entry.name] = "a directory"
    return found


def load_set(folder):
    """The tensors of a set as huggingface_hub's index gives them."""
    index = os.path.join(folder, "model.safetensors.index.json")
    if not os.path.exists(index):
        return load_file(os.path.join(folder, "model.safetensors"))
    with open(index) as file:
        weight_map = json.load(file)["weight_map"]
    shards = {file: load_file(os.path.join(folder, file)) for file in set(weight_map.values())}
    return {name: shards[file][name] for name, file in weight_map.items()}


def hub_files(tensors, folder, limit):
    """The files that huggingface_hub saves."""
    os.mkdir(folder)
    save_torch_state_dict(tensors, folder, max_shard_size=limit, metadata={"format": "pt"})
    return files_of(folder)


def main():
    checks = Checks()
    if save_torch_state_dict is None:
        print("huggingface_hub is not installed: its files are not compared")
    generator = random.Random(9)
    with tempfile.TemporaryDirectory() as scratch:
        for size in (2, 3, 4):
            together = os.path.join(scratch, f"together-{size}")
            with Ranks(size, sys.argv[1], scratch) as ranks:
                for case in range(CASES):
                    tensors = sets.random_tensors(generator, generator.choice([1, 10, 40]))
                    parts = sets.divided(generator, tensors, size)
                    limit = generator.choice([2000, 10_000, 10**9])
                    staging = generator.choice([400 << 10, 256 << 20])
                    what = f"{size} ranks, case {case}, shards of {limit}"
                    # One process saves the same.
                    alone = os.path.join(scratch, f"alone-{size}-{case}")
                    order = list(dict.fromkeys(name for part in parts for name in part.tensors))
                    whole = os.path.join(scratch, "whole.safetensors")
                    sets.save_file(tensors, whole)
                    lines = [f"parts {whole}", f"directory {alone}", f"shard_size {limit}"]
                    request = {"lines": [*lines, *(f"order {name}" for name in order)]}
                    answers = ranks.call("save_alone", [request, *[None] * (size - 1)])
                    checks.check(answers[0] == "OK", what, answers[0])
                    expected = files_of(alone)

                    # The first save finds no directory, most later ones the set before it. Shards whose names are
                    # in use would get others.
                    names = {name for name in expected if name.startswith("model-")}
                    if os.path.exists(together) and names & set(os.listdir(together)):
                        shutil.rmtree(together)
                    options = [{"shard_size": limit, "staging": staging}] * size
                    answers = ranks.call("save", sets.save_requests(parts, together, scratch, options))
                    if not checks.check(answers == ["OK"] * size, what, answers):
                        continue
                    checks.check(sets.same(load_set(together), tensors), what, "has other tensors")
                    found = files_of(together)
                    checks.check(found == expected, what, "files", sorted(found), "expected", sorted(expected))

                    # huggingface_hub takes tensors without elements for views of one storage.
                    empty = [name for name in order if tensors[name].numel() == 0]
                    if save_torch_state_dict is None or len(empty) > 1:
                        continue
                    ordered = {name: tensors[name] for name in order}
                    hub = hub_files(ordered, os.path.join(scratch, f"hub-{size}-{case}"), limit)
                    differing = [name for name in {*found, *hub} if found.get(name) != hub.get(name)]
                    checks.check(not differing, what, "differs from huggingface_hub in", differing)
    checks.exit()


if __name__ == "__main__":
    main()
