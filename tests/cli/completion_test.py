#!/usr/bin/env python3
"""The completions and the man page: completion_test.py COMMAND

bash completes commands, options, values and files. All commands and options are in the man page and in each script.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import command as commands
from command import Command

command = None


def described():
    """Command -> its options, as the help has them."""
    names = re.findall(r"^  ([a-z]+)  ", command.output("--help"), flags=re.M)
    return {name: re.findall(r"(?<=[ ,])--?[a-z][a-z-]*", re.sub(r"(?s)\nexamples:.*", "", options_of(name))) for name in names}


def options_of(name):
    rows = command.output(name, "--help").partition("\noptions:\n")[2]
    return "\n".join(row[:26] for row in rows.splitlines() if row.startswith("  -"))


class Completions(unittest.TestCase):
    def complete(self, *words, directory="."):
        """What bash offers for the last word."""
        script = (
            'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; '
            '_safetensors; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(command.output("--completion", "bash"))
            file.flush()
            done = subprocess.run(["bash", "-c", script, "bash", file.name, "safetensors", *words], cwd=directory,
                                  env=commands.ENVIRONMENT, capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split("\n")[:-1]

    def test_bash_completes_commands_options_values_and_files(self):
        self.assertEqual(self.complete("re"), ["repair", "reindex", "rename"])
        self.assertEqual(self.complete("ls", "--t"), ["--tree", "--totals"])
        self.assertEqual(self.complete("ls", "--sort", ""), ["file", "name", "size"])
        with tempfile.TemporaryDirectory() as directory:
            for name in ("model one.safetensors", "model two.safetensors"):
                pathlib.Path(directory, name).touch()
            found = self.complete("ls", "mod", directory=directory)
            self.assertEqual(sorted(found), ["model one.safetensors", "model two.safetensors"])

    def test_every_option_is_in_every_script_and_in_the_man_page(self):
        self.assertGreaterEqual(len(described()), 12)
        texts = {shell: command.output("--completion", shell) for shell in ("bash", "zsh", "fish")}
        texts["man"] = command.output("--man").replace("\\-", "-")
        for name, options in described().items():
            self.assertIn("--json", options)
            for option in options:
                for kind, text in texts.items():
                    wanted = option
                    if kind == "fish":
                        wanted = f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
                        text = "\n".join(line for line in text.splitlines() if f"from {name}'" in line)
                    self.assertTrue(wanted in text, f"{name} {option} in {kind}")

    def test_shells_parse_their_scripts(self):
        parsed = 0
        for shell, check in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])):
            if not shutil.which(shell):
                continue
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(command.output("--completion", shell))
                file.flush()
                subprocess.run([*check, file.name], check=True)
            parsed += 1
        self.assertGreater(parsed, 0)

    def test_the_man_page_is_formatted_without_warnings(self):
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=command.output("--man"), capture_output=True,
                              text=True, check=True)
        self.assertEqual(done.stderr, "")
        text = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
        for part in ("NAME", "COMMANDS", "EXIT STATUS", "safetensors ls [OPTION...] PATH [PATTERN...]"):
            self.assertTrue(part in re.sub(r"\s+", " ", text), part)


if __name__ == "__main__":
    command = Command(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
