#!/usr/bin/env python3
"""The output that README.md shows, with the real model: readme_test.py COMMAND README MODELS

In a block of the language "console", a line after "$ " is run in a directory with model.safetensors, and the lines
after it are its output. A line "..." stands for any lines.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import command as commands
from command import Command

SKIPPED = 77


def find_model(directory):
    found = next(pathlib.Path(directory).rglob("model.safetensors"), None)
    if not found:
        print(f"skipped: no model.safetensors below {directory}")
        sys.exit(SKIPPED)
    return found


def sessions(text):
    """Command lines with the lines of their output, in order."""
    for block in re.findall(r"^```console\n(.*?)^```$", text, flags=re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            line, _, output = part.partition("\n")
            while line.endswith("\\"):
                more, _, output = output.partition("\n")
                line = line[:-1] + more.lstrip()
            yield line, output


def matches(expected, found):
    pattern = "".join(
        "(?:.*\n)*" if line.strip() == "..." else re.escape(line) + "\n" for line in expected.splitlines()
    )
    return re.fullmatch(pattern, found) is not None


def main():
    command, readme, model = Command(sys.argv[1]), pathlib.Path(sys.argv[2]), find_model(sys.argv[3])
    wrong = count = 0
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "model.safetensors").write_bytes(model.read_bytes())
        environment = commands.ENVIRONMENT | {"PATH": f"{pathlib.Path(command.program).parent}:{commands.ENVIRONMENT['PATH']}"}
        for line, expected in sessions(readme.read_text()):
            done = subprocess.run(["bash", "-c", line], cwd=directory, env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            count += 1
            if not matches(expected, done.stdout):
                wrong += 1
                print(f"$ {line}\n== expected\n{expected}== found\n{done.stdout}")
    print(f"{count} command lines, {wrong} with other output")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
