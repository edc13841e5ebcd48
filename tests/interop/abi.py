"""The C ABI through ctypes: as much of it as the comparisons with the reference library need."""

import ctypes
from ctypes import POINTER, byref, c_char, c_char_p, c_int32, c_uint32, c_uint64, c_void_p

NO_POSITION = 2**63 - 1
STRICT = 1
METADATA_OBJECT = 2

DTYPES = [
    "BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ",
    "F8_E5M2FNUZ", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64",
]  # fmt: skip
NUMBER_OF_DTYPE = {name: number for number, name in enumerate(DTYPES, start=1)}


class Sized(ctypes.Structure):
    def __init__(self, **fields):
        super().__init__(size=ctypes.sizeof(self), **fields)


class StError(Sized):
    _fields_ = [
        ("size", c_uint32),
        ("code", c_int32),
        ("os_error", c_int32),
        ("reserved", c_int32),
        ("position", c_uint64),
        ("message", c_char * 256),
    ]


class OpenOptions(Sized):
    _fields_ = [
        ("size", c_uint32),
        ("backend", c_uint32),
        ("strictness", c_uint32),
        ("access", c_uint32),
        ("max_header_size", c_uint64),
        ("set_policy", c_uint32),
        ("unaligned", c_uint32),
    ]


class TensorInfo(Sized):
    _fields_ = [
        ("size", c_uint32),
        ("dtype", c_uint32),
        ("name", c_void_p),
        ("name_len", c_uint64),
        ("shape", POINTER(c_uint64)),
        ("rank", c_uint64),
        ("nbytes", c_uint64),
        ("file_offset", c_uint64),
    ]


class MetadataEntry(Sized):
    _fields_ = [
        ("size", c_uint32),
        ("reserved", c_uint32),
        ("key", c_void_p),
        ("key_len", c_uint64),
        ("value", c_void_p),
        ("value_len", c_uint64),
    ]


class SaveOptions(Sized):
    _fields_ = [
        ("size", c_uint32),
        ("durability", c_uint32),
        ("mode", c_uint32),
        ("link", c_uint32),
        ("metadata_form", c_uint32),
        ("reserved", c_uint32),
        ("alignment", c_uint64),
        ("metadata", POINTER(MetadataEntry)),
        ("metadata_count", c_uint64),
        ("progress", c_void_p),
        ("progress_user_data", c_void_p),
    ]


class SaveTensor(Sized):
    _fields_ = [
        ("size", c_uint32),
        ("dtype", c_uint32),
        ("name", c_char_p),
        ("name_len", c_uint64),
        ("shape", POINTER(c_uint64)),
        ("rank", c_uint64),
        ("nbytes", c_uint64),
        ("data", c_char_p),
        ("fill", c_void_p),
        ("user_data", c_void_p),
        ("storage_id", c_uint64),
        ("storage_nbytes", c_uint64),
        ("reserved", c_uint64),
        ("reserved2", c_uint64),
    ]


class SetOptions(Sized):
    _fields_ = [
        ("size", c_uint32),
        ("split", c_uint32),
        ("index_format", c_uint32),
        ("resume", c_uint32),
        ("max_shard_size", c_uint64),
        ("stem", c_char_p),
        ("stem_len", c_uint64),
        ("variant", c_char_p),
        ("variant_len", c_uint64),
        ("index_metadata", POINTER(MetadataEntry)),
        ("index_metadata_count", c_uint64),
        ("total_parameters", c_uint64),
    ]


class StFailure(Exception):
    def __init__(self, name, error):
        super().__init__(f"{name}: {error.message.decode()}")
        self.name = name
        self.position = error.position


class Library:
    def __init__(self, path):
        self.raw = ctypes.CDLL(path)
        self.raw.st_status_name.restype = c_char_p
        for name in ("st_file_tensor_count", "st_file_metadata_count", "st_tensor_nbytes"):
            function = getattr(self.raw, name)
            function.restype, function.argtypes = c_uint64, [c_void_p]
        self.raw.st_tensor_data.restype, self.raw.st_tensor_data.argtypes = c_void_p, [c_void_p]
        for name in ("st_close", "st_tensor_unref", "st_builder_free"):
            function = getattr(self.raw, name)
            function.restype, function.argtypes = None, [c_void_p]

    def call(self, name, *arguments):
        """Calls a function whose last parameter is an st_error."""
        error = StError()
        status = getattr(self.raw, name)(*arguments, byref(error))
        if status != error.code:
            raise AssertionError(f"{name} returned {status} and reported {error.code}")
        if status != 0:
            raise StFailure(self.raw.st_status_name(status).decode(), error)

    def open_memory(self, data, strict=False):
        """An st_file over `data`, which must outlive it."""
        file = c_void_p()
        options = OpenOptions(strictness=STRICT if strict else 0)
        buffer = c_char_p(data)
        self.call("st_open_memory", buffer, c_uint64(len(data)), None, None, byref(options), byref(file))
        return file

    def open(self, path):
        file = c_void_p()
        self.call("st_open", path.encode(), None, byref(file))
        return file

    def verdict(self, data, strict=False):
        """"ACCEPT", or the name of the status that refuses the bytes."""
        try:
            file = self.open_memory(data, strict)
        except StFailure as failure:
            return failure.name
        self.raw.st_close(file)
        return "ACCEPT"

    def tensors(self, file):
        """[(name, dtype, shape, bytes)] in file order."""
        found = []
        for index in range(self.raw.st_file_tensor_count(file)):
            info, tensor = TensorInfo(), c_void_p()
            self.call("st_file_tensor_at", file, c_uint32(0), c_uint64(index), byref(info))
            self.call("st_get_tensor_at", file, c_uint32(0), c_uint64(index), byref(tensor))
            data = ctypes.string_at(self.raw.st_tensor_data(tensor), self.raw.st_tensor_nbytes(tensor))
            self.raw.st_tensor_unref(tensor)
            name = ctypes.string_at(info.name, info.name_len).decode()
            shape = [info.shape[d] for d in range(info.rank)]
            found.append((name, DTYPES[info.dtype - 1], shape, data))
        return found

    def metadata(self, file):
        found = {}
        for index in range(self.raw.st_file_metadata_count(file)):
            entry = MetadataEntry()
            self.call("st_file_metadata_at", file, c_uint64(index), byref(entry))
            key = ctypes.string_at(entry.key, entry.key_len).decode()
            found[key] = ctypes.string_at(entry.value, entry.value_len).decode()
        return found

    def save(self, path, tensors, metadata):
        """Writes [(name, dtype, shape, bytes)]; `metadata` is a dict, or None for none at all."""
        builder = c_void_p()
        self.call("st_builder_new", byref(builder))
        try:
            for name, dtype, shape, data in tensors:
                text = name.encode()
                extents = (c_uint64 * len(shape))(*shape)
                self.call(
                    "st_builder_add", builder, text, c_uint64(len(text)), c_uint32(NUMBER_OF_DTYPE[dtype]),
                    extents, c_uint64(len(shape)), c_char_p(data), c_uint64(len(data)),
                )  # fmt: skip
            for key, value in (metadata or {}).items():
                k, v = key.encode(), value.encode()
                self.call(
                    "st_builder_add_metadata", builder, k, c_uint64(len(k)), v, c_uint64(len(v))
                )
            options = SaveOptions(metadata_form=METADATA_OBJECT if metadata is not None else 0)
            self.call("st_builder_save", builder, path.encode(), byref(options))
        finally:
            self.raw.st_builder_free(builder)
