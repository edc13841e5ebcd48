"""SetStage: a set whose files several processes write."""

import subprocess
import sys

import numpy as np

import libsafetensors as st
from support import Case

SAVE_ZEROS = """
import sys, numpy, libsafetensors
path, *names = sys.argv[1:]
libsafetensors.save(path, {name: numpy.zeros(100, numpy.float32) for name in names}, {"format": "pt"}, alignment=64)
"""


class SetStages(Case):
    declared = {f"layer.{n}": ("F32", [100]) for n in range(4)}
    options = {"max_shard_size": 800, "alignment": 64}

    def test_processes_write_the_files_of_save_set(self):
        arrays = {name: np.zeros(100, np.float32) for name in self.declared}
        st.save_set(self.directory / "expected", arrays, {"format": "pt"}, **self.options)
        with st.SetStage(self.directory / "set", self.declared, {"format": "pt"}, **self.options) as stage:
            shards = stage.shards
            self.assertEqual(list(shards.values()), [["layer.0", "layer.1"], ["layer.2", "layer.3"]])
            for path, names in shards.items():
                self.assertEqual({stage.path_of(name) for name in names}, {path})
                self.assertRaisesRegex(st.IncompleteError, "model-0000", stage.commit)
                subprocess.run([sys.executable, "-c", SAVE_ZEROS, path, *names], check=True)
            self.assertRaises(KeyError, stage.path_of, "absent")
            stage.commit()
            self.assertRaisesRegex(ValueError, "closed", stage.commit)
        expected = {path.name: path.read_bytes() for path in (self.directory / "expected").iterdir()}
        self.assertEqual({path.name: path.read_bytes() for path in (self.directory / "set").iterdir()}, expected)

    def test_nothing_remains_without_a_commit(self):
        with st.SetStage(self.directory / "set", self.declared) as stage:
            self.assertTrue(stage.path_of("layer.0").exists())
        self.assertFalse((self.directory / "set").exists())
        self.assertRaisesRegex(ValueError, "closed", stage.path_of, "layer.0")
        self.assertRaises(st.InvalidArgumentError, st.SetStage, self.directory / "set", {"__metadata__": ("U8", [1])})
