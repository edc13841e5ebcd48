"""Ranks load random parts of random sets: the tensors are those of torch, and the bytes that are read are counted.

Usage: load_test.py RANK_MODULE
"""

import os
import random
import sys
import tempfile

import sets
from ranks import Checks, Ranks, load_file, torch

KIB = 1024


def check_random_sets(checks, module, scratch):
    generator = random.Random(2)
    for size, cases in ((2, 30), (3, 20), (4, 20), (8, 6)):
        with Ranks(size, module, scratch) as ranks:
            for case in range(cases):
                folder = os.path.join(scratch, f"random-{size}-{case}")
                tensors = sets.random_tensors(generator, generator.choice([1, 5, 30]))
                sets.save_shards(tensors, folder, min(len(tensors), generator.choice([1, 2, 3])))
                plans = [sets.random_plan(generator, tensors, rank, size) for rank in range(size)]
                for mode in ("own", "once", "auto"):
                    staging = generator.choice([600 * KIB, 5000 * KIB, 256 * KIB * KIB])
                    backend = generator.choice(["auto", "mmap", "pread"])
                    check_load(checks, ranks, folder, plans, mode, staging=staging, backend=backend)


def check_load(checks, ranks, folder, plans, mode, **options):
    """All ranks load their parts; returns the statistics of each."""
    outs = [f"{folder}.{mode}.{rank}" for rank in range(ranks.size)]
    answers = ranks.call(
        "load",
        [sets.request(folder, mode, rules, out=out, **options) for (rules, _), out in zip(plans, outs, strict=True)],
    )
    statistics = []
    for rank, answer in enumerate(answers):
        what = f"{folder}, rank {rank} of {ranks.size}, mode {mode}, {options}"
        if checks.check((answer or "").startswith("OK "), what, answer):
            used, *counts = answer.split()[1:]
            checks.check(used == mode or mode == "auto", what, answer)
            found = load_file(outs[rank])
            checks.check(sets.same(found, plans[rank][1]), what, "differs from the slices of torch")
            statistics.append(list(map(int, counts)))
            os.unlink(outs[rank])
    return statistics


def nbytes(tensors):
    return sum(tensor.nbytes for tensor in tensors.values())


def check_counts(checks, module, scratch):
    """READ_ONCE reads each byte once, PER_RANK what each rank needs."""
    generator = random.Random(3)
    size = 3
    tensors = {
        f"layers.{i}.weight": sets.random_tensor(generator, shape, dtype)
        for i, (shape, dtype) in enumerate(
            [((96, 6 * KIB), torch.bfloat16), ((3 * KIB, 96), torch.float32), ((30, 24 * KIB), torch.uint8)]
        )
    }
    total = nbytes(tensors)

    def plan(rule_of_rank, dim):
        def part(tensor, rank):
            if dim is None:
                return tensor
            return sets.take(tensor, [None] * dim + [[sets.shard_of(tensor.shape[dim], rank, size)]])

        return [(rule_of_rank(rank), {n: part(t, rank) for n, t in tensors.items()}) for rank in range(size)]

    replicated = plan(lambda rank: [], None)
    rows = plan(lambda rank: [f"column * {rank} {size}"], 0)
    # Runs of 4 KiB or more.
    columns = plan(lambda rank: ["skip layers.1.*", f"row * {rank} {size}"], 1)
    for _, part in columns:
        del part["layers.1.weight"]

    folder = os.path.join(scratch, "counts")
    sets.save_shards(tensors, folder, 2)
    with Ranks(size, module, scratch) as ranks:
        for name, plans in (("replicated", replicated), ("rows", rows), ("columns", columns)):
            wanted = sum(nbytes(part) for _, part in plans)
            distinct = total if name != "columns" else total - tensors["layers.1.weight"].nbytes
            for mode in ("own", "once"):
                for staging in (3 * KIB * KIB, 256 * KIB * KIB):
                    before = ranks.bytes_read()
                    statistics = check_load(checks, ranks, folder, plans, mode, staging=staging, backend="pread")
                    kernel = sum(ranks.bytes_read()) - sum(before)
                    read, sent, received = map(sum, zip(*statistics))
                    what = f"{name}, mode {mode}, staging {staging}: read {read}, sent {sent}, received {received}"
                    expected = wanted if mode == "own" else distinct
                    checks.check(expected <= read <= 1.01 * expected, what, "expected to read", expected)
                    # The kernel also counts the headers, and what else a process reads.
                    checks.check(read <= kernel <= 1.02 * expected + 128 * KIB, what, "the kernel read", kernel)
                    checks.check(sent == received, what)
                    if mode == "own":
                        checks.check(sent == 0, what)
                    else:
                        checks.check(wanted - distinct <= sent <= wanted, what)
                        # The readers have equal shares.
                        checks.check(all(0.7 < r / (read / size) < 1.3 for r, _, _ in statistics), what, statistics)


def check_groups(checks, module, scratch):
    """A group of some of the ranks, in another order of their ranks."""
    generator = random.Random(4)
    tensors = sets.random_tensors(generator, 20)
    folder = os.path.join(scratch, "groups")
    sets.save_shards(tensors, folder, 2)
    with Ranks(3, module, scratch) as ranks:
        members = [0, 2]
        ranks.new_group(members)
        for mode in ("own", "once"):
            plans = {rank: sets.random_plan(generator, tensors, i, 2) for i, rank in enumerate(members)}
            outs = {rank: f"{folder}.{rank}" for rank in members}
            requests = [None] * 3
            for rank in members:
                requests[rank] = sets.request(folder, mode, plans[rank][0], out=outs[rank], group="new")
            answers = ranks.call("load", requests)
            for rank in members:
                if checks.check((answers[rank] or "").startswith("OK"), "a group of 2 of 3 ranks", answers[rank]):
                    checks.check(sets.same(load_file(outs[rank]), plans[rank][1]), "a group of 2 of 3 ranks", mode)


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as scratch:
        check_random_sets(checks, sys.argv[1], scratch)
        check_counts(checks, sys.argv[1], scratch)
        check_groups(checks, sys.argv[1], scratch)
    checks.exit()


if __name__ == "__main__":
    main()
