"""Calls into the library, and the library's calls back.

An exception that leaves a callback cancels the call of the library that made it, and is raised again when that call
returns.
"""

import sys
import threading
from contextlib import contextmanager
from typing import Optional

from ._errors import error_of
from ._library import ffi, immortal

_ERROR = ffi.typeof("st_error*")
_ERROR_SIZE = ffi.sizeof("st_error")
_HANDLES = {
    kind: ffi.typeof(f"{kind}**")
    for kind in ("st_builder", "st_file", "st_set_stage", "st_set_writer", "st_tensor", "st_writer")
}
_raised = threading.local()


def call(function, *arguments) -> None:
    """Calls a function whose last parameter is an st_error; raises what its callbacks raised, or its error."""
    error = ffi.new(_ERROR)
    error.size = _ERROR_SIZE
    if function(*arguments, error):
        exception = _raised.__dict__.pop("exception", None)
        raise exception if exception is not None else error_of(error)


def create(kind: str, release, function, *arguments):
    """Calls a function whose last parameters are a handle to set and an st_error; returns the owned handle."""
    handle = ffi.new(_HANDLES[kind])
    call(function, *arguments, handle)
    return ffi.gc(handle[0], release)


def _keep_exception(_kind, exception, _traceback):
    _raised.exception = exception


def _with_view(user_data, offset, buffer, nbytes, *, read_only):
    """Calls the Python callable in `user_data` with a view of the library's memory, which it must not keep."""
    memory = ffi.buffer(buffer, nbytes)
    view = memoryview(memory)
    if read_only:
        view = view.toreadonly()
    references = sys.getrefcount(memory)
    ffi.from_handle(user_data)(offset, view)
    view.release()
    # Arrays and slices of the view are other views of the memory.
    if sys.getrefcount(memory) >= references:
        raise BufferError("the callback kept a view of its buffer")


@immortal
@ffi.callback("st_read_at_fn", error=-1, onerror=_keep_exception)
def read_at(user_data, offset, buffer, nbytes):
    """st_read_at_fn and st_fill_fn of the Python callable in `user_data`."""
    _with_view(user_data, offset, buffer, nbytes, read_only=False)
    return 0


@immortal
@ffi.callback("st_write_fn", error=-1, onerror=_keep_exception)
def write(user_data, offset, buffer, nbytes):
    """st_write_fn of the Python callable in `user_data`."""
    _with_view(user_data, offset, buffer, nbytes, read_only=True)
    return 0


@immortal
@ffi.callback("st_progress_fn", error=-1, onerror=_keep_exception)
def progress(user_data, done, total):
    """st_progress_fn of the Python callable in `user_data`."""
    ffi.from_handle(user_data)(done, total)
    return 0


# What the library uses until it calls release(): the handle's address -> the handle and its object.
_lent: dict[int, tuple] = {}


@immortal
@ffi.callback("st_release_fn")
def release(user_data, *, take=_lent.pop, cast=ffi.cast, address_type=ffi.typeof("uintptr_t")):
    """st_release_fn of objects that lend() has lent. It uses no variable of the module, which may be gone."""
    take(int(cast(address_type, user_data)), None)


@contextmanager
def lend(value):
    """Keeps `value` alive until the library calls release() with the user data that this yields, or, if the block
    raises, until then."""
    handle = ffi.new_handle(value)
    address = int(ffi.cast("uintptr_t", handle))
    _lent[address] = handle, value
    try:
        yield handle
    except BaseException:
        _lent.pop(address, None)
        raise


class Exclusive:
    """Lets one thread at a time use a handle, and rejects the use of it in callbacks of its own calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: Optional[int] = None

    def __enter__(self) -> None:
        if self._owner == threading.get_ident():
            raise RuntimeError("a callback cannot use the object that called it")
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(self, *_) -> None:
        self._owner = None
        self._lock.release()
