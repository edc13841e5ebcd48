"""Writing in pieces: Writer, SetWriter, edit() and consolidate()."""

import concurrent.futures
import json
import unittest

import numpy as np

import libsafetensors as st
from support import BIAS, WEIGHT, Case, file_bytes


class Writers(Case):
    declared = {"bias": ("F32", [3]), "weight": (st.Dtype.F32, (3, 4))}

    def test_pieces_in_any_order(self):
        path = self.directory / "new.safetensors"
        with st.open_writer(path, self.declared, {"format": "pt"}) as writer:
            writer.write("weight", WEIGHT[1:], offset=16)
            writer.write(0, BIAS.tobytes())
            with self.assertRaises(st.IncompleteError) as caught:
                writer.commit()
            size = st.save_size({"bias": BIAS, "weight": WEIGHT}, {"format": "pt"})
            self.assertEqual(caught.exception.position, size - WEIGHT.nbytes)
            self.assertIn("weight", str(caught.exception))
            self.assertFalse(path.exists())
            writer.write("weight", memoryview(WEIGHT[:1]).cast("B"))
            writer.commit()
        self.assertEqual(path.read_bytes(), st.save_memory({"bias": BIAS, "weight": WEIGHT}, {"format": "pt"}))

    def test_errors(self):
        writer = st.open_writer(self.directory / "new", self.declared)
        self.assertRaises(KeyError, writer.write, "absent", b"1")
        self.assertRaises(st.OutOfRangeError, writer.write, 2, b"1")
        self.assertRaises(st.OutOfRangeError, writer.write, "bias", b"1234", 9)
        self.assertRaises(TypeError, writer.write, "bias", "text")
        writer.close()
        self.assertRaisesRegex(ValueError, "closed", writer.write, "bias", b"1")
        self.assertRaisesRegex(ValueError, "closed", writer.commit)
        self.assertEqual([path.name for path in self.directory.iterdir()], [self.path.name])

    def test_threads(self):
        data = np.arange(200_000, dtype=np.int64)
        path = self.directory / "new.safetensors"
        with st.open_writer(path, {"data": ("I64", [len(data)])}) as writer:
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                def write(start):
                    writer.write("data", data[start : start + 1000], start * 8)

                list(pool.map(write, range(0, len(data), 1000)))
            writer.commit()
        self.assert_saved(path, {"data": data})

    def test_commit_waits_for_writes(self):
        data = np.zeros(1_000_000, np.uint8)
        for _ in range(10):
            writer = st.open_writer(self.path, {"data": ("U8", [len(data)])})
            writer.write("data", data)
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                writes = [pool.submit(writer.write, "data", data) for _ in range(8)]
                writer.commit()
                for write in writes:
                    if error := write.exception():
                        self.assertRegex(str(error), "closed writer")

    def test_builder_opens_writers(self):
        builder = st.Builder().declare("bias", "F32", [3]).add("weight", WEIGHT)
        self.assertEqual(builder.save_size(), len(st.save_memory({"bias": BIAS, "weight": WEIGHT})))
        with builder.open_writer(self.path) as writer:
            writer.write("bias", BIAS)
            writer.write("weight", WEIGHT)
            self.assertRaisesRegex(st.InvalidArgumentError, "I64.*F32", writer.write, "weight", np.zeros(12, np.int64))
            self.assertRaisesRegex(st.InvalidArgumentError, "F64.*F32", writer.write, 0, np.zeros(1))
            self.assertRaisesRegex(st.TensorNotFoundError, "absent", writer.write, "absent", BIAS)
            writer.write("bias", BIAS.view(np.uint32))
            writer.commit()
        self.assert_saved(self.path, {"bias": BIAS, "weight": WEIGHT})


class SetWriters(Case):
    def arrays(self):
        return {f"layer.{n}": np.full(100, n, np.float32) for n in range(4)}

    def test_set(self):
        def fill(offset, buffer):
            buffer[:] = b"abc"[offset:]

        with st.SetWriter(self.directory / "model", {"format": "pt"}, max_shard_size=800) as writer:
            for name, array in self.arrays().items():
                writer.add(name, array)
            writer.add("filled", st.TensorData("U8", [3], fill=fill))
            writer.commit()
            self.assertRaisesRegex(ValueError, "closed", writer.add, "late", BIAS)
        with st.open_set(self.directory / "model") as model:
            self.assertEqual(model["filled"].raw().tobytes(), b"abc")
            self.assertEqual(len(model.shards), 3)
            self.assert_array(model["layer.3"].numpy(), self.arrays()["layer.3"])

    def test_nothing_remains_without_a_commit(self):
        with self.assertRaises(ZeroDivisionError), st.SetWriter(self.directory / "model") as writer:
            writer.add("bias", BIAS)
            1 / 0
        self.assertEqual(list(self.directory.glob("model/*")), [])

    def test_resume(self):
        options = {"max_shard_size": 800, "resume": True}
        with st.SetWriter(self.directory / "model", **options) as writer:
            for name, array in list(self.arrays().items())[:3]:
                writer.add(name, array)
        filled = []

        def fill_of(name, array):
            def fill(offset, buffer):
                filled.append(name)
                buffer[:] = array.tobytes()[offset : offset + len(buffer)]

            return fill

        with st.SetWriter(self.directory / "model", **options) as writer:
            self.assertTrue(writer.has_tensor("layer.0"))
            self.assertFalse(writer.has_tensor("layer.3"))
            with self.assertRaises(OSError) as caught:
                st.SetWriter(self.directory / "model", **options)
            self.assertEqual(caught.exception.errno, 16)  # EBUSY
            for name, array in self.arrays().items():
                writer.add(name, st.TensorData("F32", [100], fill=fill_of(name, array)))
            writer.commit()
        self.assertEqual(filled, ["layer.2", "layer.3"])
        self.assertEqual(len(st.load_set(self.directory / "model")), 4)


class Edit(Case):
    def test_metadata_and_names(self):
        names = {"weight": "bias", "bias": "weight"}
        method = st.edit(self.path, metadata={"license": "mit"}, remove=["format", ""], rename=names)
        self.assertIn(method, (st.EditMethod.CLONE, st.EditMethod.COPY))
        self.assert_saved(self.path, {"bias": WEIGHT, "weight": BIAS}, {"license": "mit"})
        self.assertEqual(st.edit(self.path, metadata={"license": "mit"}), st.EditMethod.UNCHANGED)

    def test_in_place(self):
        inode = self.path.stat().st_ino
        self.assertEqual(st.edit(self.path, metadata={"format": "np"}, in_place=True), st.EditMethod.OVERWRITE)
        self.assertEqual(self.path.stat().st_ino, inode)
        self.assert_saved(self.path, {"bias": BIAS, "weight": WEIGHT}, {"format": "np", "": "a\0ü"})

    def test_errors(self):
        self.assertRaises(st.MetadataNotFoundError, st.edit, self.path, remove=["absent"])
        self.assertRaises(st.TensorNotFoundError, st.edit, self.path, rename={"absent": "x"})
        self.assertRaises(TypeError, st.edit, self.path, remove="format")


class Consolidate(Case):
    def test_parts_of_a_tensor(self):
        source = self.directory / "parts"
        source.mkdir()
        for number, rows in enumerate((slice(0, 2), slice(2, 3))):
            part = WEIGHT[rows]
            info = {"weight": {"saved_offsets": [rows.start, 0]}}
            metadata = {"DCP_SHARDING_INFO": json.dumps(info)}
            content = file_bytes({"weight": ("F32", list(part.shape), part.tobytes())}, metadata)
            (source / f"shard-0000{number}-model-00001-of-00001.safetensors").write_bytes(content)
        st.consolidate(source, self.directory / "model", {"format": "pt"})
        self.assert_saved(self.directory / "model" / "model.safetensors", {"weight": WEIGHT}, {"format": "pt"})


if __name__ == "__main__":
    unittest.main()
