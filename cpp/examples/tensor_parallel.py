#!/usr/bin/env python3
"""Runs a model that several processes divide, in C++, with a process group of PyTorch: here Gloo.

usage: torchrun --standalone --nproc-per-node 2 tensor_parallel.py LIBRARY DIRECTORY [--make] [--read-once]

LIBRARY is build/cpp/examples/libtensor_parallel.so. C++ finds the group by its name. The options are those of
tensor_parallel_main.cpp, which needs no Python.
"""

import argparse
import ctypes
import sys

import torch.distributed

parser = argparse.ArgumentParser(description="Runs a model that several processes divide.")
parser.add_argument("library")
parser.add_argument("directory")
parser.add_argument("--make", action="store_true", help="save the model first")
parser.add_argument("--read-once", action="store_true", help="read each byte of the model once")
arguments = parser.parse_args()

torch.distributed.init_process_group("gloo")
group = torch.distributed.group.WORLD.group_name
library = ctypes.CDLL(arguments.library)
failed = library.tensor_parallel(
    group.encode(), arguments.directory.encode(), arguments.make, arguments.read_once
)
torch.distributed.destroy_process_group()
sys.exit(failed)
