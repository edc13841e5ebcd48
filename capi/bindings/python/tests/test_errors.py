"""Exceptions of the library, and exceptions in callbacks."""

import errno
import io
import pickle
import subprocess
import sys
import threading
import unittest
import unittest.mock

import numpy as np

import libsafetensors as st
from support import BIAS, SAMPLE, Case, file_bytes


class Interrupt(BaseException):
    """Not an Exception, as KeyboardInterrupt."""


def raising(exception):
    def callback(*_):
        raise exception

    return callback


class Exceptions(Case):
    def test_classes_and_codes(self):
        file = self.open_sample()
        cases = [
            (lambda: st.open(self.directory / "absent"), FileNotFoundError, st.NotFoundError, "NOT_FOUND"),
            (lambda: st.open(self.directory), OSError, st.FileError, "NOT_REGULAR"),
            (lambda: st.open_memory(b"x" * 16), ValueError, st.FormatError, "HEADER_TOO_LARGE"),
            (lambda: st.open_memory(b"x"), ValueError, st.FormatError, "HEADER_TOO_SMALL"),
            (lambda: file["absent"], KeyError, st.TensorNotFoundError, "TENSOR_NOT_FOUND"),
            (lambda: file.metadata["absent"], KeyError, st.MetadataNotFoundError, "METADATA_NOT_FOUND"),
            (lambda: file.at(5), IndexError, st.OutOfRangeError, "OUT_OF_RANGE"),
            (lambda: st.Dtype("F33"), ValueError, st.FormatError, "DTYPE"),
            (lambda: st.save("x", {"__metadata__": BIAS}), ValueError, st.InvalidArgumentError, "INVALID_ARGUMENT"),
        ]
        for call, builtin, kind, code in cases:
            with self.subTest(code), self.assertRaises(kind) as caught:
                call()
            error = caught.exception
            self.assertIsInstance(error, (builtin, st.SafetensorsError))
            self.assertIsInstance(error, builtin)
            self.assertIsInstance(error, st.SafetensorsError)
            self.assertEqual(error.code, st.Status[code])
            self.assertEqual(error.status_name, f"ST_E_{code}")
            self.assertEqual(str(error), error.message)
            self.assertTrue(error.message)

    def test_errno_and_position(self):
        with self.assertRaises(FileNotFoundError) as caught:
            st.open(self.directory / "absent")
        self.assertEqual(caught.exception.errno, errno.ENOENT)
        self.assertIsNone(caught.exception.position)
        with self.assertRaises(st.FormatError) as caught:
            st.open_memory(b"\x02" + bytes(7) + b"{]")
        self.assertEqual(caught.exception.position, 9)

    def test_exceptions_can_be_pickled(self):
        errors = [st.NotFoundError(21, "gone", 2), st.FormatError(44, "bad", 0, 9), st.SafetensorsError(1234, "new")]
        for error in errors:
            copy = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(copy), copy.code, str(copy), copy.os_error, copy.position),
                             (type(error), error.code, str(error), error.os_error, error.position))  # fmt: skip

    def test_paths_with_nul(self):
        self.assertRaises(ValueError, st.open, "a\0b")
        self.assertRaises(TypeError, st.open, None)


class Callbacks(Case):
    def test_exceptions_leave_the_call_as_they_are(self):
        exceptions = [ValueError("mine"), OSError(errno.EPIPE, "gone"), Interrupt(), StopIteration(), MemoryError()]
        for exception in exceptions:
            fail = raising(exception)
            fill = st.TensorData("U8", [4], fill=fail)

            class Sink:
                write = staticmethod(fail)

            calls = {
                "read": lambda: st.open_io(fail, 100),
                "fill": lambda: st.save_memory({"x": fill}),
                "write": lambda: st.save_to(Sink(), {"x": BIAS}),
                "progress": lambda: st.save(self.directory / "new", {"x": BIAS}, progress=fail),
                "set fill": lambda: st.SetWriter(self.directory / "set").add("x", fill),
            }
            for name, call in calls.items():
                with self.subTest(name, exception=exception), self.assertRaises(type(exception)) as caught:
                    call()
                self.assertIs(caught.exception, exception)
        self.assertEqual([path.name for path in self.directory.iterdir() if path.is_file()], [self.path.name])
        self.assertRaises(FileNotFoundError, st.open, self.directory / "absent")

    def test_exceptions_of_reads_after_opening(self):
        broken = threading.Event()

        def read(offset, buffer):
            if broken.is_set():
                raise ConnectionError("lost")
            buffer[:] = SAMPLE[offset : offset + len(buffer)]

        file = st.open_io(read, len(SAMPLE))
        broken.set()
        uses = [lambda: file["bias"], lambda: file.read("bias"), lambda: file.read_slice("weight", 0),
                lambda: file.read_at(0, 4), lambda: file.metadata.range("format")]  # fmt: skip
        for use in uses:
            self.assertRaises(ConnectionError, use)
        broken.clear()
        self.assert_array(file["bias"].numpy(), BIAS)

    def test_each_thread_gets_its_own_exception(self):
        failing = threading.Event()
        content = bytes(SAMPLE)

        def read_or_fail(offset, buffer):
            if failing.is_set():
                raise ValueError(threading.get_ident())
            buffer[:] = content[offset : offset + len(buffer)]

        file = st.open_io(read_or_fail, len(content))
        failing.set()
        wrong = []

        def use():
            for _ in range(100):
                try:
                    file.read("bias")
                    wrong.append("no exception")
                except ValueError as error:
                    if error.args != (threading.get_ident(),):
                        wrong.append(error)

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_truncated_file_objects(self):
        stream = io.BytesIO(SAMPLE)
        file = st.open(stream)
        stream.truncate(len(SAMPLE) - 1)
        self.assertRaisesRegex(EOFError, "ends 1 bytes early", lambda: file["weight"])

    def test_buffers_of_callbacks_end_with_the_call(self):
        kept = []
        st.save_memory({"x": st.TensorData("U8", [4], fill=lambda offset, buffer: kept.append(buffer))})
        self.assertRaisesRegex(ValueError, "released", bytes, kept[0])
        for make in (np.asarray, memoryview, lambda view: view[1:]):
            views = []
            with self.assertRaisesRegex(BufferError, "kept a view"):  # the view would outlive its memory
                st.save_memory({"x": st.TensorData("U8", [4], fill=lambda offset, buffer: views.append(make(buffer)))})
            sink = unittest.mock.Mock(write=lambda data: views.append(make(data)))
            with self.assertRaisesRegex(BufferError, "kept a view"):
                st.save_to(sink, {"x": BIAS})

    def test_callbacks_may_call_the_library(self):
        def fill(offset, buffer):
            with self.assertRaises(KeyError):
                st.open_memory(SAMPLE)["absent"]
            buffer[:] = st.open_memory(SAMPLE)["bias"].raw()[offset : offset + len(buffer)]

        data = st.save_memory({"x": st.TensorData("F32", [3], fill=fill)})
        self.assert_array(st.open_memory(data)["x"].numpy(), BIAS)

    def test_a_callback_cannot_use_its_own_builder(self):
        builder = st.Builder()
        builder.add_fill("x", "U8", [4], lambda offset, buffer: builder.add("y", BIAS))
        with self.assertRaisesRegex(RuntimeError, "callback"):
            builder.save_memory()
        self.assertEqual(len(builder), 1)

    def test_release_of_read_callbacks(self):
        def read(offset, buffer):
            buffer[:] = SAMPLE[offset : offset + len(buffer)]

        from libsafetensors import _calls

        before = len(_calls._lent)
        file = st.open_io(read, len(SAMPLE))
        tensor = file["bias"]
        self.assertEqual(len(_calls._lent), before + 1)
        file.close()
        self.assertEqual(len(_calls._lent), before)
        self.assert_array(tensor.numpy(), BIAS)
        self.assertRaises(st.FormatError, st.open_memory, b"x" * 16)
        self.assertRaises(ZeroDivisionError, st.open_io, raising(ZeroDivisionError()), 100)
        self.assertEqual(len(_calls._lent), before)


class Hostile(Case):
    def test_the_interpreter_ends_with_everything_open(self):
        program = """if True:
            import io, sys, threading
            import numpy as np
            import libsafetensors as st
            content = st.save_memory({"x": np.zeros(4, np.float32)})
            file = st.open(io.BytesIO(content), writable=True)
            tensor = file["x"]
            memory = st.open_memory(content)
            array = memory["x"].numpy()
            shared = np.from_dlpack(tensor)
            capsules = [tensor.__dlpack__(), tensor.__dlpack__(max_version=(1, 0))]
            builder = st.Builder({"x": shared})
            writer = st.SetWriter(sys.argv[1] + "/set")
            pieces = st.open_writer(sys.argv[1] + "/pieces", {"x": ("U8", [4])})
            sys.stopped = [file, capsules, array]
            threading.Thread(target=lambda: shared.sum(), daemon=True).start()
        """
        command = [sys.executable, "-X", "dev", "-c", program, self.directory]
        run = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual([path.name for path in self.directory.iterdir() if path.is_file()], [self.path.name])

    def test_a_builder_in_many_threads(self):
        builder = st.Builder()

        def use(number):
            for n in range(50):
                builder.add(f"{number}.{n}", BIAS)
                builder.save_size()

        threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with st.open_memory(builder.save_memory()) as file:
            self.assertEqual(len(file), 200)

    def test_names_of_huge_tensors(self):
        content = file_bytes({"t": ("F32", [2**62, 0], b"")})
        with st.open_memory(content) as file:
            self.assertEqual(file["t"].shape, (2**62, 0))
            self.assertRaises(ValueError, file["t"].numpy)


if __name__ == "__main__":
    unittest.main()
