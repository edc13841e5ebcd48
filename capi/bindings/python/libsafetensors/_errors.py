"""The exceptions. Each has the base SafetensorsError and, where one fits, a built-in exception as a second base."""

import errno
from typing import Optional, Union

from ._enums import Status
from ._library import ffi, lib

NO_POSITION = 0x7FFFFFFFFFFFFFFF


class SafetensorsError(Exception):
    """A call of the library failed. str() of it is the library's message."""

    code: Union[Status, int]
    """The status; an int if this package does not know it."""
    message: str
    """One line: what was found, what was expected, where."""
    os_error: int
    """errno of the system call that failed, or 0."""
    position: Optional[int]
    """Byte offset of the error in the file, or None."""

    def __init__(self, code: int, message: str, os_error: int = 0, position: Optional[int] = None) -> None:
        if isinstance(self, OSError):
            # OSError takes errno and text; some statuses mean an errno without a failed system call.
            OSError.__init__(self, os_error or _ERRNO.get(code, 0), message)
        else:
            super().__init__(message)
        self.code = Status(code) if code in Status._value2member_map_ else code
        self.message = message
        self.os_error = os_error
        self.position = position

    @property
    def status_name(self) -> str:
        """Name of the status in C, such as "ST_E_JSON"."""
        return ffi.string(lib.st_status_name(self.code)).decode()

    def __str__(self) -> str:
        return self.message

    def __reduce__(self):
        return type(self), (int(self.code), self.message, self.os_error, self.position)


class InvalidArgumentError(SafetensorsError, ValueError):
    """The call is invalid."""


class NoMemoryError(SafetensorsError, MemoryError):
    """Memory, or address space for a mapping, is exhausted."""


class InternalError(SafetensorsError, RuntimeError):
    """A defect of the library."""


class UnsupportedError(SafetensorsError, NotImplementedError):
    """Valid, but not supported by this build or system."""


class CancelledError(SafetensorsError):
    """A callback cancelled the call."""


class FileError(SafetensorsError, OSError):
    """A system call failed (`errno` says why), or the file is not a regular one, was truncated or changed."""


class NotFoundError(FileError, FileNotFoundError):
    """No such file or directory."""


class NoPermissionError(FileError, PermissionError):
    """No permission to open, create or replace the file."""


class FormatError(SafetensorsError, ValueError):
    """Not a valid safetensors file, or tensors that cannot be in one. `code` says what is wrong."""


class TensorNotFoundError(SafetensorsError, KeyError):
    """No tensor has this name."""


class MetadataNotFoundError(SafetensorsError, KeyError):
    """No metadata entry has this key."""


class OutOfRangeError(SafetensorsError, IndexError):
    """An index or slice bound exceeds the end."""


class BufferTooSmallError(SafetensorsError, ValueError):
    """The buffer is smaller than the data."""


class SetError(SafetensorsError):
    """The files of a set do not fit together. `code` says what is wrong."""


class IncompleteError(SafetensorsError):
    """Bytes of a writer's tensors, or of a tensor's parts, are missing."""


_ERRNO: dict[int, int] = {Status.NOT_FOUND: errno.ENOENT, Status.PERMISSION: errno.EACCES}

_CLASSES: dict[int, type[SafetensorsError]] = {
    Status.INVALID_ARGUMENT: InvalidArgumentError,
    Status.NO_MEMORY: NoMemoryError,
    Status.INTERNAL: InternalError,
    Status.UNSUPPORTED: UnsupportedError,
    Status.CANCELLED: CancelledError,
    Status.NOT_FOUND: NotFoundError,
    Status.PERMISSION: NoPermissionError,
    Status.TENSOR_NOT_FOUND: TensorNotFoundError,
    Status.OUT_OF_RANGE: OutOfRangeError,
    Status.BUFFER_TOO_SMALL: BufferTooSmallError,
    Status.METADATA_NOT_FOUND: MetadataNotFoundError,
    Status.INCOMPLETE: IncompleteError,
}

# Later releases may add codes to a group.
_GROUPS = ((range(20, 40), FileError), (range(40, 70), FormatError), (range(90, 110), SetError))


def _class_of(code: int) -> type[SafetensorsError]:
    for group, kind in _GROUPS:
        if code in group:
            return _CLASSES.get(code, kind)
    return _CLASSES.get(code, SafetensorsError)


def error_of(error) -> SafetensorsError:
    """The exception for an st_error."""
    position = None if error.position == NO_POSITION else error.position
    message = ffi.string(error.message).decode("utf-8", "replace")
    return _class_of(error.code)(error.code, message, error.os_error, position)
