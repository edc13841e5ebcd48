"""A script put to both implementations: what every test here begins with."""

import argparse
import random
import sys
import tempfile
import warnings

try:
    import safetensors.torch  # noqa: F401
    import torch
except ImportError as error:
    print(f"this Python lacks the reference: {error}")
    sys.exit(77)

import driver
from reference import Reference

ANSWERED = {"save_file", "save", "save_model", "load_file", "load", "load_model", "load_into"}


class Both:
    """Runs scripts, collects what is different, and says in the end how many cases were compared."""

    def __init__(self, cases):
        parser = argparse.ArgumentParser()
        parser.add_argument("driver", help="the program of driver.cpp")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--cases", type=int, default=cases)
        options = parser.parse_args()
        self.program = options.driver
        self.seed = options.seed
        self.cases = options.cases
        self.rng = random.Random(options.seed)
        self.differences = []
        self.compared = 0
        self._folder = tempfile.TemporaryDirectory()
        self.folder = self._folder.name
        warnings.simplefilter("ignore")
        torch.set_num_threads(1)

    def ask(self, ours, theirs):
        """Asks the library with one script and the reference with another of as many questions. Yields
        (case, line, our answer, their answer)."""
        questions = []
        number = None
        for line in ours.lines:
            if line[0] == "case":
                number = int(line[1])
            elif line[0] in ANSWERED:
                questions.append((number, line))
        our_answers = driver.answers(self.program, ours.lines)
        their_answers = list(Reference().answers(theirs.lines))
        assert len(questions) == len(our_answers) == len(their_answers)
        for question, our_answer, their_answer in zip(questions, our_answers, their_answers):
            yield *question, our_answer, their_answer

    def check(self, number, line, difference, *answers):
        """Keeps a difference, if it is one, for the end."""
        self.compared += 1
        if difference:
            self.differences.append((number, line, difference, answers))

    def finish(self, at_least):
        """Ends the program. Fewer than `at_least` comparisons are a failure too."""
        for number, line, difference, answers in self.differences[:20]:
            print(f"case {number}, {line[0]}: {difference}"[:1000])
        for number, line, _, answers in self.differences[:1]:
            print(f"case {number}, {' '.join(line)}:")
            for whose, answer in zip(("ours:  ", "theirs:"), answers):
                print(whose, answer)
        print(
            f"{self.compared} answers compared, {len(self.differences)} different "
            f"(--seed {self.seed} --cases {self.cases})"
        )
        sys.exit(1 if self.differences or self.compared < at_least else 0)
