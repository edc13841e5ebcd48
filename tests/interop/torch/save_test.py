#!/usr/bin/env python3
"""Random dictionaries of tensors through save_file, save, load_file and load, in both directions."""

from answers import compare_files, compare_states, compare_tensors, tensors_in
from both import Both
from random_names import random_text
from random_tensors import random_dictionary
from refusals import compare as compare_refusals
from script import Script, unhexed

both = Both(cases=1500)


def path(kind, whose, number):
    return f"{both.folder}/{number}.{kind}.{whose}"


def random_metadata(script):
    for _ in range(both.rng.choice([0, 0, 1, 1, 1, 2, 5])):
        script.metadata(random_text(both.rng), random_text(both.rng))


def saving():
    """The same cases for each of the two, which write to files of their own."""
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
    """Files of each of the two, loaded by both."""
    script = Script()
    for number in numbers:
        script.case(number)
        for kind, whose in [("file", "ours"), ("bytes", "theirs")]:
            script.load_file(path(kind, whose, number), "mmap")
            script.load_file(path(kind, whose, number), "pread")
            script.load(path(kind, whose, number), both.rng.choice(["copy", "keep"]))
    return script


saved = set()
for number, line, ours, theirs in both.ask(*saving()):
    kind = "file" if line[0] == "save_file" else "bytes"
    difference = compare_refusals(ours, theirs) or compare_files(
        path(kind, "ours", number), path(kind, "theirs", number)
    )
    both.check(number, line, difference, ours, theirs)
    if not difference and "error" not in theirs:
        saved.add(number)

script = loading(sorted(saved))
for number, line, ours, theirs in both.ask(script, script):
    if theirs.get("error") == "unread":
        theirs = {"tensors": tensors_in(unhexed(line[1]).decode())}
    difference = compare_refusals(ours, theirs)
    if not difference and "error" not in theirs:
        if line[0] == "load":  # in no order by the reference, in the file's by the library
            difference = compare_states(ours["tensors"], theirs["tensors"])
            theirs = {"tensors": tensors_in(unhexed(line[1]).decode())}
        difference = difference or compare_tensors(ours["tensors"], theirs["tensors"])
    both.check(number, line, difference, ours, theirs)

both.finish(at_least=5 * both.cases)
