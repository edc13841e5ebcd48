#!/usr/bin/env python3
"""Saves and loads random modules, also with files that match them only in part, in both directions."""

from both import Both  # first: it exits if torch is missing

from dtypes import FORMAT_DTYPES
from random_models import RandomModel, file_for, state_of
from random_names import random_text
from script import Script

both = Both(cases=1200)


def path(whose, number):
    return f"{both.folder}/{number}.{whose}"


def saving():
    """The same models for both implementations, which save them to different files."""
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
    """Models with files for them. Returns the two scripts that save the files, and the script that loads."""
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
        loader.load_model(
            path(both.rng.choice(["ours", "theirs"]), number), both.rng.random() < 0.5
        )
    return *savers, loader


both.compare_all(*saving())
*savers, loader = loading()
both.compare_all(*savers)
both.compare_all(loader, loader)
both.finish(at_least=3 * both.cases)
