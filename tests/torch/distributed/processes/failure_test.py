"""One of the ranks fails while it loads: all ranks get the same error, and the group loads the next set.

Each rank has a view of the folder of its own, made of hard links, in which one file is missing, truncated or altered.

Usage: failure_test.py RANK_MODULE
"""

import os
import random
import shutil
import sys
import tempfile

import sets
from ranks import Checks, Ranks, load_file, torch

REPETITIONS = 100
MIB = 1 << 20


class Case:
    """A set, a view of it for each rank, and the requests for the views."""

    def __init__(self, generator, scratch, size, tensors, files):
        self.generator = generator
        self.tensors = tensors
        self.whole = os.path.join(scratch, "whole")
        self.folders = [os.path.join(scratch, f"of-rank-{rank}") for rank in range(size)]
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(folder)
            for file in os.listdir(self.whole):
                os.link(os.path.join(self.whole, file), os.path.join(folder, file))
        self.plans = [sets.random_plan(generator, tensors, rank, size) for rank in range(size)]
        self.options = [{} for _ in range(size)]
        self.rank = generator.randrange(size)  # the one that fails
        self.folder = self.folders[self.rank]
        self.file = generator.choice(files)

    def requests(self, mode, staging):
        return [
            sets.request(folder, mode, rules, staging=staging, **options)
            for folder, (rules, _), options in zip(self.folders, self.plans, self.options, strict=True)
        ]

    def own_copy(self):
        """Replaces the file of the rank that fails by a copy, and returns its path."""
        path = os.path.join(self.folder, self.file)
        os.unlink(path)
        shutil.copy(os.path.join(self.whole, self.file), path)
        return path


# Each damages the view of one rank, and returns the error: its code, and words of its message.


def missing(case):
    os.unlink(os.path.join(case.folder, case.file))
    return "ST_E_SET_SHARD_MISSING", [case.folder, case.file]


def truncated(case):
    path = case.own_copy()
    os.truncate(path, case.generator.randrange(os.path.getsize(path)))
    return {"ST_E_COVERAGE", "ST_E_TRUNCATED", "ST_E_HEADER_LENGTH", "ST_E_HEADER_TOO_SMALL"}, [case.folder, case.file]


def renamed(case):
    """A tensor that the index assigns to the file has another name there."""
    path = case.own_copy()
    with open(path, "r+b") as file:
        at = file.read().index(b"layers.")
        file.seek(at)
        file.write(b"lagers.")
    return "ST_E_SET_TENSOR_MISSING", [case.folder, case.file]


def reshaped(case):
    """A valid set with the same names, but not the one of the other ranks."""
    # A rule that the tensors of one rank do not fit is an error by itself.
    case.plans = [([], case.tensors)] * len(case.folders)
    path = case.own_copy()
    tensors = load_file(path)
    name = case.generator.choice(list(tensors))
    tensors[name] = tensors[name].reshape(1, *tensors[name].shape)
    sets.save_file(tensors, path)
    return "ST_E_CHANGED", [case.folders[max(case.rank, 1)]]


def cancelled(case):
    limit = sum(tensor.nbytes for tensor in case.plans[case.rank][1].values())
    case.options[case.rank] = {"cancel": case.generator.randrange(1, max(limit, 2))}
    return ("ST_E_CANCELLED" if limit else None), [case.folder]


def thrown(case):
    limit = sum(tensor.nbytes for tensor in case.plans[case.rank][1].values())
    case.options[case.rank] = {"throw": case.generator.randrange(1, max(limit, 2))}
    return ("ST_E_CANCELLED" if limit else None), [case.folder]


DAMAGES = (missing, truncated, renamed, reshaped, cancelled, thrown)


def check_error(checks, what, case, answers, codes, words):
    """The answers are the same error, except on a rank whose callback threw an exception."""
    answers = list(answers)
    own = answers[case.rank]
    if "throw" in case.options[case.rank]:
        checks.check(own == "ERROR exception thrown by the callback", what, own)
        answers.pop(case.rank)
    checks.check(len(set(answers)) == 1, what, "different errors", answers)
    _, code, message = (*(answers[0] or "").split(" ", 2), "", "", "")[:3]
    checks.check(code in ({codes} if isinstance(codes, str) else codes), what, code, message)
    checks.check(message.startswith("rank ") and message[5:].split(":")[0].isdigit(), what, "names no rank:", message)
    for word in words:
        checks.check(word in message, what, f"no {word} in", message)
    return message


def check_loads(checks, what, ranks, plans, path, mode, out):
    outs = [f"{out}.{rank}" for rank in range(ranks.size)]
    answers = ranks.call(
        "load",
        [sets.request(path, mode, rules, out=out) for (rules, _), out in zip(plans, outs, strict=True)],
    )
    for rank, answer in enumerate(answers):
        if checks.check((answer or "").startswith("OK"), what, "then a load:", answer):
            checks.check(sets.same(load_file(outs[rank]), plans[rank][1]), what, "then a load differs")


def check_damages(checks, module, scratch):
    generator = random.Random(5)
    tensors = sets.random_tensors(generator, 12)
    tensors["layers.large.weight"] = sets.random_tensor(generator, (600, 500), torch.float32)
    files = sets.save_shards(tensors, os.path.join(scratch, "whole"), 3)
    for size in (2, 3):
        with Ranks(size, module, scratch) as ranks:
            for damage in DAMAGES:
                for repetition in range(REPETITIONS // 2):
                    case = Case(generator, scratch, size, tensors, files)
                    codes, words = damage(case)
                    mode = ("own", "once")[repetition % 2]
                    what = f"{damage.__name__}, {size} ranks, rank {case.rank} fails, mode {mode}, {repetition}"
                    staging = generator.choice([600 << 10, 256 << 20])
                    answers = ranks.call("load", case.requests(mode, staging))
                    if codes:
                        message = check_error(checks, what, case, answers, codes, words)
                        if damage is not reshaped:
                            checks.check(message.startswith(f"rank {case.rank}:"), what, "another rank:", message)
                    check_loads(checks, what, ranks, case.plans, case.whole, mode, os.path.join(scratch, "out"))


def check_memory(checks, module, scratch):
    """One rank has no memory for its tensors."""
    generator = random.Random(6)
    folder = os.path.join(scratch, "sparse")
    os.mkdir(folder)
    path = os.path.join(folder, "model.safetensors")
    rows = 1024
    header = (
        '{"small":{"dtype":"U8","shape":[16],"data_offsets":[0,16]},'
        f'"large":{{"dtype":"F32","shape":[{rows},{MIB // 4}],"data_offsets":[16,{16 + rows * MIB}]}}}}'
    )
    header += " " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header.encode())
        file.truncate(8 + len(header) + 16 + rows * MIB)
    small = {"small": torch.zeros(16, dtype=torch.uint8)}
    for size in (2, 3):
        with Ranks(size, module, scratch) as ranks:
            for repetition in range(REPETITIONS // 2):
                mode = ("own", "once")[repetition % 2]
                failing = generator.randrange(size)
                requests = []
                for rank in range(size):
                    options = {}
                    if rank == failing:
                        options["memory"] = generator.choice([64, 200, 500]) * MIB
                    requests.append(sets.request(folder, mode, [], staging=600 * MIB, **options))
                what = f"no memory, {size} ranks, rank {failing}, mode {mode}, {repetition}"
                answers = ranks.call("load", requests)
                checks.check(len(set(answers)) == 1, what, "different errors", answers)
                checks.check((answers[0] or "").startswith(f"ERROR ST_E_NO_MEMORY rank {failing}: "), what, answers[0])
                checks.check(folder in (answers[0] or ""), what, "names no file:", answers[0])
                plans = [(["skip large"], small)] * size
                check_loads(checks, what, ranks, plans, folder, mode, os.path.join(scratch, "small"))


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as scratch:
        check_damages(checks, sys.argv[1], scratch)
        check_memory(checks, sys.argv[1], scratch)
    checks.exit()


if __name__ == "__main__":
    main()
