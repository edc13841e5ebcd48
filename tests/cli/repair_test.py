#!/usr/bin/env python3
"""repair never writes other values than those of the undamaged file: repair_test.py COMMAND WRITE_CORPUS EVERY

Each file is also read by the reference. Of the wrong header lengths, one in EVERY is tried. Indexes and directories.
"""

import concurrent.futures
import itertools
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

try:
    from safetensors import SafetensorError, deserialize
except ImportError:
    print("skipped: this Python lacks the package safetensors")
    sys.exit(77)

import damage
from command import Command, file_bytes, write_small_set

command = write_corpus = every = None


def read(path):
    """The tensors that the reference finds; None if it rejects the file."""
    try:
        return {name: (t["dtype"], t["shape"], bytes(t["data"])) for name, t in deserialize(path.read_bytes())}
    except SafetensorError:
        return None


def header_of(tensors, metadata=None):
    content = file_bytes(tensors, metadata)
    length = struct.unpack("<Q", content[:8])[0]
    return content[8 : 8 + length].rstrip(b" "), content[8 + length :]


# First bytes that the padding of a header can have too, and others.
DATA = {
    "letters": b"ABCDEFGHIJKLMNOP",
    "zeros, then letters": b"\0\0\0ABCDEFGHIJ\0\0\0",
    "a space, then letters": b" ABCDEFGHIJKLMN ",
    "zeros": b"\0" * 16,
}


CHANGES = (-9, -8, -1, 0, 1, 2, 7, 8, 10**6)
TAILS = (b"", b"\0", b"\0" * 7, b"\0" * 600, b"PK")


def damaged_files():
    """Name, bytes, the tensors of the undamaged file."""
    for (kind, data), extra in itertools.product(DATA.items(), range(0, 8, 3)):
        tensors = {"x": ("U8", [len(data)], data)}
        header, data = header_of(tensors, {"n": "." * extra})
        for fill in (b" ", b"\0", b""):
            stored = header + fill * (-len(header) % 8)
            for change, cut, tail in itertools.product(CHANGES, (0, 1, 7), TAILS):
                if (cut and tail) or len(stored) + change < 0:
                    continue
                # Three kinds of damage at once can look as one.
                if fill == b"\0" and change and (cut or tail):
                    continue
                # Data can be the same as padding, and as many bytes can be added to both the header and the file.
                is_padding = not data[: max(change, 0)].strip(b" \0")
                if tail and change > 0 and stored == header and (is_padding or (tail == b"PK" and change == 2)):
                    continue
                length = struct.pack("<Q", len(stored) + change)
                content = length + stored + data[: len(data) - cut] + tail
                yield f"{kind}, {extra}, {fill!r}, length {change:+}, cut {cut}, tail {tail[:3]!r}", content, tensors


class Repair(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def repair_all(self, paths):
        """For each path: the exit code of repair, the tensors of the result, whether check recommends repair."""
        paths = list(paths)
        checked = []
        for begin in range(0, len(paths), 500):
            checked += json.loads(command.run("check", "--json", *paths[begin : begin + 500]).stdout)["models"]
        remedies = [any("safetensors repair" in f["remedy"] for f in model["findings"]) for model in checked]

        def repair(path):
            out = path.with_name(f"{path.stem}-repaired.safetensors")
            done = command.run("repair", path, "-o", out)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            if done.returncode:
                self.assertFalse(out.exists(), path)
                self.assertTrue(done.stderr.startswith("safetensors: "), path)
                return 1, None
            result = out if out.exists() else path
            tensors = read(result)
            if result is out:
                out.unlink()
            return 0, tensors

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(zip(paths, *zip(*pool.map(repair, paths)), remedies))

    def test_a_wrong_header_length_never_changes_values(self):
        expected, valid = {}, set()
        for i, (name, content, tensors) in itertools.islice(enumerate(damaged_files()), 0, None, every):
            path = self.directory / f"{i}.safetensors"
            path.write_bytes(content)
            expected[path] = (name, tensors)
            if read(path) is not None:  # two kinds of damage that the reference cannot see
                valid.add(path)
        repaired = 0
        for path, code, tensors, is_remedy in self.repair_all(expected):
            if path in valid:
                continue
            name, undamaged = expected[path]
            with self.subTest(name):
                self.assertEqual(is_remedy, code == 0)
                if code == 0:
                    repaired += 1
                    self.assertEqual(tensors, undamaged)
        self.assertGreater(repaired * every, 100)

    def test_repair_succeeds_where_check_recommends_it(self):
        paths = {}
        for i, (name, (content, _, is_repairable)) in enumerate(damage.FILES.items()):
            path = self.directory / f"{i}.safetensors"
            path.write_bytes(content)
            paths[path] = name, is_repairable
        for path, code, tensors, is_remedy in self.repair_all(paths):
            name, is_repairable = paths[path]
            self.assertEqual((code == 0, is_remedy), (is_repairable, is_repairable), name)
            if code == 0 and name != "metadata without tensors":
                self.assertEqual({t: tensors[t] for t in damage.TENSORS},
                                 {t: (d, s, c) for t, (d, s, c) in damage.TENSORS.items()}, name)

    def test_the_results_for_the_corpus_are_valid(self):
        if not write_corpus:
            self.skipTest("no corpus")
        subprocess.run([write_corpus, self.directory], check=True)
        paths = sorted(self.directory.glob("*.safetensors"))
        paths = [path for path in paths[::3] if path.stat().st_size < 1 << 20]
        self.assertGreater(len(paths), 1000)
        counts = {0: 0, 1: 0}
        for path, code, tensors, is_remedy in self.repair_all(paths):
            counts[code] += 1
            self.assertFalse(code == 0 and tensors is None, path)
            self.assertFalse(is_remedy and code != 0, path)
        self.assertGreater(min(counts.values()), 100)


class Models(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.set = write_small_set(self.directory / "set")
        self.out = self.directory / "out"

    def error(self, *arguments, code):
        done = command.run(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr

    def damage_shard(self, number=2):
        path = self.set / damage.shard(number)
        path.write_bytes(path.read_bytes() + b"\0")

    def test_nothing_to_repair_is_said_of_valid_models_only(self):
        for path in (self.set, self.set / damage.INDEX, self.set / damage.shard(1)):
            self.assertEqual(command.output("repair", path, "-o", self.out), "nothing to repair: wrote no file\n")
        (self.set / damage.INDEX).write_text("{")
        self.assertIn(damage.INDEX, self.error("repair", self.set, "-o", self.out, code=1))
        self.assertFalse(self.out.exists())

    def test_an_index_is_repaired_as_its_directory(self):
        self.damage_shard()
        (self.set / "extra.safetensors").write_bytes(damage.WHOLE)
        for path in (self.set, self.set / damage.INDEX):
            out = self.directory / f"of-{path.name}"
            report = command.json("repair", path, "-o", out)
            self.assertEqual(report["repairs"], [f"{damage.shard(2)}: removes 1 byte after the data"])
            self.assertEqual(command.json("check", out)["models"][0]["tensors"], 6)

    def test_an_index_with_a_missing_file_or_tensor_is_refused(self):
        self.damage_shard()
        (self.set / damage.shard(1)).rename(self.directory / "shard")
        for path in (self.set, self.set / damage.INDEX):
            self.assertIn(f"{damage.shard(1)}: missing", self.error("repair", path, "-o", self.out, code=1))
        (self.directory / "shard").rename(self.set / damage.shard(1))
        damage.assign("absent", damage.shard(1))(self.set)
        self.assertIn('lacks 1 tensor that the index assigns to it: "absent"', self.error("repair", self.set, "-o", self.out, code=1))
        self.assertIn("cannot open", self.error("repair", self.directory / "none.json", "-o", self.out, code=3))
        self.assertFalse(self.out.exists())

    def test_a_set_that_is_not_complete_or_leaves_a_choice_is_refused(self):
        refused = {
            "shard missing": "missing", "shard truncated": "missing at the end", "shard is an LFS pointer": "LFS",
            "tensor in no shard": "absent", "tensor of a truncated shard in no shard": "missing",
            "tensor in another shard": "layer.0.bias", "tensor twice in the map": "more than one entry",
            "path leaves the directory": "not allowed", "two indexes": "more than one index",
            "whole model beside the index": "whole model", "no index, number missing": "1 file of 3 missing",
            "no index, two sets": "2 sets", "no index, number of a larger set": "2 sets",
            "no index, same names": "in more than one file", "no index, a file without a number": "not all of them",
        }  # fmt: skip
        for name, message in refused.items():
            with self.subTest(name):
                path = damage.write_set(self.directory, name)
                last = max(path.glob("model-*3-of-*"))
                last.write_bytes(last.read_bytes() + b"\0")
                error = self.error("repair", path, "-o", self.out, code=1)
                self.assertIn("cannot repair", error)
                self.assertIn(message, error)
                self.assertFalse(self.out.exists())

    def test_files_that_the_index_does_not_name_are_left_out(self):
        self.damage_shard()
        (self.set / "adapter_model.safetensors").write_bytes(damage.WHOLE)
        command.output("repair", self.set, "-o", self.directory / "one.safetensors")
        self.assertEqual(len(read(self.directory / "one.safetensors")), 6)

    def test_the_copy_of_a_tensor_that_the_index_names_is_kept(self):
        self.damage_shard()
        tensors = {"layer.0.bias": ("F32", [1], b"copy"), "unlisted": ("U8", [1], b"u")}
        path = self.set / damage.shard(3)
        weight = read(path)
        path.write_bytes(file_bytes(weight | tensors, {"format": "pt"}))
        expected = read(self.set / damage.shard(1))["layer.0.bias"]
        report = command.json("repair", self.set, "-o", self.directory / "one.safetensors")
        self.assertIn(f"{damage.shard(3)}: leaves out 1 tensor that the index assigns to other files", report["repairs"])
        repaired = read(self.directory / "one.safetensors")
        self.assertEqual(repaired["layer.0.bias"], expected)
        self.assertEqual(len(repaired), 7)

    def test_sets_that_leave_a_choice_are_refused(self):
        self.damage_shard()
        index = self.set / damage.INDEX
        shutil.copy(index, self.set / "other.safetensors.index.json")
        self.assertIn("more than one index", self.error("repair", self.set, "-o", self.out, code=1))
        (self.set / "other.safetensors.index.json").unlink()
        index.unlink()
        shutil.copy(self.set / damage.shard(1), self.set / damage.shard(3))
        self.assertIn("in more than one file", self.error("repair", self.set, "-o", self.out, code=1))
        self.assertFalse(self.out.exists())

    def test_a_broken_index_beside_a_damaged_file_is_replaced(self):
        self.damage_shard()
        (self.set / damage.INDEX).write_text("{")
        report = command.json("repair", self.set, "-o", self.out, "-m", "40")
        self.assertEqual(report["repairs"][1:], [f"replaces the index {damage.INDEX}, which is not valid"])
        self.assertEqual(command.json("check", self.out)["models"][0]["tensors"], 6)

    def test_reindex_takes_an_index(self):
        index = self.set / damage.INDEX
        expected = json.loads(index.read_text())
        self.assertIn("exists", self.error("reindex", index, code=2))
        index.write_text('{"metadata": {"note": "x"}}')
        command.output("reindex", index, "--force")
        self.assertEqual(json.loads(index.read_text()), {
            "metadata": {"total_size": 96, "note": "x"}, "weight_map": expected["weight_map"]})
        other = self.set / "model.index.json"
        command.output("reindex", other)
        self.assertEqual(json.loads(other.read_text())["weight_map"], expected["weight_map"])
        done = command.run("reindex", damage.INDEX, "--force", "--json", cwd=self.set)
        self.assertEqual(json.loads(done.stdout)["files"], 3)

    def test_resource_files_of_macos_are_ignored(self):
        self.damage_shard()
        (self.set / "._model.safetensors").write_bytes(damage.RESOURCE_FILE)
        (self.set / damage.INDEX).unlink()
        command.output("repair", self.set, "-o", self.directory / "one.safetensors")
        self.assertEqual(len(read(self.directory / "one.safetensors")), 6)
        (self.set / damage.shard(2)).write_bytes((self.directory / "one.safetensors").read_bytes())
        (self.set / damage.shard(1)).unlink()
        (self.set / damage.shard(3)).unlink()
        (self.set / damage.shard(2)).rename(self.set / damage.shard(1, 1))
        command.output("reindex", self.set)
        self.assertEqual(command.json("check", self.set)["models"][0]["tensors"], 6)

    def test_reindex_refuses_a_set_with_a_missing_file(self):
        index, missing = self.set / damage.INDEX, self.set / damage.shard(2)
        content = index.read_bytes()
        shard = missing.read_bytes()
        missing.unlink()
        self.assertIn(damage.shard(2), self.error("reindex", self.set, "--force", code=1))
        self.assertEqual(index.read_bytes(), content)
        index.unlink()
        self.assertIn(damage.shard(2), self.error("reindex", self.set, code=1))
        self.assertFalse(index.exists())
        (self.set / damage.shard(2, 4)).write_bytes(shard)
        self.assertIn("2 sets", self.error("reindex", self.set, code=1))
        self.assertFalse(index.exists())

    def test_reindex_keeps_the_only_record_of_tensors_of_a_missing_file(self):
        index = self.set / damage.INDEX
        damage.assign("absent", "mtp.safetensors")(self.set)
        content = index.read_bytes()
        error = self.error("reindex", self.set, "--force", code=1)
        self.assertIn('assigns the tensor "absent" to the missing file "mtp.safetensors"', error)
        self.assertEqual(index.read_bytes(), content)
        (self.set / "mtp.safetensors").write_bytes(file_bytes({"absent": ("U8", [1], b"a")}))
        command.output("reindex", self.set, "--force")

    def test_reindex_replaces_an_index_whose_tensors_are_in_other_files(self):
        index = self.set / damage.INDEX
        index.write_text(index.read_text().replace("-of-00003", "-of-00030"))
        command.output("reindex", self.set, "--force")
        self.assertEqual(command.json("check", self.set)["models"][0]["findings"], [])

    def test_the_name_of_an_index_is_not_a_path(self):
        for name in ("../evil.safetensors.index.json", "/tmp/evil.safetensors.index.json",
                     "part/evil.safetensors.index.json", ".evil.safetensors.index.json", "evil.json"):
            self.assertIn("the name of an index is like", self.error("reindex", self.set, "--name", name, code=2))
        self.assertEqual([p for p in self.directory.rglob("*evil*")], [])
        self.assertIn("found the file", self.error("reindex", self.set / damage.shard(1), code=2))
        command.output("reindex", self.set, "--name", "good.safetensors.index.json")


if __name__ == "__main__":
    command = Command(sys.argv[1])
    write_corpus = sys.argv[2]
    every = int(sys.argv[3])
    unittest.main(argv=sys.argv[:1])
