"""One of the ranks is killed while it loads or saves: the others get an error, and the directory has the old set.

Usage: killed_test.py RANK_MODULE
"""

import os
import random
import sys
import tempfile

import sets
from ranks import Checks, Ranks, load_file, torch

LOADS = 10
SAVES = 10


def timeout_of(size):
    """Of each collective, in milliseconds: that of the group if all survivors are connected to the killed rank. Else
    one may wait for another survivor, which has left already."""
    return {"timeout": 5000} if size > 2 else {}


def check_survivors(checks, what, answers, killed, words):
    checks.check(answers[killed] is None, what, "was not killed:", answers[killed])
    for rank, answer in enumerate(answers):
        if rank != killed:
            answer = answer or ""
            checks.check(answer.startswith(f"ERROR ST_E_IO rank {rank}: "), what, "survivor", answer)
            for word in words:
                checks.check(word in answer, what, f"no {word} in", answer)


def check_loads(checks, module, scratch):
    generator = random.Random(7)
    folder = os.path.join(scratch, "loaded")
    tensors = sets.random_tensors(generator, 8)
    tensors["layers.large.weight"] = sets.random_tensor(generator, (1200, 500), torch.float32)
    sets.save_shards(tensors, folder, 2)
    total = sum(tensor.nbytes for tensor in tensors.values())
    for repetition in range(LOADS):
        size = generator.choice([2, 3, 4])
        mode = ("own", "once")[repetition % 2]
        killed = generator.randrange(size)
        options = [{} for _ in range(size)]
        options[killed] = {"kill": generator.randrange(total)}
        what = f"a load, {size} ranks, rank {killed} is killed after {options[killed]['kill']} bytes, mode {mode}"
        with Ranks(size, module, scratch) as ranks:
            requests = [sets.request(folder, mode, staging=600 << 10, **timeout_of(size), **o) for o in options]
            check_survivors(checks, what, ranks.call("load", requests), killed, ["the process group failed", folder])


def contents(folder):
    found = {}
    for file in sorted(os.listdir(folder)):
        path = os.path.join(folder, file)
        if os.path.isfile(path):
            with open(path, "rb") as stream:
                found[file] = stream.read()
    return found


def check_saves(checks, module, scratch):
    generator = random.Random(8)
    folder = os.path.join(scratch, "saved")
    old = sets.random_tensors(generator, 10)
    sets.save_shards(old, folder, 3)
    before = contents(folder)
    for repetition in range(SAVES):
        size = generator.choice([2, 3])
        tensors = sets.random_tensors(generator, 8)
        tensors["layers.large.weight"] = sets.random_tensor(generator, (800, 500), torch.float32)
        parts = sets.divided(generator, tensors, size, sharded={"layers.large.weight"})
        killed = generator.randrange(size)
        # It sends its part of the large tensor; of the others other ranks may have all of it.
        total = parts[killed].tensors["layers.large.weight"].nbytes
        options = [{} for _ in range(size)]
        options[killed] = {"kill": generator.randrange(total)}
        what = f"a save, {size} ranks, rank {killed} is killed after {options[killed]['kill']} of {total} bytes"
        with Ranks(size, module, scratch) as ranks:
            common = {"shard_size": 500_000, "staging": 400 << 10, **timeout_of(size)}
            requests = sets.save_requests(parts, folder, scratch, [common | own for own in options])
            check_survivors(checks, what, ranks.call("save", requests), killed, ["the process group failed", folder])
        after = contents(folder)
        checks.check(all(after.get(file) == data for file, data in before.items()), what, "the old files changed")
        loaded = [os.path.join(scratch, "loaded-old")]
        with Ranks(1, module, scratch) as ranks:
            answers = ranks.call("load", [sets.request(folder, "own", out=loaded[0])])
        if checks.check((answers[0] or "").startswith("OK"), what, "then a load:", answers[0]):
            checks.check(sets.same(load_file(loaded[0]), old), what, "the directory has other tensors")
        # The next save removes what the killed one left.
    with Ranks(2, module, scratch) as ranks:
        parts = sets.divided(generator, tensors, 2)
        answers = ranks.call("save", sets.save_requests(parts, folder, scratch, [{"shard_size": 500_000}] * 2))
        checks.check(answers == ["OK", "OK"], "a save after killed ones", answers)
        answers = ranks.call("load", [sets.request(folder, "own", out=f"{loaded[0]}.{rank}") for rank in range(2)])
        if checks.check((answers[0] or "").startswith("OK"), "a load after killed saves", answers):
            checks.check(sets.same(load_file(f"{loaded[0]}.0"), tensors), "a save after killed ones has other tensors")


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as scratch:
        check_loads(checks, sys.argv[1], scratch)
        check_saves(checks, sys.argv[1], scratch)
    checks.exit()


if __name__ == "__main__":
    main()
