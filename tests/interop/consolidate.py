#!/usr/bin/env python3
"""Checkpoints that torch.distributed.checkpoint's HuggingFaceStorageWriter writes from several processes are joined
to the tensors that they were saved from.

Usage: consolidate.py JOIN_CHECKPOINT
"""

import os
import subprocess
import sys
import tempfile

try:
    import torch
    import torch.distributed as dist
    import torch.distributed.checkpoint as dcp
    import torch.multiprocessing
    from safetensors.torch import load_file
    from torch.distributed.checkpoint import HuggingFaceStorageWriter
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor, init_device_mesh
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

RANKS = 4


def whole_tensors():
    """Name -> tensor and its placements on a mesh of 2 x 2 processes."""
    generator = torch.Generator().manual_seed(1)

    def numbers(shape, dtype):
        return torch.randint(0, 100, shape, generator=generator).to(dtype)

    return {
        "rows": (numbers((10, 6), torch.float32), [Shard(0), Replicate()]),
        "uneven": (numbers((7, 5), torch.bfloat16), [Replicate(), Shard(0)]),
        "columns": (numbers((4, 6, 8), torch.float16), [Replicate(), Shard(2)]),
        "middle": (numbers((3, 9, 2), torch.float64), [Shard(1), Replicate()]),
        "grid": (numbers((8, 12), torch.int32), [Shard(0), Shard(1)]),
        "bytes": (numbers((6, 10), torch.uint8), [Shard(1), Shard(0)]),
        "float8": (numbers((8, 8), torch.float8_e4m3fn), [Shard(0), Replicate()]),
        "mask": (numbers((5,), torch.bool), [Shard(0), Replicate()]),
        "whole": (numbers((3, 3), torch.int64), [Replicate(), Replicate()]),
        "scalar": (torch.tensor(42, dtype=torch.int64), [Replicate(), Replicate()]),
    }


def save_rank(rank, directory):
    store = os.path.join(directory, "store")
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=RANKS)
    mesh = init_device_mesh("cpu", (2, 2))
    state = {
        name: distribute_tensor(tensor, mesh, placements, src_data_rank=None)
        for name, (tensor, placements) in whole_tensors().items()
    }
    writer = HuggingFaceStorageWriter(os.path.join(directory, "checkpoint"), save_distributed=True)
    dcp.save(state, storage_writer=writer)
    dist.destroy_process_group()


def main():
    with tempfile.TemporaryDirectory() as directory:
        torch.multiprocessing.spawn(save_rank, (directory,), RANKS)
        files = os.listdir(os.path.join(directory, "checkpoint"))
        assert len(files) == RANKS, files
        joined = os.path.join(directory, "joined.safetensors")
        subprocess.run([sys.argv[1], os.path.join(directory, "checkpoint"), joined], check=True)
        found = load_file(joined)
        expected = {name: tensor for name, (tensor, _) in whole_tensors().items()}
        assert found.keys() == expected.keys(), found.keys()
        for name, tensor in expected.items():
            same = found[name].dtype == tensor.dtype and found[name].shape == tensor.shape
            flat = [t.contiguous().reshape(-1).view(torch.uint8) for t in (found[name], tensor)]
            assert same and torch.equal(*flat), name
    print(f"{len(expected)} tensors of {len(files)} files are equal")


if __name__ == "__main__":
    main()
