"""Random sets of tensors, and what ranks load and save of them."""

import json
import math
import os

from ranks import save_file, torch

DTYPES = [torch.bfloat16, torch.float32, torch.float8_e4m3fn, torch.int64, torch.float16, torch.uint8]


def random_tensor(generator, shape, dtype):
    """A tensor of random bytes."""
    count = math.prod(shape) * dtype.itemsize
    if not count:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(bytearray(generator.randbytes(count)), dtype=torch.uint8).view(dtype).view(shape)


def random_tensors(generator, count, largest=40):
    tensors = {}
    for i in range(count):
        shape = [generator.choice([0, 1, *range(1, largest)]) for _ in range(generator.choice([0, 1, 2, 2, 2, 3]))]
        tensors[f"layers.{i}.weight"] = random_tensor(generator, shape, generator.choice(DTYPES))
    return tensors


def save_shards(tensors, folder, count):
    """Saves a set of `count` shards with an index, or one file; returns the files."""
    os.makedirs(folder, exist_ok=True)
    names = list(tensors)
    if count == 1:
        save_file(tensors, os.path.join(folder, "model.safetensors"))
        return ["model.safetensors"]
    index, files = {}, []
    for i in range(count):
        files.append(f"model-{i + 1:05}-of-{count:05}.safetensors")
        shard = names[i::count]
        save_file({name: tensors[name] for name in shard}, os.path.join(folder, files[-1]))
        index |= dict.fromkeys(shard, files[-1])
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as file:
        json.dump({"metadata": {}, "weight_map": index}, file)
    return files


def same(found, expected):
    """Whether the dictionaries have the same names, dtypes, shapes and bytes."""
    return found.keys() == expected.keys() and all(
        tensor.dtype == expected[name].dtype
        and tensor.shape == expected[name].shape
        and torch.equal(tensor.reshape(-1).view(torch.uint8), expected[name].reshape(-1).view(torch.uint8))
        for name, tensor in found.items()
    )


def take(tensor, slices):
    """The part of a tensor: for each dimension a list of slices that are joined, or None for all."""
    part = tensor.reshape(-1).view(torch.uint8).view(*tensor.shape, tensor.dtype.itemsize)
    for dim, ranges in enumerate(slices):
        if ranges is not None:
            part = torch.cat([part.narrow(dim, begin, end - begin) for begin, end in ranges], dim)
    return part.contiguous().view(-1).view(tensor.dtype).view(part.shape[:-1])


def slices_text(slices):
    return ";".join("*" if d is None else ",".join(f"{begin}:{end}" for begin, end in d) for d in slices)


def shard_of(extent, rank, ranks):
    size = -(-extent // ranks)
    begin = min(extent, rank * size)
    return begin, min(extent, begin + size)


def random_plan(generator, tensors, rank, ranks):
    """Rules of one rank, and the tensors that it gets by them."""
    rules, expected = [], {}
    for name, tensor in tensors.items():
        shape = list(tensor.shape)
        choice = generator.random()
        if choice < 0.15:
            rules.append(f"skip {name}")
            continue
        if choice < 0.35 or not shape:
            expected[name] = tensor
            continue
        dim = generator.randrange(len(shape))
        begin, end = shard_of(shape[dim], rank, ranks)
        slices = [None] * dim + [[(begin, end)]]
        if choice < 0.5:
            rules.append(f"place {name} {ranks} {rank} S{dim}")
        elif choice < 0.6 and len(shape) == 2:
            dim = generator.randrange(2)
            begin, end = shard_of(shape[dim], rank, ranks)
            slices = [None] * dim + [[(begin, end)]]
            rules.append(f"{['column', 'row'][dim]} {name} {rank} {ranks}")
        elif choice < 0.7:
            rules.append(f"slice {name} {slices_text(slices)}")
        else:
            slices = [random_ranges(generator, extent) for extent in shape]
            rules.append(f"slice {name} {slices_text(slices)}")
        expected[name] = take(tensor, slices)
    return rules, expected


def random_ranges(generator, extent):
    """None, or one or more slices of a dimension."""
    if generator.random() < 0.4:
        return None
    cuts = sorted(generator.randrange(extent + 1) for _ in range(generator.choice([2, 2, 4])))
    return list(zip(cuts[::2], cuts[1::2], strict=True))


def request(path, mode, rules=(), **values):
    """The request of a rank that loads."""
    lines = [f"path {path}", f"mode {mode}", *(f"rule {rule}" for rule in rules)]
    group = values.pop("group", "world")
    return {"group": group, "lines": [*lines, *(f"{key} {value}" for key, value in values.items())]}


class Parts:
    """What one rank has of the tensors that are saved."""

    def __init__(self):
        self.tensors = {}  # name -> part
        self.lines = []  # the description of each


def divided(generator, tensors, ranks, sharded=()):
    """The parts of each rank: replicas, shards, strided shards, slices, and tensors that one rank has. Those in
    `sharded` are shards."""
    parts = [Parts() for _ in range(ranks)]

    def add(rank, name, part, description=""):
        shape = ",".join(map(str, tensors[name].shape))
        parts[rank].tensors[name] = part.clone()
        parts[rank].lines.append(f"tensor {name} {shape} {description}".rstrip(" "))

    for name, tensor in tensors.items():
        choice = generator.randrange(5) if name not in sharded else 2
        shape = list(tensor.shape)
        if not shape or choice == 0:
            for rank in range(ranks):
                add(rank, name, tensor)
        elif choice == 1:
            add(generator.randrange(ranks), name, tensor)
        else:
            dim = generator.randrange(len(shape))
            for rank in range(ranks):
                whole = [None] * dim
                shard = shard_of(shape[dim], rank, ranks)
                if choice == 2:
                    add(rank, name, take(tensor, [*whole, [shard]]), f"{ranks} {rank} S{dim}")
                elif choice == 3:
                    outer = [shard_of(shape[dim], part, 2) for part in range(2)]
                    inner = [(begin, shard_of(end - begin, rank, ranks)) for begin, end in outer]
                    slices = [(begin + b, begin + e) for begin, (b, e) in inner]
                    add(rank, name, take(tensor, [*whole, slices]), f"{ranks} {rank} T{dim}:2")
                else:
                    # The last part of each overlaps the first of the next rank.
                    begin, end = shard[0], min(shape[dim], shard[1] + 1)
                    slices = [*whole, [(begin, end)]]
                    add(rank, name, take(tensor, slices), slices_text(slices))
    return parts


def save_requests(parts, directory, scratch, options):
    """The requests of the ranks that save; `options` has a dictionary for each."""
    requests = []
    for rank, (part, values) in enumerate(zip(parts, options, strict=True)):
        path = os.path.join(scratch, f"parts-{rank}.safetensors")
        # A new file: the tensors of the last one may be mapped.
        if os.path.exists(path):
            os.unlink(path)
        save_file(part.tensors, path)
        lines = [f"directory {directory}", f"parts {path}", *part.lines]
        requests.append({"lines": [*lines, *(f"{key} {value}" for key, value in values.items())]})
    return requests
