"""The shared library, and the declarations of its functions."""

import ctypes
import os
import pathlib

import cffi

ABI_VERSION = 0
"""The ABI number of libsafetensors that this package uses."""

ffi = cffi.FFI()
ffi.cdef(pathlib.Path(__file__).with_name("safetensors.cdef").read_text(encoding="utf-8"))
ffi.cdef(pathlib.Path(__file__).with_name("dlpack.cdef").read_text(encoding="utf-8"))


def _load():
    """Loads the library that the environment variable LIBSAFETENSORS names, else the installed one."""
    name = os.environ.get("LIBSAFETENSORS") or f"libsafetensors.so.{ABI_VERSION}"
    try:
        return ffi.dlopen(name)
    except OSError as error:
        raise ImportError(
            f"cannot load libsafetensors: {error}. Install it where the dynamic linker finds it (after an "
            "installation to /usr/local, run ldconfig), or set LIBSAFETENSORS to the path of the shared library."
        ) from error


lib = _load()


def immortal(value):
    """Returns `value` and keeps it until the process ends: the library or a destructor of C uses it after Python has
    freed the objects of modules."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))
    return value


def version() -> str:
    """Version of libsafetensors in use, such as "0.1.0"."""
    return ffi.string(lib.st_version_string()).decode()


def encoded(text: str) -> bytes:
    """The text in UTF-8. Lone surrogates make it invalid: the library finds no such name and saves none."""
    if not isinstance(text, str):
        raise TypeError(f"expected a str, got {type(text).__name__}")
    return text.encode("utf-8", "surrogatepass")


def text_of(pointer, length) -> str:
    """The text of `length` bytes at `pointer`."""
    return ffi.unpack(pointer, length).decode() if length else ""
