#!/usr/bin/env python3
"""Sets written by the library and by huggingface_hub: sets.py LIBRARY [CASES [SEED]]

Random lists of names, sizes and shared storages must be divided into the same shards, with the same names and the same
total size. The index must have the bytes of Python's json module, in both formats, and a shard those of the reference
library. Most cases have small tensors, so that the files are small.
"""

import ctypes
import json
import pathlib
import random
import shutil
import sys
import tempfile

try:
    from huggingface_hub import split_state_dict_into_shards_factory
    from safetensors import TensorSpec, serialize
except ImportError:
    print("skipped: this Python lacks the package huggingface_hub or safetensors")
    sys.exit(77)

from abi import NUMBER_OF_DTYPE, Library, MetadataEntry, SaveOptions, SaveTensor, SetOptions
from files import random_text

SORTED = 1


class Tensor:
    def __init__(self, nbytes, storage, storage_nbytes, data):
        self.nbytes, self.storage, self.storage_nbytes, self.data = nbytes, storage, storage_nbytes, data


def random_tensors(source):
    storages = [(number, source.choice([0, 1, 7, 40, 200])) for number in range(1, 5)]
    tensors = {}
    for _ in range(source.choice([1, 2, 3, 5, 8, 20, 60])):
        nbytes = source.choice([0, 1, 2, 3, 8, 30, 31, 100])
        storage = storage_nbytes = 0
        if source.randrange(3) == 0:
            storage, extra = source.choice(storages)
            storage_nbytes = source.choice([0, nbytes + extra])
        name = random_text(source) if source.randrange(4) else f"layers.{source.randrange(1000)}.w"
        if name != "__metadata__":
            tensors[name] = Tensor(nbytes, storage, storage_nbytes, source.randbytes(nbytes))
    return tensors


def split(tensors, limit, pattern):
    return split_state_dict_into_shards_factory(
        tensors,
        get_storage_size=lambda tensor: tensor.storage_nbytes or tensor.nbytes,
        get_storage_id=lambda tensor: tensor.storage or None,
        filename_pattern=pattern,
        max_shard_size=limit,
    )


def metadata_array(entries, keep):
    array = (MetadataEntry * max(len(entries), 1))()
    for entry, (key, value) in zip(array, entries.items()):
        texts = [ctypes.create_string_buffer(text.encode(), len(text.encode()) + 1) for text in (key, value)]
        keep += texts
        entry.size = ctypes.sizeof(MetadataEntry)
        entry.key, entry.key_len = ctypes.addressof(texts[0]), len(key.encode())
        entry.value, entry.value_len = ctypes.addressof(texts[1]), len(value.encode())
    return array


def save(library, folder, tensors, limit, stem, variant, index_format, metadata, parameters):
    keep = []
    array = (SaveTensor * max(len(tensors), 1))()
    for given, (name, tensor) in zip(array, tensors.items()):
        shape = (ctypes.c_uint64 * 1)(tensor.nbytes)
        keep.append(shape)
        given.size, given.dtype = ctypes.sizeof(SaveTensor), NUMBER_OF_DTYPE["U8"]
        given.name, given.name_len = name.encode(), len(name.encode())
        given.shape, given.rank, given.nbytes, given.data = shape, 1, tensor.nbytes, tensor.data
        given.storage_id, given.storage_nbytes = tensor.storage, tensor.storage_nbytes
    options = SetOptions(
        index_format=index_format,
        max_shard_size=limit,
        stem=stem.encode(),
        stem_len=len(stem.encode()),
        index_metadata=metadata_array(metadata, keep),
        index_metadata_count=len(metadata),
        total_parameters=parameters,
    )
    if variant:
        options.variant, options.variant_len = variant.encode(), len(variant.encode())
    pt = SaveOptions(metadata=metadata_array({"format": "pt"}, keep), metadata_count=1)
    library.call(
        "st_save_set", str(folder).encode(), array, ctypes.c_uint64(len(tensors)), ctypes.byref(options),
        ctypes.byref(pt),
    )  # fmt: skip


def expected_index(plan, index_format, metadata, parameters):
    numbers = {"total_parameters": parameters} if parameters else {}
    index = {"metadata": {**plan.metadata, **numbers, **metadata}, "weight_map": plan.tensor_to_filename}
    if index_format == SORTED:
        return json.dumps(index, indent=2, sort_keys=True) + "\n"
    return json.dumps(index, indent=2)


def reference_bytes(names, tensors):
    specs, keep = {}, []
    for name in names:
        data = tensors[name].data
        buffer = ctypes.create_string_buffer(data, max(len(data), 1))
        keep.append(buffer)
        specs[name] = TensorSpec(
            dtype="uint8", shape=[len(data)], data_ptr=ctypes.addressof(buffer), data_len=len(data)
        )
    return serialize(specs, {"format": "pt"})


def check(library, folder, source, compares_bytes):
    """The difference, or None, and the number of shards."""
    tensors, limit = random_tensors(source), source.choice([1, 2, 8, 31, 60, 100, 1000])
    stem = source.choice(["model", "diffusion_pytorch_model", "é😀"])
    variant = source.choice(["", "", "fp16"])
    index_format = source.randrange(2)
    metadata = {} if source.randrange(2) else {random_text(source): random_text(source) for _ in range(3)}
    parameters = source.choice([0, 0, 12345]) if index_format == SORTED else 0
    base = f"{stem}.{variant}" if variant else stem
    plan = split(tensors, limit, base.replace("{", "{{") + "{suffix}.safetensors")
    save(library, folder, tensors, limit, stem, variant, index_format, metadata, parameters)

    names = {path.name for path in folder.iterdir()}
    index = f"{stem}.safetensors.index{'.' + variant if variant else ''}.json"
    expected = set(plan.filename_to_tensors) | ({index} if plan.is_sharded else set())
    if names != expected:
        return f"the files are {sorted(names)}, expected {sorted(expected)}", 0
    if plan.is_sharded:
        text = (folder / index).read_bytes()
        if text != expected_index(plan, index_format, metadata, parameters).encode("ascii"):
            return f"the index differs:\n{text.decode()}\n{expected_index(plan, index_format, metadata, parameters)}", 0
        for name, members in plan.filename_to_tensors.items():
            if compares_bytes and (folder / name).read_bytes() != reference_bytes(members, tensors):
                return f"the bytes of {name} differ", 0
    return None, len(plan.filename_to_tensors)


def main():
    library = Library(sys.argv[1])
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    source = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    wrong = shards = sharded = 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None) as name:
        folder = pathlib.Path(name) / "set"
        for case in range(cases):
            problem, count = check(library, folder, source, case % 10 == 0)
            shutil.rmtree(folder)
            shards += count
            sharded += count > 1
            if problem:
                wrong += 1
                print(f"case {case}: {problem}"[:3000])
    print(f"{cases} sets, {sharded} of several files, {shards} files, {wrong} wrong")
    return 1 if wrong or not sharded else 0


if __name__ == "__main__":
    sys.exit(main())
