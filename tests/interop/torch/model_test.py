#!/usr/bin/env python3
"""Random modules through save_model and load_model, with files that fit more or less, in both directions."""

from answers import compare_files, compare_states, same_unexpected
from both import Both
from dtypes import FORMAT_DTYPES
from random_models import RandomModel, file_for, state_of
from random_names import random_text
from refusals import compare as compare_refusals
from script import Script

both = Both(cases=1200)


def path(whose, number):
    return f"{both.folder}/{number}.{whose}"


def saving():
    """Models for save_model, the same for each of the two, which write to files of their own."""
    scripts = Script(), Script()
    for number in range(both.cases):
        state = both.rng.getstate()
        for script, whose in zip(scripts, ("ours", "theirs")):
            both.rng.setstate(state)
            script.case(number)
            RandomModel(both.rng, script, plain=both.rng.random() < 0.5)
            for _ in range(both.rng.choice([0, 0, 0, 1, 2])):
                script.metadata(random_text(both.rng), random_text(both.rng))
            script.save_model(path(whose, number), force_contiguous=both.rng.random() < 0.7)
    return scripts


def loading():
    """Models with files for them. Returns the two scripts that save the files, and the one that loads."""
    savers = Script(), Script()
    loader = Script()
    for number in range(both.cases):
        loader.case(number)
        begin = len(loader.lines)
        RandomModel(both.rng, loader, plain=both.rng.random() < 0.8)
        model = state_of(loader.lines[begin:])
        fitting = both.rng.choice([1, 1, 0.95, 0.8])
        state = both.rng.getstate()
        for script, whose in zip(savers, ("ours", "theirs")):
            both.rng.setstate(state)
            script.case(number)
            file_for(both.rng, script, model, FORMAT_DTYPES, fitting)
            script.save_file(path(whose, number))
        loader.load_model(path(both.rng.choice(["ours", "theirs"]), number), both.rng.random() < 0.5)
    return savers, loader


def compare_mismatched(ours, theirs):
    """The reference says sizes that differ in the text of its exception only."""
    for name, file_shape, model_shape in ours["mismatched"]:
        shapes = f"torch.Size({file_shape}) from checkpoint, the shape in current model is torch.Size({model_shape})."
        if f"size mismatch for {name}: copying a param with shape {shapes}" not in theirs["text"]:
            return f"a mismatch that the reference does not have: {name!r}"
    if len(ours["mismatched"]) != theirs["text"].count("size mismatch for"):
        return "not all mismatches"
    return None


def compare_loads(ours, theirs):
    if difference := compare_refusals(ours, theirs):
        return difference
    if theirs.get("error") == "sizes":
        return compare_mismatched(ours, theirs) or compare_states(ours["tensors"], theirs["before"])
    if "error" in theirs and theirs["error"] != "keys":
        return None
    # A strict load that fails returns nothing in the reference; the library's exception has the lists.
    if "error" in theirs or "missing" in ours:
        if sorted(ours["missing"]) != theirs["missing"]:
            return "another list of what is missing"
        empty = {each["name"] for each in theirs["tensors"] if not each["data"]}
        if not same_unexpected(ours["unexpected"], theirs["unexpected"], empty):
            return "another list of what is unexpected"
    # Where the reference complains after it has loaded, the library does before.
    state = "before" if "error" in theirs else "tensors"
    return compare_states(ours["tensors"], theirs[state])


for number, line, ours, theirs in both.ask(*saving()):
    difference = compare_refusals(ours, theirs) or compare_files(
        path("ours", number), path("theirs", number)
    )
    both.check(number, line, difference, ours, theirs)

savers, loader = loading()
for number, line, ours, theirs in both.ask(*savers):
    difference = compare_files(path("ours", number), path("theirs", number))
    both.check(number, line, difference, ours, theirs)
for number, line, ours, theirs in both.ask(loader, loader):
    both.check(number, line, compare_loads(ours, theirs), ours, theirs)

both.finish(at_least=3 * both.cases)
