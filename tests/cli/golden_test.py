#!/usr/bin/env python3
"""The output of every command on small files, as text and as JSON: golden_test.py COMMAND GOLDEN [--update]

A file of GOLDEN has the command lines of a topic, each after "$ ", and their output; "! " and "= " before lines are
stderr and an exit code other than 0. --update writes the files again.
"""

import pathlib
import re
import shlex
import sys
import tempfile

from command import Command, file_bytes, floats, hostile_names, small_model, write_small_set

LONG_TEXT = '{"tags": {"photo": 12, "drawing": 3}, "list": [1, 2, 3], "name": "' + "x" * 80 + '"}'


def write_inputs(directory):
    small = file_bytes(small_model(), {"format": "pt", "training": LONG_TEXT})
    (directory / "small.safetensors").write_bytes(small)
    (directory / "names.safetensors").write_bytes(file_bytes(hostile_names()))
    (directory / "other.safetensors").write_bytes(file_bytes({"other": ("F32", [2], floats(1, 2))}, {"format": "pt"}))
    (directory / "empty.safetensors").write_bytes(file_bytes({}))
    (directory / "truncated.safetensors").write_bytes(small[:-10])
    (directory / "text.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")
    (directory / "value.txt").write_text("a value\nof two lines\n")
    write_small_set(directory / "set")
    write_small_set(directory / "unindexed", index=False)
    (write_small_set(directory / "incomplete") / "model-00002-of-00003.safetensors").unlink()
    (directory / "nothing").mkdir()


# How a file system lets a file be edited.
METHODS = r"(replaced by a new file|changed in place)[^\n]*|(?<=\"method\": \")(clone|copy|overwrite|insert)"


def transcript(command, lines, directory):
    text = ""
    for line in lines:
        done = command.run(*shlex.split(line), cwd=directory)
        text += f"$ {line}\n{done.stdout}"
        text += "".join(f"! {error}\n" for error in done.stderr.splitlines())
        if done.returncode:
            text += f"= {done.returncode}\n"
    return re.sub(METHODS, "METHOD", text)


def main():
    command, golden = Command(sys.argv[1]), pathlib.Path(sys.argv[2])
    is_update = "--update" in sys.argv
    wrong = count = 0
    for path in sorted(golden.glob("*.txt")):
        expected = path.read_text()
        lines = [line[2:] for line in expected.splitlines() if line.startswith("$ ")]
        with tempfile.TemporaryDirectory() as directory:
            write_inputs(pathlib.Path(directory))
            found = transcript(command, lines, directory)
        count += len(lines)
        if is_update:
            path.write_text(found)
        elif found != expected:
            wrong += 1
            print(f"== {path.name}: expected\n{expected}\n== found\n{found}")
    print(f"{count} command lines, {wrong} files differ")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
