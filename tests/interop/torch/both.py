"""Runs scripts with both implementations. Every test imports this module first."""

import argparse
import random
import sys
import tempfile
import warnings

try:
    import safetensors.torch  # noqa: F401
    import torch
except ImportError as error:
    print(f"the reference is not installed: {error}")
    sys.exit(77)

import driver
import reference
from comparison import difference


class Both:
    """Runs scripts, collects differences, and reports the number of compared cases at the end."""

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

    def _questions(self, ours, theirs):
        """Yields (case, our line, their line, our answer, their answer) for every question."""
        number = None
        asked = []
        for our_line, their_line in zip(ours.lines, theirs.lines):
            if our_line[0] == "case":
                number = int(our_line[1])
            elif our_line[0] in reference.QUESTIONS:
                asked.append((number, our_line, their_line))
        our_answers = driver.answers(self.program, ours.lines)
        their_answers = list(reference.answers(theirs.lines))
        assert len(asked) == len(our_answers) == len(their_answers)
        for question, our_answer, their_answer in zip(asked, our_answers, their_answers):
            yield *question, our_answer, their_answer

    def answers(self, ours, theirs):
        """Runs one script with the library and another, with as many questions, with the reference. Yields the
        number of the case and both answers for each question."""
        for number, _, _, our_answer, their_answer in self._questions(ours, theirs):
            yield number, our_answer, their_answer

    def compare(self, ours, theirs):
        """Runs both scripts, collects differences, and yields in addition whether the answers are equal."""
        for number, our_line, their_line, *answers in self._questions(ours, theirs):
            different = difference(our_line, their_line, *answers)
            self.compared += 1
            if different:
                self.differences.append((number, our_line, different, answers))
            yield number, not different, *answers

    def compare_all(self, ours, theirs):
        for _ in self.compare(ours, theirs):
            pass

    def expect(self, number, name, found, expected):
        """Collects a difference unless the condition holds."""
        self.compared += 1
        if found != expected:
            self.differences.append((number, [name], f"{found}, not {expected}", ()))

    def finish(self, at_least):
        """Exits with the result. Fewer than `at_least` comparisons are a failure."""
        for number, line, different, _ in self.differences[:20]:
            print(f"case {number}, {line[0]}: {different}"[:1000])
        for number, line, _, answers in self.differences[:1]:
            print(f"case {number}, {' '.join(line)}:")
            for whose, answer in zip(("ours:  ", "theirs:"), answers):
                print(whose, answer)
        print(
            f"{self.compared} answers compared, {len(self.differences)} different "
            f"(--seed {self.seed} --cases {self.cases})"
        )
        sys.exit(1 if self.differences or self.compared < at_least else 0)
