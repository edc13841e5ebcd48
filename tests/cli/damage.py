"""Damaged files and sets, as public reports describe them, with the codes of check and the repairs."""

import json
import pathlib
import struct

from command import file_bytes, floats, framed, write_small_set

TENSORS = {
    "a": ("F32", [2, 3], floats(0, 1, 2, 3, 4, 5)),
    "c": ("I64", [2], struct.pack("<2q", 7, 8)),
    "b": ("U8", [5], b"\x01\x02\x03\x04\x05"),
}
WHOLE = file_bytes(TENSORS, {"format": "pt"})
LENGTH = struct.unpack("<Q", WHOLE[:8])[0]
HEADER, DATA = WHOLE[8 : 8 + LENGTH].rstrip(b" "), WHOLE[8 + LENGTH :]


def changed_header(change):
    header = json.loads(HEADER)
    change(header)
    return json.dumps(header, separators=(",", ":")).encode()


def gaps():
    header, data = json.loads(HEADER), b""
    for name in ("b", "a", "c"):
        begin, end = header[name]["data_offsets"]
        data += b"\0" * (-len(data) % 64)
        header[name]["data_offsets"] = [len(data), len(data) + end - begin]
        data += DATA[begin:end]
    return framed(json.dumps(header, separators=(",", ":")).encode(), data)


def set_field(name, field, value):
    return framed(changed_header(lambda header: header[name].__setitem__(field, value)), DATA)


def without_padding(header, data, length=None):
    return struct.pack("<Q", len(header) if length is None else length) + header + data


# Name -> bytes, the code of the first finding, whether repair writes all tensors.
FILES = {
    "nul-padded header": (without_padding(HEADER + b"\0\0\0", DATA), "nul_padding", True),
    "text after the header": (without_padding(HEADER + b"}}", DATA), "header_padding", True),
    "header length too small": (without_padding(HEADER, DATA, len(HEADER) - 2), "header_length", True),
    "header length too large": (without_padding(HEADER, DATA, len(HEADER) + 6), "header_length", True),
    "header length big-endian": (struct.pack(">Q", len(HEADER)) + HEADER + DATA, "header_length", True),
    "zeros after the data": (WHOLE + b"\0" * 512, "trailing_bytes", True),
    "bytes after the data": (WHOLE + b"PK\x03\x04rest", "trailing_bytes", True),
    "gaps for alignment": (gaps(), "gap", True),
    "shared bytes": (framed(changed_header(lambda h: h.update(d=h["a"])), DATA), "overlap", True),
    "same entry twice": (framed(HEADER[:-1] + b',"b":' + json.dumps(json.loads(HEADER)["b"]).encode() + b"}", DATA),
                         "duplicate", True),
    "metadata without tensors": (without_padding(b'{},"__metadata__":{"key":"value"}}  ', b""), "broken_empty", True),
    "truncated data": (WHOLE[:-9], "truncated", False),
    "truncated header": (WHOLE[:40], "truncated", False),
    "less than the length": (WHOLE[:5], "truncated", False),
    "empty file": (b"", "empty", False),
    "only zeros": (b"\0" * 4096, "zeros", False),
    "unknown dtype": (set_field("a", "dtype", "F99"), "dtype", False),
    "wrong shape": (set_field("a", "shape", [2, 4]), "size_mismatch", False),
    "damaged header": (framed(HEADER.replace(b'"shape"', b'"sh\x00pe"', 1), DATA), "header", False),
    "two tensors with one name": (framed(HEADER[:-1] + b',"b":' + json.dumps(json.loads(HEADER)["a"]).encode() + b"}",
                                         DATA), "duplicate", False),
    "Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "lfs_pointer", False),
    "HTML page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "not_safetensors", False),
    "PyTorch file": (b"PK\x03\x04" + b"\x01" * 100, "not_safetensors", False),
    "GGUF file": (b"GGUF\x03\x00\x00\x00" + b"\x01" * 100, "not_safetensors", False),
    "other bytes": (bytes(range(1, 200)), "not_safetensors", False),
}  # fmt: skip


def edit_index(directory, change):
    path = directory / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    change(index)
    path.write_text(json.dumps(index))


def assign(tensor, shard):
    return lambda directory: edit_index(directory, lambda index: index["weight_map"].__setitem__(tensor, shard))


def shard(number, count=3):
    return f"model-{number:05}-of-{count:05}.safetensors"


def remove(*names):
    return lambda directory: [(directory / name).unlink() for name in names]


def add(name, content=None):
    content = file_bytes({"x": ("U8", [1], b"\x01")}) if content is None else content
    return lambda directory: (directory / name).write_bytes(content)


def copy(source, target):
    return lambda directory: (directory / target).write_bytes((directory / source).read_bytes())


def truncate(directory):
    path = directory / shard(3)
    path.write_bytes(path.read_bytes()[:-3])


INDEX = "model.safetensors.index.json"

# Name -> change of a valid set, the codes of all faults, the codes of all warnings.
SETS = {
    "complete": (lambda directory: None, [], []),
    "shard missing": (remove(shard(2)), ["missing_shard"], []),
    "shard truncated": (truncate, ["truncated"], []),
    "shard is an LFS pointer": (add(shard(1), FILES["Git LFS pointer"][0]), ["lfs_pointer"], []),
    "tensor in no shard": (assign("absent", shard(1)), ["missing_tensor"], []),
    "tensor in another shard": (assign("layer.0.bias", shard(2)), ["misplaced_tensor"], ["duplicate"]),
    "tensor not in the index": (lambda d: edit_index(d, lambda i: i["weight_map"].pop("layer.0.bias")), [],
                                ["unlisted_tensor", "total_size"]),
    "wrong total size": (lambda d: edit_index(d, lambda i: i["metadata"].update(total_size=5)), [], ["total_size"]),
    "path leaves the directory": (assign("x", "../x.safetensors"), ["index_path"], []),
    "index is not JSON": (add(INDEX, b'{"weight_map": '), ["index"], ["no_index"]),
    "index without a map": (add(INDEX, b'{"metadata": {}}'), ["index"], ["no_index"]),
    "two indexes": (copy(INDEX, "model.safetensors.index.fp16.json"), ["ambiguous"], []),
    "whole model beside the index": (add("model.safetensors"), ["ambiguous"], []),
    "file that the index does not name": (add("extra.safetensors"), [], ["stray"]),
    "unfinished download": (add("model.safetensors.incomplete", b""), [], ["unfinished"]),
    "no index": (remove(INDEX), [], ["no_index"]),
    "no index, number missing": (remove(INDEX, shard(2)), ["missing_number"], ["no_index"]),
    "no index, two sets": (lambda d: (remove(INDEX)(d), add(shard(1, 2))(d)), ["mixed_sets"], ["no_index"]),
    "no index, same names": (lambda d: (remove(INDEX)(d), copy(shard(1), shard(2))(d)), ["duplicate"], ["no_index"]),
}  # fmt: skip


def write_set(directory, name):
    directory = write_small_set(pathlib.Path(directory, name.replace(" ", "_")))
    SETS[name][0](directory)
    return directory
