#!/usr/bin/env python3
"""Tests the intended differences between the library and the reference."""

import os

from both import Both  # first: it exits if torch is missing

import torch
from answers import tensors_in
from documented_case import collector, tensor
from safetensors import SafetensorError
from safetensors.torch import load_file
from script import Script

both = Both(cases=0)
CASES = []
case = collector(CASES)


def floats(file):
    (only,) = tensors_in(file)
    return torch.frombuffer(bytearray.fromhex(only["data"]), dtype=torch.float32).tolist()


@case([1, -1, 1, -1], [1, 1, 1, 1])
def a_lazy_conjugate_is_saved_as_the_values_that_it_stands_for(script, file):
    script.entry("test", script.special("conj"))
    script.save_file(file("file"))


@case([-1, -1], [1, 1])
def a_lazy_negative_too(script, file):
    script.entry("test", script.special("neg"))
    script.save_file(file("file"))


@case("refused", "a file that cannot be read")
def a_tensor_with_the_name_of_the_metadata(script, file):
    script.entry("__metadata__", tensor(script, 3))
    script.save_file(file("file"))


@case(["norm.running_mean"], "refused")
def running_statistics_for_a_layer_that_tracks_none(script, file):
    script.entry("norm.running_mean", tensor(script, 3))
    script.layer("norm", "instance_norm", 3)
    script.save_file(file("file"))
    script.load_model(file("file"), strict=False)


@case([], "refused")
def a_model_with_a_dtype_that_the_format_lacks(script, file):
    script.entry("a", tensor(script, 2))
    script.buffer("a", tensor(script, 2, dtype="C128"))
    script.save_file(file("file"))
    script.load_model(file("file"), strict=False)


def outcome(answer, file):
    if "error" in answer:
        return "refused"
    if "unexpected" in answer:
        return answer["unexpected"]
    try:
        load_file(file)
    except SafetensorError:
        return "a file that cannot be read"
    return floats(file)


def scripts():
    for whose in ("ours", "theirs"):
        script = Script()
        for number, each in enumerate(CASES):
            script.case(number)
            each.build(script, lambda name: os.path.join(both.folder, f"{number}.{name}.{whose}"))
        yield script


outcomes = {}
for number, ours, theirs in both.answers(*scripts()):
    outcomes[number] = [
        outcome(answer, os.path.join(both.folder, f"{number}.file.{whose}"))
        for answer, whose in ((ours, "ours"), (theirs, "theirs"))
    ]
for number, each in enumerate(CASES):
    both.expect(number, each.name, outcomes[number], list(each.expected))
both.finish(at_least=len(CASES))
