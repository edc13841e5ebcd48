#!/usr/bin/env python3
"""The files that commands write beside those of the reference and of huggingface_hub: transform_test.py COMMAND"""

import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import numpy
    from safetensors.numpy import load_file, save_file
except ImportError:
    print("skipped: this Python lacks the package numpy or safetensors")
    sys.exit(77)

from command import Command, ENVIRONMENT

command = None


def arrays():
    source = numpy.random.default_rng(5)
    kinds = ["f4", "f2", "u1", "i8", "f8", "?"]
    return {
        f"model.layers.{i}.{part}": (source.random((i % 5 + 1, 7)) * 100).astype(kinds[(i + len(part)) % 6])
        for i in range(12)
        for part in ("weight", "bias", "scale")
    }


class Transforms(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.arrays = arrays()
        self.model = self.save("model", self.arrays)
        self.out = self.directory / "out.safetensors"

    def save(self, name, tensors, metadata=None):
        path = self.directory / f"{name}.safetensors"
        save_file(tensors, path, metadata or {"format": "np"})
        return path

    def assert_equal_to_reference(self, tensors):
        self.assertEqual(self.out.read_bytes(), self.save("expected", tensors).read_bytes())

    def split(self, name="set", size="700"):
        command.output("split", self.model, "-o", self.directory / name, "-m", size)
        return self.directory / name

    def test_merge_of_a_split_model_is_the_model(self):
        command.output("merge", self.split(), "-o", self.out)
        self.assertEqual(self.out.read_bytes(), self.model.read_bytes())

    def test_merge_joins_models(self):
        first = dict(list(self.arrays.items())[:20])
        second = dict(list(self.arrays.items())[20:])
        command.output("merge", self.save("a", first), self.save("b", second), "-o", self.out)
        self.assert_equal_to_reference(self.arrays)

    def test_merge_refuses_metadata_with_two_values(self):
        other = self.save("b", {"x": numpy.zeros(1)}, {"format": "pt"})
        done = command.run("merge", self.model, other, "-o", self.out)
        self.assertEqual(done.returncode, 2)
        self.assertIn('the metadata key "format"', done.stderr)
        self.assertFalse(self.out.exists())

    def test_extract_and_rm_divide_the_model(self):
        selected = {name: array for name, array in self.arrays.items() if name.endswith("bias")}
        for source in (self.model, self.split()):
            command.output("extract", source, "*.bias", "-o", self.out, "--force")
            self.assert_equal_to_reference(selected)
            command.output("rm", source, "*.bias", "-o", self.out, "--force")
            self.assert_equal_to_reference({n: a for n, a in self.arrays.items() if n not in selected})

    def test_rename_changes_names_only(self):
        def renamed(name):
            return "first" if name == "model.layers.0.bias" else name.removeprefix("model.").replace("layers.1", "h<1>")

        command.output("rename", self.split(), "--exact", "model.layers.0.bias", "first", "--prefix", "model.", "",
                       "--regex", r"layers\.(1)", "h<$1>", "-o", self.out)
        self.assert_equal_to_reference({renamed(name): array for name, array in self.arrays.items()})

    def test_names_can_be_exchanged(self):
        a, b = "model.layers.0.bias", "model.layers.1.bias"
        command.output("rename", self.model, "--exact", a, b, "--exact", b, a, "-o", self.out)
        exchanged = {{a: b, b: a}.get(name, name): array for name, array in self.arrays.items()}
        self.assert_equal_to_reference(exchanged)

    def test_a_file_and_a_set_can_be_replaced_by_themselves(self):
        command.output("rm", self.model, "*.bias", "-o", self.model, "--force")
        self.assertEqual(set(load_file(self.model)), {name for name in self.arrays if not name.endswith("bias")})
        path = self.split()
        command.output("rm", path, "*.scale", "-o", path, "--force", "-m", "300")
        model = command.json("check", path)["models"][0]
        self.assertEqual((model["ok"], model["tensors"], model["findings"]), (True, 12, []))

    def test_a_dry_run_reports_the_files_that_are_written(self):
        for size in ("50", "700", "1GB"):
            for options in ([], ["--stem", "m"]):
                arguments = ["split", self.model, "-o", self.directory / f"set-{size}-{len(options)}", "-m", size, *options]
                planned = command.json(*arguments, "--dry-run")
                self.assertFalse((self.directory / f"set-{size}-{len(options)}").exists())
                written = command.json(*arguments)
                self.assertEqual(planned.pop("dry_run"), True)
                self.assertEqual(written.pop("dry_run"), False)
                self.assertEqual(planned, written)
        # A tensor of exactly the limit does not get a file before the open one.
        exact = self.save("exact", {name: numpy.zeros(size, "u1") for name, size in (("a", 8), ("b", 16), ("c", 8))})
        arguments = ["split", exact, "-o", self.directory / "exact", "-m", "16"]
        planned, written = command.json(*arguments, "--dry-run"), command.json(*arguments)
        self.assertEqual(planned["files"], written["files"])
        planned = command.json("merge", self.model, "-o", self.out, "--dry-run")
        self.assertEqual(planned["files"][0]["bytes"], self.model.stat().st_size)
        self.assertFalse(self.out.exists())

    def test_a_dry_run_over_an_old_set_reports_names_that_no_file_has(self):
        arguments = ["rename", self.model, "--prefix", "model.", "x.", "-o", self.split(), "-m", "700", "--force"]
        planned, written = command.json(*arguments, "--dry-run"), command.json(*arguments)
        names = [re.sub(r"\.[0-9a-f]{8}\.", ".XXXXXXXX.", file["file"]) for file in written["files"]]
        self.assertEqual([file["file"] for file in planned["files"]], names)

    def test_a_dry_run_does_not_guess_balanced_files(self):
        done = command.run("split", self.model, "-o", self.directory / "b", "--balanced", "--dry-run")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--balanced", done.stderr)

    def test_a_set_is_reported_without_the_other_files_of_its_directory(self):
        path = self.directory / "d"
        path.mkdir()
        shutil.copy(self.model, path / "other.safetensors")
        done = command.run("split", self.model, "-o", path, "-m", "700")
        self.assertEqual(done.returncode, 2)
        self.assertIn("contains other models", done.stderr)
        written = command.json("split", self.model, "-o", path, "-m", "700", "--force")
        self.assertEqual(written["tensors"], len(self.arrays))
        self.assertEqual((path / "other.safetensors").read_bytes(), self.model.read_bytes())

    def test_a_file_beside_an_index_of_its_name_is_refused(self):
        path = self.split()
        for options in ([], ["--force"], ["--dry-run"]):
            done = command.run("merge", path, "-o", path / "model.safetensors", *options)
            self.assertEqual(done.returncode, 2)
            self.assertIn("two models", done.stderr)
        self.assertTrue(command.json("check", path)["models"][0]["ok"])

    def test_many_files_are_merged_with_few_descriptors(self):
        directory = self.directory / "many"
        directory.mkdir()
        paths = []
        for i in range(100):
            paths.append(directory / f"{i}.safetensors")
            save_file({f"t{i}": numpy.full(2, i)}, paths[-1])
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        command.output("merge", *paths, "-o", self.out,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard)))
        self.assertEqual(len(load_file(self.out)), 100)

    def test_a_source_that_changes_meanwhile_leaves_the_target_as_it_was(self):
        if b"__asan_init" in pathlib.Path(command.program).read_bytes():
            self.skipTest("AddressSanitizer changes when the data is written")
        source, damaged = self.directory / "large.safetensors", self.directory / "damaged.safetensors"
        header = json.dumps({"w": {"dtype": "U8", "shape": [1 << 28], "data_offsets": [0, 1 << 28]}}).encode()
        header += b" " * (-len(header) % 8)
        for path, trailing in ((source, 0), (damaged, 1)):
            path.write_bytes(len(header).to_bytes(8, "little") + header)
            os.truncate(path, 8 + len(header) + (1 << 28) + trailing)
        extract = ["extract", source, "w"]
        for arguments, target in (
            (extract, self.out), (extract, self.directory / "large"), (["repair", damaged], self.out)
        ):
            for _ in range(30):  # a command that has finished before the change tells nothing
                self.out.write_bytes(b"old")
                shutil.rmtree(self.directory / "large", ignore_errors=True)
                code, errors = self.run_while_source_changes(arguments, target)
                if code != 0:
                    break
            self.assertEqual(code, 3, errors)
            self.assertIn("modified after it was opened", errors)
            self.assertIn(f'in "{arguments[1]}"', errors)
        self.assertEqual(self.out.read_bytes(), b"old")
        self.assertEqual(list((self.directory / "large").glob("*.safetensors")), [])

    def run_while_source_changes(self, arguments, target):
        """The exit code and stderr."""
        arguments = [command.program, *arguments, "-o", target, "--force", "-m", "1GB"]
        process = subprocess.Popen(arguments, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not self.has_written(process.pid):
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        with arguments[2].open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"x")
        process.send_signal(signal.SIGCONT)
        _, errors = process.communicate(timeout=100)
        return process.returncode, errors

    @staticmethod
    def has_written(pid):
        try:
            text = pathlib.Path(f"/proc/{pid}/io").read_text()
        except OSError:  # the process has ended
            return True
        return int(re.search(r"wchar: (\d+)", text)[1]) > 0

    def test_a_new_name_cannot_insert_a_group_that_is_absent(self):
        done = command.run("rename", self.model, "--regex", r"layers\.(\d+)", r"h.\2", "-o", self.out)
        self.assertEqual(done.returncode, 2)
        self.assertIn("1 group", done.stderr)

    def test_reindex_writes_the_index_of_split_and_keeps_its_metadata(self):
        for options, flags in (([], []), (["--sorted-index"], ["--sorted"])):
            path = self.directory / f"set{len(options)}"
            command.output("split", self.model, "-o", path, "-m", "700", *options)
            index = path / "model.safetensors.index.json"
            expected = index.read_bytes()
            index.unlink()
            command.output("reindex", path, *flags)
            self.assertEqual(index.read_bytes(), expected)
        index.write_text(json.dumps({"metadata": {"note": ["\u00e9\U0001f600\x7f"]}, "weight_map": {}}))
        command.output("reindex", path, "--force")
        self.assertEqual(json.loads(index.read_text())["metadata"], {"total_size": json.loads(expected)["metadata"]["total_size"],
                                                                    "note": ["\u00e9\U0001f600\x7f"]})

    def test_names_in_a_written_index_have_the_escapes_of_python(self):
        names = ['quote"', "back\\slash", "\u00e9", "\U0001f600", "tab\t", "del\x7f", "nul\0", "line\n\r\b\f"]
        self.model = self.save("names", {name: numpy.zeros(4, "u1") for name in names})
        index = self.split("names", "9") / "model.safetensors.index.json"
        expected = index.read_bytes()
        index.unlink()
        command.output("reindex", index.parent)
        self.assertEqual(index.read_bytes(), expected)
        self.assertEqual(index.read_text(), json.dumps(json.loads(expected), indent=2))

    def test_a_split_has_the_bytes_of_huggingface_hub(self):
        try:
            import torch
            from huggingface_hub import save_torch_state_dict
            from safetensors.torch import load_file as load_tensors
        except ImportError as missing:
            self.skipTest(str(missing))
        self.assertTrue(torch)
        for size in ("100B", "1KB", "1GB"):
            hub = self.directory / f"hub-{size}"
            hub.mkdir()
            tensors = load_tensors(self.save("pt", self.arrays, {"format": "pt"}))
            save_torch_state_dict(tensors, hub, max_shard_size=size.replace("100B", "0.1KB"))
            ours = self.directory / f"ours-{size}"
            command.output("split", self.directory / "pt.safetensors", "-o", ours, "-m", size)
            names = sorted(path.name for path in hub.iterdir())
            self.assertEqual(sorted(path.name for path in ours.iterdir()), names)
            for name in names:
                self.assertEqual((ours / name).read_bytes(), (hub / name).read_bytes(), name)

    def test_balanced_files_have_similar_sizes(self):
        command.output("split", self.model, "-o", self.directory / "b", "-m", "700", "--balanced")
        files = command.json("ls", self.directory / "b")["shards"]
        sizes = [file["bytes"] for file in files]
        self.assertGreater(len(sizes), 2)
        self.assertLess(max(sizes), 2 * min(sizes))

    def test_a_link_is_replaced_and_its_target_is_unchanged(self):
        link = self.directory / "link.safetensors"
        link.symlink_to(self.model.name)
        before = self.model.read_bytes()
        command.output("rm", self.model, "*.bias", "-o", link, "--force")
        self.assertFalse(link.is_symlink())
        self.assertEqual(self.model.read_bytes(), before)


if __name__ == "__main__":
    command = Command(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
