#!/usr/bin/env python3
"""Saves and loads random dictionaries of tensors, in both directions."""

from both import Both  # first: it exits if torch is missing

from random_names import random_text
from random_tensors import random_dictionary
from script import Script

both = Both(cases=1500)


def path(kind, whose, number):
    return f"{both.folder}/{number}.{kind}.{whose}"


def random_metadata(script):
    for _ in range(both.rng.choice([0, 0, 1, 1, 1, 2, 5])):
        script.metadata(random_text(both.rng), random_text(both.rng))


def saving():
    """The same cases for both implementations, which save to different files."""
    scripts = Script(), Script()
    for number in range(both.cases):
        state = both.rng.getstate()
        for script, whose in zip(scripts, ("ours", "theirs")):
            both.rng.setstate(state)
            script.case(number)
            random_dictionary(both.rng, script)
            random_metadata(script)
            script.save_file(path("file", whose, number))
            script.save(path("bytes", whose, number))
    return scripts


def loading(numbers):
    """Files of each implementation, loaded by both."""
    script = Script()
    for number in numbers:
        script.case(number)
        for kind, whose in [("file", "ours"), ("bytes", "theirs")]:
            script.load_file(path(kind, whose, number), "mmap")
            script.load_file(path(kind, whose, number), "pread")
            script.load(path(kind, whose, number), both.rng.choice(["copy", "keep"]))
    return script


saved = set()
for number, same, _, theirs in both.compare(*saving()):
    if same and "error" not in theirs:
        saved.add(number)
script = loading(sorted(saved))
both.compare_all(script, script)
both.finish(at_least=5 * both.cases)
