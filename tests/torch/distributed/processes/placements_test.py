"""placed_slices has the elements that PyTorch's DTensor gives to each rank.

Usage: placements_test.py RANK_MODULE
"""

import functools
import itertools
import math
import random
import sys

from ranks import Checks, Module, torch
from torch.distributed.tensor._utils import _compute_local_shape_and_global_offset
from torch.distributed.tensor.placement_types import Replicate, Shard, _StridedShard

CASES = 10_000
COORDINATES = 24  # of a case, at most


def random_placement(generator, dimensions):
    choice = generator.random()
    if not dimensions or choice < 0.25:
        return Replicate()
    dim = generator.randrange(dimensions)
    if choice < 0.65:
        return Shard(dim)
    return _StridedShard(dim, split_factor=generator.choice([1, 2, 2, 3, 4, 6]))


def random_case(generator):
    dimensions = generator.choice([0, 1, 1, 2, 2, 3])
    extents = [0, 1, 2, 3, 4, 5, 7, 8, 12, 16, 17]
    shape = [generator.choice(extents) for _ in range(dimensions)]
    if generator.random() < 0.3 and shape:
        shape[generator.randrange(dimensions)] = generator.randrange(60)
    mesh = [generator.choice([1, 2, 2, 3, 4, 5]) for _ in range(generator.choice([1, 1, 2, 2, 3]))]
    return shape, mesh, [random_placement(generator, dimensions) for _ in mesh]


def placement_text(placement, dimensions, generator):
    if isinstance(placement, Replicate):
        return "R"
    dim = placement.dim - (dimensions if generator.random() < 0.2 else 0)
    if isinstance(placement, _StridedShard):
        return f"T{dim}:{placement.split_factor}"
    return f"S{dim}"


@functools.cache
def shards_of_torch(extent, count, split_factor):
    """The positions that _split_tensor gives to each of `count` ranks."""
    placement = _StridedShard(0, split_factor=split_factor) if split_factor else Shard(0)
    shards, _ = placement._split_tensor(torch.arange(extent), count, with_padding=False, contiguous=False)
    return [shard.tolist() for shard in shards]


def elements_of_torch(shape, mesh, coordinate, placements):
    """The indexes of the elements that a rank has of each dimension."""
    dimensions = [list(range(extent)) for extent in shape]
    for count, rank, placement in zip(mesh, coordinate, placements, strict=True):
        if not isinstance(placement, Replicate):
            split_factor = placement.split_factor if isinstance(placement, _StridedShard) else None
            elements = dimensions[placement.dim]
            shard = shards_of_torch(len(elements), count, split_factor)[rank]
            dimensions[placement.dim] = [elements[position] for position in shard]
    return dimensions


def numbers(values):
    return ",".join(map(str, values)) or "-"


def main():
    module = Module(sys.argv[1])
    generator = random.Random(1)
    cases, lines = [], []
    for _ in range(CASES):
        shape, mesh, placements = random_case(generator)
        coordinates = list(itertools.product(*map(range, mesh)))
        complete = len(coordinates) <= COORDINATES
        if not complete:
            coordinates = generator.sample(coordinates, 3)
        text = ",".join(placement_text(placement, len(shape), generator) for placement in placements)
        for coordinate in coordinates:
            lines.append(f"{numbers(shape)} {numbers(mesh)} {numbers(coordinate)} {text}")
        cases.append((shape, mesh, placements, coordinates, complete))
    answer = module.call("placed", lines)
    results = iter(zip(answer.split("\n"), lines))

    checks = Checks()
    for shape, mesh, placements, coordinates, complete in cases:
        owners = {}  # element -> the coordinates of mesh dimensions that divide it
        for coordinate in coordinates:
            text, line = next(results)
            slices = [[tuple(map(int, s.split(":"))) for s in d.split(",")] for d in text.split(";")] if text else []
            found = [[i for begin, end in d for i in range(begin, end)] for d in slices]
            expected = elements_of_torch(shape, mesh, coordinate, placements)
            checks.check(found == expected, line, "slices", text, "torch has", expected)
            has_empty = any(d != [(0, 0)] and any(begin >= end for begin, end in d) for d in slices)
            checks.check(not has_empty, line, "has empty slices", text)

            local_shape, offset = _compute_local_shape_and_global_offset(shape, mesh, list(coordinate), placements)
            checks.check([len(d) for d in found] == list(local_shape), line, "slices", text, "not of", local_shape)
            begins = all(d[0] == first for d, first in zip(found, offset, strict=True) if d)
            checks.check(begins, line, "slices", text, "do not begin at", offset)
            if complete:
                shard = tuple(c for c, p in zip(coordinate, placements, strict=True) if not isinstance(p, Replicate))
                for element in itertools.product(*found):
                    owners.setdefault(element, set()).add(shard)
        if complete:
            what = f"{shape} on {mesh} as {placements}"
            checks.check(len(owners) == math.prod(shape), what, "has", len(owners), "of the elements")
            checks.check(all(len(o) == 1 for o in owners.values()), what, "has an element in several shards")
    print(f"{len(lines)} coordinates of {CASES} cases")
    checks.exit()


if __name__ == "__main__":
    main()
