#!/usr/bin/env python3
"""Cases from the documentation and the tests of the reference: documented_tensors.py has the cases of tensors,
documented_models.py those of models."""

from both import Both  # first: it exits if torch is missing

import documented_models
import documented_tensors
from script import Script

both = Both(cases=0)
cases = documented_tensors.CASES + documented_models.CASES


def scripts():
    for whose in ("ours", "theirs"):
        script = Script()
        for number, case in enumerate(cases):
            script.case(number)
            case.build(script, lambda name: f"{both.folder}/{number}.{name}.{whose}")
        yield script


answered = {}
for number, _, _, theirs in both.compare(*scripts()):
    answered.setdefault(number, []).append(theirs.get("error", "done"))

# Besides the comparison, check that the reference has the expected result.
for number, case in enumerate(cases):
    both.expect(number, case.name, answered[number], list(case.expected))
both.finish(at_least=2 * len(cases))
