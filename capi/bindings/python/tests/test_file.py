"""Opening and querying files."""

import io
import mmap
import os
import threading
import unittest

import numpy as np

import libsafetensors as st
from support import BIAS, SAMPLE, WEIGHT, Case, file_bytes


class Open(Case):
    def test_every_kind_of_source(self):
        with open(self.path, "rb") as stream, open(self.path, "rb") as other:
            mapped = mmap.mmap(other.fileno(), 0, access=mmap.ACCESS_READ)
            sources = {
                "str": lambda: st.open(str(self.path)),
                "bytes": lambda: st.open(os.fsencode(self.path)),
                "PathLike": lambda: st.open(self.path),
                "descriptor": lambda: st.open(stream.fileno()),
                "file object": lambda: st.open(io.BytesIO(SAMPLE)),
                "bytes in memory": lambda: st.open_memory(SAMPLE),
                "a copy of memory": lambda: st.open_memory(bytearray(SAMPLE), copy=True),
                "mmap": lambda: st.open_memory(mapped),
                "a set of one file": lambda: st.open_set(self.path),
                "a directory": lambda: st.open_set(self.directory),
            }
            for name, opened in sources.items():
                with self.subTest(name), opened() as file:
                    self.assertEqual(list(file), ["bias", "weight"])
                    self.assert_array(file["weight"].numpy(), WEIGHT)
                    self.assertEqual(file.nbytes, len(SAMPLE))

    def test_read_callback(self):
        calls = []

        def read(offset, buffer):
            calls.append(offset)
            buffer[:] = SAMPLE[offset : offset + len(buffer)]

        with st.open_io(read, len(SAMPLE)) as file:
            self.assert_array(file["bias"].numpy(), BIAS)
        self.assertIn(0, calls)

    def test_file_object_without_readinto_and_with_short_reads(self):
        class Short:
            def __init__(self):
                self.inner = io.BytesIO(SAMPLE)

            def seek(self, *arguments):
                return self.inner.seek(*arguments)

            def read(self, size):
                return self.inner.read(min(size, 5))

        with st.open(Short()) as file:
            self.assert_array(file["weight"].numpy(), WEIGHT)

    def test_memory_is_used_without_a_copy_and_kept_alive(self):
        memory = bytearray(SAMPLE)
        array = st.open_memory(memory)["weight"].numpy()
        memory[-48:] = bytes(48)
        self.assertEqual(array[2, 3], 0)
        with self.assertRaises(BufferError):  # exported by the array
            memory.append(0)
        del array
        memory.append(0)

    def test_options(self):
        lenient = file_bytes({"a": ("U8", [1], b"\1")}, padding="\n")
        st.open_memory(lenient).close()
        with self.assertRaises(st.FormatError):
            st.open_memory(lenient, strict=True)
        with self.assertRaises(st.FormatError) as caught:
            self.open_sample(max_header_size=16)
        self.assertEqual(caught.exception.code, st.Status.HEADER_TOO_LARGE)
        self.assertFalse(self.open_sample(backend="pread").is_mapped)
        self.assertTrue(self.open_sample(backend=st.Backend.MMAP).is_mapped)
        with self.assertRaisesRegex(ValueError, "'nfs' is not a Backend"):
            self.open_sample(backend="nfs")
        with self.assertRaises(TypeError):
            self.open_sample(mapped=True)

    def test_closed_file(self):
        with self.open_sample() as file:
            tensor = file["weight"]
        self.assertTrue(file.closed)
        self.assert_array(tensor.numpy(), WEIGHT)
        uses = [len, list, repr, lambda f: f["weight"], lambda f: "weight" in f, lambda f: f.read("weight"),
                lambda f: dict(f.metadata), lambda f: f.nbytes, lambda f: f.shards,
                lambda f: f.__enter__()]  # fmt: skip
        for number, use in enumerate(uses):
            with self.subTest(number):
                if use is repr:
                    self.assertEqual(use(file), "<File closed>")
                else:
                    self.assertRaisesRegex(ValueError, "closed", use, file)
        file.close()

    def test_close_while_threads_read(self):
        errors = []

        def read(file):
            try:
                for _ in range(200):
                    np.testing.assert_array_equal(file.read("weight"), WEIGHT)
            except ValueError as error:
                errors.append(str(error))

        for _ in range(20):
            file = st.open(self.path)
            threads = [threading.Thread(target=read, args=(file,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            file.close()
            for thread in threads:
                thread.join()
        self.assertLessEqual(set(errors), {"operation on a closed safetensors file"})


class Query(Case):
    def test_entries(self):
        file = self.open_sample()
        info = file.info("weight")
        self.assertEqual((info.name, info.dtype, info.shape, info.nbytes), ("weight", st.Dtype.F32, (3, 4), 48))
        self.assertEqual(info.file_offset, len(SAMPLE) - 48)
        self.assertEqual([info.name for info in file.infos("file")], ["bias", "weight"])
        self.assertEqual(list(file.infos())[1], info)
        self.assertEqual(file.at(1).info, info)
        self.assertEqual(file.at(0, "file").name, "bias")
        self.assertRaises(IndexError, file.at, 2)
        self.assertEqual(file.data_offset, len(SAMPLE) - 60)

    def test_mapping(self):
        file = self.open_sample()
        self.assertIn("bias", file)
        self.assertNotIn("absent", file)
        self.assertNotIn(3, file)
        self.assertIsNone(file.get("absent"))
        self.assertEqual([tensor.nbytes for tensor in file.values()], [12, 48])
        self.assertRaises(KeyError, lambda: file["absent"])
        self.assertRaises(KeyError, lambda: file[3])
        self.assertRaises(KeyError, lambda: file["\udc80"])
        self.assertNotIn("\udc80", file)
        self.assertRaises(TypeError, file.info, 3)
        self.assertNotEqual(file, self.open_sample())
        self.assertIn(file, {file})

    def test_names_may_have_any_character(self):
        names = ["", "a\0b", "é\u0301", "\U0001f600", '"\\\n']
        with st.open_memory(st.save_memory({name: BIAS for name in names})) as file:
            self.assertEqual(set(file), set(names))
            for name in names:
                self.assertIn(name, file)
                self.assertEqual(file[name].name, name)

    def test_metadata(self):
        metadata = self.open_sample().metadata
        self.assertEqual(dict(metadata), {"format": "pt", "": "a\0ü"})
        self.assertEqual(list(metadata), ["", "format"])
        self.assertEqual(metadata.form, st.MetadataForm.OBJECT)
        place = metadata.range("format")
        self.assertEqual(SAMPLE[place.file_offset : place.file_offset + place.nbytes], b"pt")
        with self.assertRaises(st.MetadataNotFoundError) as caught:
            metadata["absent"]
        self.assertIsInstance(caught.exception, KeyError)
        self.assertEqual(st.open_memory(file_bytes({})).metadata.form, st.MetadataForm.ABSENT)

    def test_identity_and_change(self):
        file = self.open_sample()
        self.assertEqual(file.identity, self.open_sample().identity)
        self.assertEqual(file.identity.inode, self.path.stat().st_ino)
        file.verify_unchanged()
        self.path.write_bytes(SAMPLE[:-1])
        with self.assertRaises(st.FileError) as caught:
            file.verify_unchanged()
        self.assertEqual(caught.exception.code, st.Status.TRUNCATED)

    def test_replacement(self):
        file = self.open_sample()
        self.assertIs(file.is_replaced(), False)
        st.save(self.path, {"x": np.zeros(1)})
        self.assertIs(file.is_replaced(), True)
        self.assertIs(st.open_memory(SAMPLE).is_replaced(), False)
        self.path.unlink()
        self.assertIs(file.is_replaced(), False)
        self.path.symlink_to(self.path)
        with self.assertRaises(st.FileError) as caught:
            file.is_replaced()
        self.assertEqual(caught.exception.code, st.Status.IO)

    def test_prefetch(self):
        for file in (self.open_sample(), st.open_memory(SAMPLE)):
            file.prefetch()
            file.prefetch("weight")
            file.prefetch_at(8, len(SAMPLE) - 8)
            self.assertRaises(KeyError, file.prefetch, "absent")
            with self.assertRaises(st.SafetensorsError) as caught:
                file.prefetch_at(8, len(SAMPLE))
            self.assertEqual(caught.exception.code, st.Status.OUT_OF_RANGE)

    def test_location(self):
        file = self.open_sample()
        location = file.location("weight")
        self.assertEqual(location.path, str(self.path))
        self.assertEqual(os.pread(location.fd, location.nbytes, location.file_offset), WEIGHT.tobytes())
        self.assertIsNone(st.open_memory(SAMPLE).location("weight").fd)


class Read(Case):
    def test_into_a_new_array_and_into_buffers(self):
        file = self.open_sample()
        self.assert_array(file.read("weight"), WEIGHT)
        self.assertTrue(file.read("weight").flags.writeable)
        for out in (np.empty((3, 4), np.float32), np.empty(48, np.uint8), bytearray(48), memoryview(bytearray(48))):
            self.assertIs(file.read("weight", out), out)
            self.assertEqual(bytes(memoryview(out).cast("B")), WEIGHT.tobytes())
        self.assertRaises(st.BufferTooSmallError, file.read, "weight", bytearray(47))
        read_only = np.zeros(12, np.float32)
        read_only.flags.writeable = False
        for out in (bytes(48), read_only, np.empty((4, 12), np.float32)[:, :3]):
            self.assertRaises((ValueError, BufferError), file.read, "weight", out)

    def test_slices_are_those_of_numpy(self):
        file = self.open_sample()
        for key in (np.s_[0:2, 1:3], np.s_[1], np.s_[-1, -2], np.s_[...], np.s_[..., 1], np.s_[1:], np.s_[:, 2:1],
                    np.s_[0:100, -3:], np.s_[1:2, ...], np.s_[()]):  # fmt: skip
            with self.subTest(key):
                self.assert_array(file.read_slice("weight", key), np.array(WEIGHT[key]))
        out = np.zeros(4, np.float32)
        self.assertIs(file.read_slice("weight", np.s_[0:2, 1:3], out), out)
        self.assertEqual(out.tolist(), [1, 2, 5, 6])
        for key in (np.s_[3], np.s_[0, 0, 0], np.s_[::2], np.s_[..., ...]):
            self.assertRaises(IndexError, file.read_slice, "weight", key)

    def test_bytes_at_an_offset(self):
        file = self.open_sample()
        self.assertEqual(file.read_at(0, 8), SAMPLE[:8])
        out = bytearray(5)
        self.assertIs(file.read_at(3, out), out)
        self.assertEqual(out, SAMPLE[3:8])
        self.assertRaises(st.OutOfRangeError, file.read_at, len(SAMPLE), 1)


if __name__ == "__main__":
    unittest.main()
