#!/usr/bin/env python3
"""hash and verify beside hashlib and sha256sum: hash_test.py COMMAND"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from command import Command, ENVIRONMENT, file_bytes, floats, hostile_names, small_model, write_small_set

command = None

# XXH3 with 64 bits and seed 0, as xxhsum -H3 prints it, of texts.
XXH3 = {
    b"": "2d06800538d394c2",
    b"abc": "78af5f94892f3950",
    bytes(range(256)): "9408a4433b952d71",
    bytes(range(256)) * 5000: "7daf22229bad219a",
}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Hashes(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.model = self.write("small", small_model(), {"format": "pt"})

    def write(self, name, tensors, metadata=None):
        path = self.directory / f"{name}.safetensors"
        path.write_bytes(file_bytes(tensors, metadata))
        return path

    def hash_of(self, path, what):
        return command.output("hash", path, "--of", what).split()[0]

    def manifest(self, path, *options, **where):
        text = command.output("hash", path, "--json", *options, **where)
        (self.directory / "hashes.json").write_text(text)
        return self.directory / "hashes.json"

    def differences(self, *arguments, **options):
        return command.json("verify", *arguments, code=1, **options)["differences"]


class Hash(Hashes):
    def test_each_hash_is_that_of_hashlib(self):
        content = self.model.read_bytes()
        tensors = {name: sha256(data) for name, (_, _, data) in small_model().items()}
        data = b"".join(data for _, _, data in small_model().values())
        self.assertEqual(command.output("hash", self.model), f"{sha256(content)}  {self.model}\n")
        self.assertEqual(self.hash_of(self.model, "data"), sha256(data))
        lines = command.output("hash", self.model, "--of", "tensor").splitlines()
        self.assertEqual({line[66:]: line[:64] for line in lines}, tensors)
        model = "".join(
            json.dumps([name, dtype, shape, tensors[name]], separators=(",", ":")) + "\n"
            for name, (dtype, shape, _) in sorted(small_model().items())
        )
        self.assertEqual(self.hash_of(self.model, "model"), sha256(model.encode()))

        manifest = command.json("hash", self.model)
        self.assertEqual(manifest["path"], str(self.model))
        self.assertEqual(manifest["algorithm"], "sha256")
        self.assertEqual(manifest["model"], sha256(model.encode()))
        file = {"file": "small.safetensors", "bytes": len(content), "hash": sha256(content), "data_hash": sha256(data)}
        self.assertEqual(manifest["files"], [file])
        self.assertEqual({t["name"]: t["hash"] for t in manifest["tensors"]}, tensors)
        described = {t["name"]: (t["dtype"], t["shape"], t["bytes"]) for t in manifest["tensors"]}
        self.assertEqual(described, {n: (d, s, len(b)) for n, (d, s, b) in small_model().items()})

    def test_the_names_in_the_hash_of_a_model_are_those_of_json(self):
        tensors = hostile_names() | {"tab\tdelete\x7f": ("U8", [1], b"\x0b")}
        model = "".join(
            json.dumps([name, dtype, shape, sha256(data)], separators=(",", ":")) + "\n"
            for name, (dtype, shape, data) in sorted(tensors.items())
        )
        self.assertEqual(self.hash_of(self.write("names", tensors), "model"), sha256(model.encode()))

    def test_the_index_is_a_file_of_the_manifest(self):
        model = write_small_set(self.directory / "set")
        index = model / "model.safetensors.index.json"
        manifest = self.manifest(model)
        files = {file["file"]: file for file in json.loads(manifest.read_text())["files"]}
        content = index.read_bytes()
        entry = {"file": index.name, "bytes": len(content), "hash": sha256(content), "data_hash": None}
        self.assertEqual(files[index.name], entry)
        self.assertEqual(len(files), 4)
        command.output("verify", manifest)
        index.write_bytes(content.replace(b'"total_size": ', b'"total_size":  '))
        (difference,) = self.differences(manifest)
        self.assertEqual((difference["code"], difference["file"]), ("index", index.name))

    def test_xxh3_is_that_of_xxhsum(self):
        for content, expected in XXH3.items():
            with self.subTest(len(content)):
                path = self.write("x", {"x": ("U8", [len(content)], content)})
                line = command.output("hash", path, "--of", "tensor", "-a", "xxh3")
                self.assertEqual(line, f"{expected}  x\n")
        path.write_bytes(file_bytes({}))
        lines = command.output("hash", path, "-a", "xxh3")
        self.assertRegex(lines, rf"\AXXH3_[0-9a-f]{{16}}  {path}\n\Z")
        (self.directory / "sums").write_text(lines)
        self.assertIn("ok: 1 file", command.output("verify", self.directory / "sums"))

    def test_hashes_before_an_error_are_printed(self):
        done = command.run("hash", self.model, self.directory / "absent")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stdout, f"{sha256(self.model.read_bytes())}  {self.model}\n")

    def test_sha256sum_reads_the_lines(self):
        write_small_set(self.directory / "set")
        shutil.copy(self.model, self.directory / "back\\slash\nline.safetensors")
        sums = command.output("hash", "set", "small.safetensors", "back\\slash\nline.safetensors", cwd=self.directory)
        self.assertEqual(len(sums.splitlines()), 6)
        (self.directory / "sums").write_text(sums)
        read = ["sha256sum", "--check", "--strict", "sums"]
        subprocess.run(read, cwd=self.directory, env=ENVIRONMENT, check=True, capture_output=True)
        self.assertIn("ok: 6 files", command.output("verify", "sums", cwd=self.directory))

    def test_the_hashes_of_data_survive_other_metadata(self):
        before = {what: self.hash_of(self.model, what) for what in ("file", "data", "model")}
        tensors = command.output("hash", self.model, "--of", "tensor")
        command.output("meta", self.model, "--set", "license=mit" * 500)
        self.assertEqual(self.hash_of(self.model, "data"), before["data"])
        self.assertEqual(self.hash_of(self.model, "model"), before["model"])
        self.assertEqual(command.output("hash", self.model, "--of", "tensor"), tensors)
        self.assertNotEqual(self.hash_of(self.model, "file"), before["file"])

    def test_the_hash_of_a_model_does_not_depend_on_its_files_and_order(self):
        model = self.write_reordered()
        expected = self.hash_of(self.model, "model")
        self.assertEqual(self.hash_of(model, "model"), expected)
        command.output("split", self.model, "-o", self.directory / "set", "-m", "60")
        self.assertEqual(self.hash_of(self.directory / "set", "model"), expected)

    def write_reordered(self):
        return self.write("reordered", dict(reversed(small_model().items())))

    def test_the_hash_of_a_model_depends_on_names_dtypes_shapes_and_bytes(self):
        changed = [
            {"b": ("F32", [2], floats(1, 2))},
            {"a": ("I32", [2], floats(1, 2))},
            {"a": ("F32", [2, 1], floats(1, 2))},
            {"a": ("F32", [2], floats(1, 3))},
            {},
        ]
        paths = [self.write(str(i), tensors) for i, tensors in enumerate(changed)]
        hashes = {self.hash_of(path, "model") for path in paths}
        hashes.add(self.hash_of(self.write("a", {"a": ("F32", [2], floats(1, 2))}), "model"))
        self.assertEqual(len(hashes), 6)


class Verify(Hashes):
    def test_unchanged_models_are_ok(self):
        write_small_set(self.directory / "set")
        for path in (self.model, self.directory / "set", self.directory / "set" / "model.safetensors.index.json"):
            for algorithm in ("sha256", "xxh3"):
                report = command.json("verify", self.manifest(path, "-a", algorithm))
                self.assertTrue(report["ok"])
                self.assertEqual(report["differences"], [])

    def test_the_first_bad_tensor_and_its_bytes_are_named(self):
        manifest = self.manifest(self.model)
        content = bytearray(self.model.read_bytes())
        header = int.from_bytes(content[:8], "little") + 8
        for position in (header + 24, header + 33, len(content) - 1):
            content[position] ^= 0x10
        self.model.write_bytes(content)
        lines = command.output("verify", manifest, code=1).splitlines()
        self.assertEqual(lines[0], 'file "small.safetensors" differs')
        where = f'bytes {header + 24} to {header + 36} of "small.safetensors"'
        self.assertEqual(lines[1], f'tensor "model.layers.0.bias" differs: {where}')
        found = [d for d in self.differences(manifest, "--data")]
        self.assertEqual([d["tensor"] for d in found], ["model.layers.0.bias", "mask"])
        self.assertEqual((found[0]["begin"], found[0]["end"]), (header + 24, header + 36))
        self.assertEqual(found[0]["found"], sha256(content[header + 24 : header + 36]))
        self.assertEqual(found[0]["expected"], sha256(floats(1, 2, 3)))

    def test_a_bad_tensor_of_a_set_has_the_offset_in_its_shard(self):
        write_small_set(self.directory / "set")
        manifest = self.manifest("set", cwd=self.directory)
        shard = self.directory / "set" / "model-00002-of-00003.safetensors"
        content = bytearray(shard.read_bytes())
        content[-1] ^= 1
        shard.write_bytes(content)
        found = self.differences(manifest, cwd=self.directory)
        self.assertEqual([d["code"] for d in found], ["file", "tensor_data"])
        self.assertEqual(found[1]["file"], shard.name)
        self.assertEqual(found[1]["tensor"], "layer.1.bias")
        self.assertEqual((found[1]["begin"], found[1]["end"]), (len(content) - 8, len(content)))

    def test_other_metadata_is_a_difference_of_the_header_only(self):
        manifest = self.manifest(self.model)
        command.output("meta", self.model, "--set", "license=mit")
        self.assertEqual([d["code"] for d in self.differences(manifest)], ["header"])
        self.assertIn("all tensors are the same", command.output("verify", manifest, code=1))
        self.assertTrue(command.json("verify", manifest, "--data")["ok"])

    def test_a_copy_in_other_files_has_the_same_data(self):
        manifest = self.manifest(self.model)
        out = self.directory / "set"
        command.output("split", self.model, "-o", out, "-m", "60")
        self.assertTrue(command.json("verify", manifest, out, "--data")["ok"])
        self.assertEqual({d["code"] for d in self.differences(manifest, out)}, {"unknown_file", "missing_file"})
        renamed = self.directory / "renamed.safetensors"
        self.model.rename(renamed)
        self.assertTrue(command.json("verify", manifest, renamed)["ok"])

    def test_missing_added_and_changed_tensors_are_named(self):
        manifest = self.manifest(self.model)
        tensors = small_model()
        del tensors["mask"]
        tensors["added"] = ("U8", [1], b"x")
        tensors["step"] = ("U64", [], tensors["step"][2])
        self.write("small", tensors)
        found = {d["tensor"]: d for d in self.differences(manifest, "--data")}
        codes = {name: d["code"] for name, d in found.items()}
        self.assertEqual(codes, {"mask": "missing_tensor", "added": "unknown_tensor", "step": "tensor_type"})
        self.assertEqual((found["step"]["expected"], found["step"]["found"]), ("I64 scalar", "U64 scalar"))

    def test_lines_name_files_that_differ_or_are_missing(self):
        sums = self.directory / "sums"
        sums.write_text(f"{sha256(b'x')} *{self.model}\n\n# comment\n{sha256(b'')}  absent\r\n")
        self.assertEqual([d["code"] for d in self.differences(sums)], ["file", "missing_file"])
        lines = command.output("verify", sums, code=1).splitlines()
        self.assertEqual(lines[0], f'file "{self.model}" differs')
        self.assertIn('cannot open "absent": No such file', lines[1])

    def test_a_file_that_cannot_be_read_is_an_error_beside_the_differences_of_others(self):
        sums = self.directory / "sums"
        sums.write_text(f"{sha256(b'')}  {self.directory}\n{sha256(b'x')}  {self.model}\n")
        found = command.json("verify", sums, code=3)["differences"]
        self.assertEqual([d["code"] for d in found], ["unreadable_file", "file"])

    def test_what_is_not_a_list_of_hashes_is_an_error(self):
        cases = {
            b"": "has no hashes",
            b"some text\n": "line 1 is not a hash and a name",
            b"0" * 64 + b"  ok\n" + b"0" * 63 + b"g  bad\n": "line 2 is not",
            b"\\" + b"0" * 64 + b"  a\\x\n": "line 1 is not",
            b"{": "is not a manifest",
            b"{}": 'the member "path" is missing',
            b'{"path":"a","algorithm":"md5"}': 'unknown hash algorithm "md5"',
            b'{"path":"a","algorithm":"xxh3","files":[],"tensors":[3]}': 'the member "name" is missing',
            b'{"path":"a","algorithm":"xxh3","files":[],"tensors":[{"name":"a","dtype":"\\u001b[31m"}]}':
                r'unknown dtype "\x1b[31m"',
        }
        path = self.directory / "hashes"
        for content, message in cases.items():
            with self.subTest(content):
                path.write_bytes(content)
                done = command.run("verify", path)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(message, done.stderr)

    def test_files_that_cannot_be_read_are_errors(self):
        self.assertEqual(command.run("verify", self.directory / "absent").returncode, 3)
        manifest = self.manifest(self.model)
        content = self.model.read_bytes()
        self.model.write_bytes(content[:-1])
        done = command.run("verify", manifest)
        self.assertEqual(done.returncode, 1)
        self.assertIn("small.safetensors", done.stderr)
        self.model.unlink()
        self.assertEqual(command.run("verify", manifest).returncode, 3)
        sums = self.directory / "sums"
        sums.write_text(f"{sha256(content)}  x\n")
        self.assertEqual(command.run("verify", sums, self.model).returncode, 2)
        self.assertEqual(command.run("hash", "a", "b", "--json").returncode, 2)


if __name__ == "__main__":
    command = Command(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
