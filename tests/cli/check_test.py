#!/usr/bin/env python3
"""check and repair on damaged files and sets, and on the corpus: check_test.py COMMAND [WRITE_CORPUS]"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import damage
from command import Command, file_bytes

command = write_corpus = None
HEADER_END = b'"y":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}   '


class Files(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name, "file.safetensors")
        self.repaired = pathlib.Path(self.directory.name, "repaired.safetensors")

    def test_the_damage_of_a_file_is_classified(self):
        for name, (content, code, _) in damage.FILES.items():
            with self.subTest(name):
                self.path.write_bytes(content)
                model = command.json("check", self.path, code=1)["models"][0]
                self.assertFalse(model["ok"])
                self.assertEqual(model["findings"][0]["code"], code)
                self.assertEqual(model["findings"][0]["severity"], "fault")

    def test_repair_is_the_remedy_where_it_succeeds(self):
        for name, (content, _, is_repairable) in damage.FILES.items():
            with self.subTest(name):
                self.path.write_bytes(content)
                findings = command.json("check", self.path, code=1)["models"][0]["findings"]
                remedies = {"safetensors repair" in finding["remedy"] for finding in findings}
                self.assertEqual(remedies, {is_repairable}, findings)

    def test_a_file_with_all_its_data_is_repaired_and_another_one_is_not(self):
        for name, (content, _, is_repairable) in damage.FILES.items():
            with self.subTest(name):
                self.path.write_bytes(content)
                self.repaired.unlink(missing_ok=True)
                if not is_repairable:
                    done = command.run("repair", self.path, "-o", self.repaired)
                    self.assertEqual(done.returncode, 1, done.stdout)
                    self.assertIn('cannot repair "file.safetensors": ', done.stderr)
                    self.assertFalse(self.repaired.exists())
                    continue
                report = command.json("repair", self.path, "-o", self.repaired)
                self.assertTrue(report["repairs"])
                self.assertEqual(command.json("check", self.repaired)["models"][0]["findings"], [])
                self.check_values(name)

    def check_values(self, name):
        tensors = {} if name == "metadata without tensors" else dict(damage.TENSORS)
        if name == "shared bytes":
            tensors["d"] = tensors["a"]
        if name == "empty tensor in another one":
            tensors["e"] = ("F32", [0, 3], b"")
        shown = {tensor["name"]: tensor for tensor in command.json("ls", self.repaired)["tensors"]}
        self.assertEqual(set(shown), set(tensors))
        for tensor, (dtype, shape, content) in tensors.items():
            self.assertEqual((shown[tensor]["dtype"], shown[tensor]["shape"]), (dtype, shape))
            raw = subprocess.run([command.program, "show", self.repaired, tensor, "--raw"], capture_output=True, check=True)
            self.assertEqual(raw.stdout, content)
        metadata = {"key": "value"} if not tensors else {"format": "pt"}
        self.assertEqual(command.json("meta", self.repaired)["metadata"], metadata)

    def test_a_dry_run_of_repair_writes_nothing(self):
        self.path.write_bytes(damage.WHOLE + b"\0")
        report = command.json("repair", self.path, "-o", self.repaired, "--dry-run")
        self.assertEqual(report["repairs"], ["file.safetensors: removes 1 byte after the data"])
        self.assertFalse(self.repaired.exists())

    def test_a_valid_file_needs_no_repair(self):
        self.path.write_bytes(damage.WHOLE)
        self.assertEqual(command.output("repair", self.path, "-o", self.repaired), "nothing to repair: wrote no file\n")
        self.assertFalse(self.repaired.exists())

    def test_misaligned_data_is_a_warning_and_is_repaired(self):
        self.path.write_bytes(file_bytes({"a": ("U8", [1], b"\x01"), "b": ("F32", [1], b"\0" * 4)}))
        self.assertEqual([f["code"] for f in command.json("check", self.path)["models"][0]["findings"]], ["unaligned"])
        command.output("repair", self.path, "-o", self.repaired)
        self.assertEqual(command.json("check", self.repaired)["models"][0]["findings"], [])

    def test_holes_are_a_warning(self):
        with self.path.open("wb") as file:
            file.write(file_bytes({"a": ("U8", [1 << 20], b"")}).replace(b"[0,0]", b"[0,1048576]"))
        content = file_bytes({"a": ("U8", [1 << 20], b"\1" * (1 << 20))})
        with self.path.open("wb") as file:
            file.write(content[:4096])
            file.truncate(len(content))
        if self.path.stat().st_blocks * 512 >= len(content):
            self.skipTest("the file system has no holes")
        self.assertEqual([f["code"] for f in command.json("check", self.path)["models"][0]["findings"]], ["holes"])

    def test_a_header_beyond_the_limit_is_not_read(self):
        length = 100_000_008
        with self.path.open("wb") as file:
            file.write(length.to_bytes(8, "little") + b'{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},')
            file.seek(8 + length - len(HEADER_END))
            file.write(HEADER_END + b"\1")
        for arguments, where in ((["check"], "stdout"), (["repair", "-o", self.repaired], "stderr")):
            done = command.run(*arguments, self.path)
            self.assertEqual(done.returncode, 1)
            self.assertIn("the header has 100,000,008 bytes, more than the 100,000,000", getattr(done, where))

    def test_repair_refuses_with_the_text_of_check(self):
        for name in ("empty file", "less than the length", "Git LFS pointer", "HTML page", "only zeros", "truncated header"):
            self.path.write_bytes(damage.FILES[name][0])
            finding = command.json("check", self.path, code=1)["models"][0]["findings"][0]
            done = command.run("repair", self.path, "-o", self.repaired)
            self.assertEqual(done.stderr, 'safetensors: cannot repair "file.safetensors": '
                             f"{finding['message']}. {finding['remedy']}\n", name)

    def test_other_kinds_of_files_are_named(self):
        kinds = {
            b"<?xml version": "XML", b"\n <HTML><head>": "HTML", b"\xef\xbb\xbf<!doctype html>": "HTML",
            b"7z\xbc\xaf\x27\x1c\0\x04": "7-Zip", b"BZh91AY&SY": "bzip2", b"\xfd7zXZ\0\0\4": "xz", b"%PDF-1.4\n": "PDF",
            b"Rar!\x1a\x07\x01\0": "RAR", b"\x80\x04\x95\n": "pickle", b"PK\3\4" + b"\1" * 30 + b"a.npy": "NPZ",
            b"PK\3\4" + b"\1" * 30 + b"archive/data.pkl": "PyTorch checkpoint", b"PK\3\4" + b"\1" * 30: "zip archive",
            b"model" + b"\0" * 252 + b"ustar\x0000": "tar", b"\x1f\x8b\x08\0": "gzip", b"HTTP/1.1 200 OK": "HTTP",
            b"\0" * 4096: "begins with 4,096 NUL bytes",
        }  # fmt: skip
        for content, kind in kinds.items():
            self.path.write_bytes(content + b"\1" * 300)
            findings = command.json("check", self.path, code=1)["models"][0]["findings"]
            self.assertEqual(len(findings), 1)
            self.assertIn(kind, findings[0]["message"])
            self.assertTrue(findings[0]["remedy"], kind)

    def test_every_fault_of_a_file_has_a_remedy(self):
        for name, (content, _, _) in damage.FILES.items():
            self.path.write_bytes(content)
            for finding in command.json("check", self.path, code=1)["models"][0]["findings"]:
                self.assertTrue(finding["remedy"], name)

    def test_an_entry_that_is_not_valid_hides_the_layout(self):
        for change in (damage.set_field("a", "data_offsets", [-4, 20]), damage.set_field("a", "shape", [2, 400]),
                       damage.set_field("a", "data_offsets", [0, 10**12])):
            self.path.write_bytes(change)
            findings = command.json("check", self.path, code=1)["models"][0]["findings"]
            self.assertEqual(len(findings), 1, findings)

    def test_a_download_beside_the_file_is_a_warning(self):
        self.path.write_bytes(damage.WHOLE)
        for end in (".aria2", ".part"):
            control = pathlib.Path(f"{self.path}{end}")
            control.touch()
            for path in (self.path, self.directory.name):
                findings = command.json("check", path)["models"][0]["findings"]
                self.assertEqual([(f["code"], f["file"]) for f in findings], [("unfinished", self.path.name)])
                self.assertIn("may be unfinished", findings[0]["message"])
            control.unlink()

    def test_a_dangling_link_is_a_fault(self):
        self.path.symlink_to("../blobs/absent")
        self.assertEqual(command.json("check", self.path, code=1)["models"][0]["findings"][0]["code"], "dangling_link")

    def test_verdicts_on_the_corpus_are_those_of_the_library(self):
        if not write_corpus:
            self.skipTest("no corpus")
        subprocess.run([write_corpus, self.directory.name], check=True)
        lines = pathlib.Path(self.directory.name, "verdicts.tsv").read_text().splitlines()
        self.assertGreater(len(lines), 100)
        verdicts = dict(line.split("\t")[0:4:3] for line in lines)
        models = command.run("check", "--json", *(f"{self.directory.name}/{name}" for name in verdicts))
        self.assertEqual(models.returncode, 1, models.stderr)
        for model in json.loads(models.stdout)["models"]:
            name = pathlib.Path(model["path"]).name
            self.assertEqual(model["ok"], verdicts[name] == "ST_OK", model)


class Paths(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        (self.directory / "ok.safetensors").write_bytes(damage.WHOLE)
        (self.directory / "bad.safetensors").write_bytes(damage.WHOLE[:-1])
        os.mkfifo(self.directory / "fifo.safetensors")

    def check(self, *names, code):
        models = command.json("check", *names, cwd=self.directory, code=code)["models"]
        self.assertEqual([model["path"] for model in models], list(names))
        return [[finding["code"] for finding in model["findings"]] for model in models]

    def test_a_path_that_cannot_be_read_does_not_hide_the_findings_of_others(self):
        names = ["bad.safetensors", "ok.safetensors", "missing.safetensors", "missing/model.safetensors.index.json",
                 "fifo.safetensors", "ok.safetensors"]
        unreadable = ["unreadable"]
        self.assertEqual(self.check(*names, code=1), [["truncated"], [], unreadable, unreadable, unreadable, []])
        lines = command.output("check", *names, cwd=self.directory, code=1)
        self.assertIn('fault: cannot open "missing.safetensors": No such file or directory', lines)
        self.assertEqual(lines.count("ok: 1 valid file"), 2)

    def test_the_exit_code_is_3_if_all_faults_are_unreadable_files(self):
        self.assertEqual(self.check("ok.safetensors", "missing.safetensors", code=3), [[], ["unreadable"]])
        (self.directory / "unaligned.safetensors").write_bytes(
            file_bytes({"a": ("U8", [1], b"\x01"), "b": ("F32", [1], b"\0" * 4)}))
        self.check("unaligned.safetensors", "missing.safetensors", code=3)
        lines = command.run("check", "--strict", "unaligned.safetensors", "missing.safetensors", cwd=self.directory)
        self.assertEqual(lines.returncode, 1)


class Sets(unittest.TestCase):
    def test_a_tensor_twice_in_the_map_counts_once(self):
        with tempfile.TemporaryDirectory() as directory:
            path = damage.write_set(directory, "tensor twice in the map")
            model = command.json("check", path, code=1)["models"][0]
            self.assertEqual((model["tensors"], model["bytes"]), (6, 96))

    def test_faults_of_a_set_are_found(self):
        for name, (_, faults, warnings) in damage.SETS.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as directory:
                path = damage.write_set(directory, name)
                model = command.json("check", path, code=1 if faults else 0)["models"][0]
                found = {severity: sorted({f["code"] for f in model["findings"] if f["severity"] == severity})
                         for severity in ("fault", "warning")}
                self.assertEqual(found, {"fault": sorted(faults), "warning": sorted(warnings)})

    def test_an_index_that_is_another_text_is_named(self):
        with tempfile.TemporaryDirectory() as directory:
            path = damage.write_set(directory, "complete")
            index = path / damage.INDEX
            text = index.read_text()
            for content, kind, remedy in (
                (b"<!DOCTYPE html><html></html>", "an HTML page", "reindex --force"), (b"", "empty", "reindex --force"),
                (damage.FILES["Git LFS pointer"][0], "a Git LFS pointer", "git lfs pull"),
                (text.encode("utf-8-sig"), "byte order mark", "reindex --force"),
                (text.encode("utf-16"), "UTF-16", "reindex --force"), (b'{"weight_map": ', "ends early", "reindex --force"),
            ):  # fmt: skip
                index.write_bytes(content)
                findings = command.json("check", path, code=1)["models"][0]["findings"]
                self.assertEqual([f["code"] for f in findings], ["index"])
                self.assertIn(kind, findings[0]["message"])
                self.assertIn(remedy, findings[0]["remedy"])

    def test_a_missing_shard_under_the_name_of_a_download_is_to_be_renamed(self):
        for name in (f"{damage.shard(2)}?download=true", damage.shard(2).replace(".saf", " (1).saf"),
                     damage.shard(2).replace(".safetensors", ".SAFETENSORS")):
            with self.subTest(name), tempfile.TemporaryDirectory() as directory:
                path = damage.write_set(directory, "complete")
                (path / damage.shard(2)).rename(path / name)
                (path / "model-00002 (1).safetensors.txt").touch()
                finding = command.json("check", path, code=1)["models"][0]["findings"][0]
                self.assertEqual((finding["code"], finding["file"]), ("missing_shard", damage.shard(2)))
                self.assertEqual(finding["remedy"], f'Rename "{name}" to this name')

    def test_an_index_of_other_files_is_one_fault(self):
        with tempfile.TemporaryDirectory() as directory:
            path = damage.write_set(directory, "index of other files")
            findings = command.json("check", path, code=1)["models"][0]["findings"]
            self.assertEqual(len(findings), 1)
            self.assertIn("reindex --force", findings[0]["remedy"])
            damage.assign("absent", "absent.safetensors")(path)
            findings = command.json("check", path, code=1)["models"][0]["findings"]
            self.assertEqual([f["remedy"] for f in findings if f["code"] == "missing_shard"], ["Download it"] * 4)

    def test_a_distributed_checkpoint_is_to_be_consolidated(self):
        with tempfile.TemporaryDirectory() as directory:
            path = damage.write_set(directory, "distributed checkpoint")
            findings = command.json("check", path, code=1)["models"][0]["findings"]
            self.assertEqual([f["remedy"] for f in findings], ["safetensors consolidate writes a model"])

    def test_a_directory_without_models_tells_what_to_name(self):
        cases = {  # names -> a part of the message, a part of the remedy
            ("pytorch_model.bin", "config.json"): ('PyTorch: "pytorch_model.bin"', "torch.load"),
            ("model-q4.gguf",): ('GGUF files: "model-q4.gguf"', ""),
            ("model_index.json", "unet/model.safetensors", "vae/model.safetensors", "scheduler/config.json"):
                ("diffusers", 'unet", "'),
            ("refs/main", "blobs/0", "snapshots/c0ffee/model.safetensors"): ("huggingface_hub", 'snapshots/c0ffee"'),
            (): ("a directory without safetensors files", ""),
        }  # fmt: skip
        for names, (message, remedy) in cases.items():
            with self.subTest(names), tempfile.TemporaryDirectory() as directory:
                for name in names:
                    path = pathlib.Path(directory, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch()
                finding = command.json("check", directory, code=1)["models"][0]["findings"][0]
                self.assertEqual(finding["code"], "no_files")
                self.assertIn(message, finding["message"])
                self.assertIn(remedy, finding["remedy"])
                self.assertNotIn("scheduler", finding["remedy"])

    def test_a_dangling_link_as_index_is_a_fault(self):
        with tempfile.TemporaryDirectory() as directory:
            path = damage.write_set(directory, "no index")
            (path / damage.INDEX).symlink_to("nowhere")
            findings = command.json("check", path, code=1)["models"][0]["findings"]
            self.assertEqual([(f["code"], f["file"]) for f in findings], [("dangling_link", damage.INDEX)])

    def test_a_file_that_cannot_be_read_does_not_hide_other_faults(self):
        with tempfile.TemporaryDirectory() as directory:
            path = damage.write_set(directory, "shard truncated")
            (path / damage.shard(1)).unlink()
            (path / damage.shard(1)).mkdir()
            model = command.json("check", path, code=1)["models"][0]
            self.assertEqual(sorted(f["code"] for f in model["findings"]), ["truncated", "unreadable"])
            (path / damage.shard(3)).write_bytes((path / damage.shard(2)).read_bytes())
            (path / damage.shard(2)).unlink()
            (path / damage.shard(2)).mkdir()
            (path / damage.INDEX).unlink()
            (path / damage.INDEX).mkdir()
            codes = [f["code"] for f in command.json("check", path, code=3)["models"][0]["findings"]]
            self.assertEqual(set(codes), {"unreadable"})
            self.assertEqual(codes.count("unreadable"), 3)

    def test_an_index_is_checked_alone(self):
        with tempfile.TemporaryDirectory() as directory:
            path = damage.write_set(directory, "file that the index does not name")
            model = command.json("check", path / damage.INDEX)["models"][0]
            self.assertEqual((model["files"], model["tensors"], model["findings"]), (3, 6, []))

    def test_a_set_without_an_index_is_repaired(self):
        with tempfile.TemporaryDirectory() as directory:
            path = damage.write_set(directory, "no index")
            damaged = path / damage.shard(1)
            damaged.write_bytes(damaged.read_bytes() + b"\0")
            report = command.json("repair", path, "-o", pathlib.Path(directory, "new"), "-m", "40")
            self.assertEqual(report["repairs"], [f"{damage.shard(1)}: removes 1 byte after the data", "writes the index"])
            model = command.json("check", pathlib.Path(directory, "new"))["models"][0]
            self.assertEqual((model["ok"], model["files"], model["tensors"]), (True, 3, 6))


class Hashes(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)

    def cache(self):
        """A snapshot of links to blobs, as huggingface_hub lays it out."""
        blobs, snapshot = self.root / "blobs", self.root / "snapshots" / "revision"
        blobs.mkdir()
        snapshot.mkdir(parents=True)
        source = damage.write_set(self.root, "complete")
        for path in source.iterdir():
            content = path.read_bytes()
            is_small = path.suffix == ".json"
            git = hashlib.sha1(b"blob %d\0" % len(content) + content)
            digest = (git if is_small else hashlib.sha256(content)).hexdigest()
            (blobs / digest).write_bytes(content)
            (snapshot / path.name).symlink_to(f"../../blobs/{digest}")
        return snapshot

    def test_the_blobs_of_a_cache_are_compared_with_their_names(self):
        snapshot = self.cache()
        model = command.json("check", "--hash", snapshot)["models"][0]
        self.assertEqual((model["ok"], model["hashes"], model["findings"]), (True, 4, []))
        for name in (damage.shard(2), damage.INDEX):
            path = snapshot / name
            content = path.read_bytes()
            changed = content.replace(b"\x40", b"\x41", 1) if name == damage.shard(2) else content + b"\n"
            self.assertNotEqual(changed, content)
            path.write_bytes(changed)
            self.assertEqual(command.json("check", snapshot)["models"][0]["findings"], [])
            model = command.json("check", "--hash", snapshot, code=1)["models"][0]
            self.assertEqual([(f["code"], f["file"]) for f in model["findings"]], [("hash_mismatch", name)])
            self.assertEqual(model["hashes"], 3)
            path.write_bytes(content)

    def test_one_file_of_a_cache_is_compared(self):
        model = command.json("check", "--hash", self.cache() / damage.shard(1))["models"][0]
        self.assertEqual((model["ok"], model["hashes"]), (True, 1))

    def test_a_download_to_a_directory_is_compared_with_its_record(self):
        source = damage.write_set(self.root, "complete")
        records = source / ".cache" / "huggingface" / "download"
        records.mkdir(parents=True)
        for number in (1, 2):
            digest = hashlib.sha256((source / damage.shard(number)).read_bytes()).hexdigest()
            digest = digest if number == 1 else digest[::-1]
            (records / f"{damage.shard(number)}.metadata").write_text(f"{'0' * 40}\n{digest}\n1700000000.5\n")
        model = command.json("check", "--hash", source, code=1)["models"][0]
        self.assertEqual(([f["code"] for f in model["findings"]], model["hashes"]),
                         (["no_hashes", "no_hashes", "hash_mismatch"], 1))

    def test_a_file_without_a_record_beside_others_is_a_warning(self):
        snapshot = self.cache()
        plain = snapshot / damage.shard(2)
        content = plain.read_bytes()
        plain.unlink()
        plain.write_bytes(content)
        for path in (snapshot, snapshot / damage.INDEX):
            model = command.json("check", "--hash", path)["models"][0]
            self.assertEqual([(f["code"], f["file"]) for f in model["findings"]], [("no_hashes", damage.shard(2))])
            self.assertEqual(model["hashes"], 3)
        self.assertEqual(command.json("check", "--hash", "--strict", snapshot, code=1)["models"][0]["hashes"], 3)

    def test_shards_in_a_folder_below_the_index_are_compared(self):
        snapshot = self.cache()
        (snapshot / "part").mkdir()
        for number in (1, 2, 3):
            link = snapshot / damage.shard(number)
            (snapshot / "part" / link.name).symlink_to(pathlib.Path("..", link.readlink()))
            link.unlink()
        index = snapshot / damage.INDEX
        text = index.read_text().replace("model-", "part/model-")
        index.unlink()
        blob = self.root / "blobs" / hashlib.sha1(b"blob %d\0" % len(text) + text.encode()).hexdigest()
        blob.write_text(text)
        index.symlink_to(f"../../blobs/{blob.name}")
        model = command.json("check", "--hash", snapshot)["models"][0]
        self.assertEqual((model["hashes"], model["findings"]), (4, []))

    def test_a_link_to_a_file_of_a_cache_is_compared(self):
        link = self.root / "link.safetensors"
        link.symlink_to(self.cache() / damage.shard(1))
        model = command.json("check", "--hash", link)["models"][0]
        self.assertEqual((model["hashes"], model["findings"]), (1, []))

    def test_the_record_of_a_download_is_in_a_directory_above_the_file(self):
        local = self.root / "local"
        folder = damage.write_set(local / "unet", "complete").rename(local / "unet" / "part")
        records = local / ".cache" / "huggingface" / "download" / "unet" / "part"
        records.mkdir(parents=True)
        for path in folder.iterdir():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            (records / f"{path.name}.metadata").write_text(f"{'0' * 40}\n{digest}\n1700000000.5\n")
        for arguments, where in (([folder], None), (["."], folder), ([pathlib.Path("part", damage.INDEX)], folder.parent)):
            model = command.json("check", "--hash", *arguments, cwd=where)["models"][0]
            self.assertEqual((model["hashes"], model["findings"]), (4, []), arguments)
        (folder / damage.shard(1)).write_bytes(damage.WHOLE)
        model = command.json("check", "--hash", folder / damage.shard(1), code=1)["models"][0]
        self.assertEqual([f["code"] for f in model["findings"]], ["hash_mismatch"])

    def test_other_files_have_no_recorded_hash(self):
        model = command.json("check", "--hash", damage.write_set(self.root, "complete"))["models"][0]
        self.assertEqual(([f["code"] for f in model["findings"]], model["hashes"]), (["no_hashes"], 0))

    def test_an_interrupted_download_to_the_cache_is_a_warning(self):
        snapshot = self.cache()
        (self.root / "blobs" / ("0" * 64 + ".incomplete")).touch()
        self.assertEqual([f["code"] for f in command.json("check", snapshot)["models"][0]["findings"]], ["unfinished"])


if __name__ == "__main__":
    command = Command(sys.argv[1])
    write_corpus = sys.argv[2] if len(sys.argv) > 2 else None
    unittest.main(argv=sys.argv[:1])
