"""Runs a script with the library, through the program of driver.cpp."""

import json
import subprocess


class DriverDied(Exception):
    pass


def answers(program, lines):
    script = "".join(" ".join(line) + "\n" for line in lines)
    run = subprocess.run([program], input=script, capture_output=True, text=True, encoding="utf-8")
    replies = [json.loads(line) for line in run.stdout.split("\n")[:-1]]
    if run.returncode != 0:
        raise DriverDied(
            f"the driver ended with {run.returncode} after {len(replies)} answers: {run.stderr}"
        )
    return replies
