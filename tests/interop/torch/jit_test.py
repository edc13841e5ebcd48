#!/usr/bin/env python3
"""Saves and loads TorchScript modules created in Python."""

from both import Both  # first: it exits if torch is missing

import torch
from dtypes import REAL, TORCH_DTYPES
from random_tensors import plain_tensor
from script import Script

both = Both(cases=60)
rng = both.rng

NAMES = ["weight", "bias", "a", "b", "inner", "table", "scale", "x1", "_hidden"]
DTYPES = [*REAL, "I64", "U8", "BOOL", "C64"]


def path(kind, whose, number):
    return f"{both.folder}/{number}.{kind}.{whose}"


def random_tensor():
    dtype = rng.choice(DTYPES)
    shape = [rng.randrange(4) for _ in range(rng.randrange(3))]
    count = max(torch.Size(shape).numel(), 1) * TORCH_DTYPES[dtype].itemsize
    bits = torch.tensor(
        [rng.randrange(2 if dtype == "BOOL" else 120) for _ in range(count)], dtype=torch.uint8
    )
    return bits.view(TORCH_DTYPES[dtype])[: torch.Size(shape).numel()].clone().view(shape)


def random_module(tensors, depth=0):
    module = torch.nn.Module()
    modules = []
    for name in rng.sample(NAMES, rng.randrange(1, 5)):
        kind = rng.random()
        if kind < 0.06 and modules:  # a second name for a module
            module.add_module(name, rng.choice(modules))
        elif kind < 0.3 and depth < 3:
            modules.append(random_module(tensors, depth + 1))
            module.add_module(name, modules[-1])
        elif kind < 0.35:  # neither a parameter nor a buffer
            setattr(module, name, random_tensor())
        elif kind < 0.4:
            module.register_buffer(name, random_tensor())
        elif kind < 0.55 and tensors:  # tied
            module.register_parameter(name, rng.choice(tensors))
        elif kind < 0.6 and tensors:  # a part, mostly
            module.register_buffer(name, torch.atleast_1d(rng.choice(tensors).detach())[:1])
        else:
            tensor = random_tensor()
            parameter = torch.nn.Parameter(
                tensor, tensor.is_floating_point() and rng.random() < 0.7
            )
            tensors.append(parameter)
            module.register_parameter(name, parameter)
    return module


def model_files():
    """Writes a TorchScript file per case; returns the names, dtypes and shapes in it."""
    for number in range(both.cases):
        module = random_module([])
        file = path("pt", "both", number)
        torch.jit.save(torch.jit.script(module), file)
        yield number, file, module.state_dict()


def saving(models):
    scripts = Script(), Script()
    for number, file, _ in models:
        for script, whose in zip(scripts, ("ours", "theirs")):
            script.case(number)
            script.jit(file)
            script.save_model(path("model", whose, number))
    return scripts


def loading(models):
    """Saves files with other values, without some of the names and with other names."""
    names = {dtype: name for name, dtype in TORCH_DTYPES.items()}
    savers = Script(), Script()
    loader = Script()
    for number, file, state in models:
        choices = rng.getstate()
        for script, whose in zip(savers, ("ours", "theirs")):
            rng.setstate(choices)
            script.case(number)
            for name, tensor in state.items():
                if rng.random() < 0.9:
                    script.entry(
                        name, plain_tensor(rng, script, names[tensor.dtype], list(tensor.shape))
                    )
            if rng.random() < 0.3:
                script.entry("one.more", plain_tensor(rng, script))
            script.save_file(path("file", whose, number))
        loader.case(number)
        loader.jit(file)
        loader.load_model(path("file", rng.choice(["ours", "theirs"]), number), rng.random() < 0.5)
    return *savers, loader


models = list(model_files())
both.compare_all(*saving(models))
*savers, loader = loading(models)
both.compare_all(*savers)
both.compare_all(loader, loader)
both.finish(at_least=3 * both.cases)
