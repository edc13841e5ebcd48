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


def entry(dtype, shape, offsets):
    return json.dumps({"x": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}, separators=(",", ":")).encode()


def copied_as_text(length, change):
    """A file with a header of this length, changed by a copy as text."""
    data = {"x": ("U8", [40], bytes(range(7, 17)) * 2 + bytes(range(200, 220)))}
    shorter = file_bytes(data, {"n": ""})
    header = shorter[8 : 8 + struct.unpack("<Q", shorter[:8])[0]].rstrip(b" ")
    content = file_bytes(data, {"n": "." * (length - len(header))})
    assert content[:8] == struct.pack("<Q", length)
    changed = change(content)
    assert changed != content
    return changed


def crlf(content):
    return content.replace(b"\n", b"\r\n")


def latin1(content):
    return content.decode("latin1").encode()


def replaced(content):
    return content.decode("utf8", "replace").encode()


def moved(names, by):
    """The whole file with other offsets of some tensors."""
    def change(header):
        for name in names:
            header[name]["data_offsets"] = [offset + by for offset in header[name]["data_offsets"]]

    return framed(changed_header(change), DATA)


EMPTY = {"dtype": "F32", "shape": [0, 3], "data_offsets": [4, 4]}
METADATA_TWICE = HEADER.replace(b'"format":"pt"', b'"format":"pt","format":"%s"')


RESOURCE_FILE = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        " + b"\0" * 100

# Name -> bytes, the code of the first finding, whether repair writes all tensors.
FILES = {
    "nul-padded header": (without_padding(HEADER + b"\0\0\0", DATA), "nul_padding", True),
    "text after the header": (without_padding(HEADER + b"}}", DATA), "header_padding", True),
    "header length too small": (without_padding(HEADER, DATA, len(HEADER) - 2), "header_length", True),
    "header length too large": (without_padding(HEADER, DATA, len(HEADER) + 12), "header_length", True),
    **{f"padded header, {kind}": (struct.pack("<Q", length) + WHOLE[8:], "header_length", True) for kind, length in {
        "length 0": 0, "length 8 too large": LENGTH + 8, "NUL of the data within it": LENGTH + 4, "length 8 too small": LENGTH - 8,
        "length 10 too small": LENGTH - 10, "length 200,000,000": 200_000_000, "length 2^64 - 1": 2**64 - 1,
        "length big-endian": int.from_bytes(struct.pack(">Q", LENGTH), "little")}.items()},
    "padded header, length 0, the data ends with NUL": (
        framed(HEADER, DATA[:-4] + b"\0" * 4, length=0), "header_length", False),
    "padded header, length 0, the data begins with a space": (
        framed(HEADER, b" " + DATA[1:], length=0), "header_length", False),
    "header length big-endian": (struct.pack(">Q", len(HEADER)) + HEADER + DATA, "header_length", True),
    "zeros after the data": (WHOLE + b"\0" * 512, "trailing_bytes", True),
    "bytes after the data": (WHOLE + b"PK\x03\x04rest", "trailing_bytes", True),
    "gaps for alignment": (gaps(), "gap", True),
    "shared bytes": (framed(changed_header(lambda h: h.update(d=h["a"])), DATA), "overlap", True),
    "copied with other line ends": (copied_as_text(80, crlf), "text_copy", False),
    "copied with other line ends, also in the header length": (copied_as_text(2560, crlf), "text_copy", False),
    "copied as Latin-1 to UTF-8": (copied_as_text(80, latin1), "text_copy", False),
    "copied as Latin-1 to UTF-8, also the header length": (copied_as_text(152, latin1), "text_copy", False),
    "copied with replacement characters": (copied_as_text(80, replaced), "text_copy", False),
    "copied with replacement characters, also in the header length": (copied_as_text(152, replaced), "text_copy", False),
    "2 MB copied with replacement characters": (
        replaced(file_bytes({"x": ("U8", [700_000], b"\xfe\xff" * 350_000)})), "text_copy", False),
    "line feed after the data": (WHOLE + b"\n", "trailing_bytes", True),
    "data_offsets of the last tensor too small": (moved(["b"], -2), "overlap", False),
    "data_offsets of a tensor too small, a gap": (moved(["c"], -2), "gap", False),
    "same entry twice": (framed(HEADER[:-1] + b',"b":' + json.dumps(json.loads(HEADER)["b"]).encode() + b"}", DATA),
                         "duplicate", True),
    "metadata key twice": (framed(METADATA_TWICE % b"pt", DATA), "duplicate", True),
    "empty tensor in another one": (framed(changed_header(lambda h: h.update(e=EMPTY)), DATA), "overlap", True),
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
    "header length too large, the data begins with NUL": (
        without_padding(HEADER, DATA, len(HEADER) + 6), "header_length", False),
    "header length too large, NUL after the data": (
        struct.pack("<Q", LENGTH + 1) + WHOLE[8:] + b"\0" * 7, "header_length", False),
    "header length too large, no padding, NUL after the data": (
        without_padding(HEADER, DATA + b"\0", len(HEADER) + 1), "header_length", False),
    "header length too small, within the padding": (
        without_padding(HEADER + b" " * 8, DATA, len(HEADER) + 5), "header_length", False),
    "header length without the padding": (without_padding(HEADER + b" " * 8, DATA, len(HEADER)), "header_length", False),
    "header length without the padding of NUL": (
        without_padding(HEADER + b"\0" * 4, DATA, len(HEADER)), "header_length", False),
    "header length 2^64 - 1": (without_padding(HEADER + b" " * 4, DATA, 2**64 - 1), "header_length", False),
    "NUL-padded header, truncated data": (without_padding(HEADER + b"\0" * 3, DATA[:-3]), "header_length", False),
    "space-padded header, truncated data": (without_padding(HEADER + b" " * 3, DATA[:-3]), "truncated", False),
    "offsets near 2^64": (framed(entry("U8", [16], [2**64 - 20, 2**64 - 4]), b"\x01" * 8), "header", False),
    "offsets near 2^63": (framed(entry("U8", [16], [2**63 - 20, 2**63 - 4]), b"\x01" * 8), "header", False),
    "offsets whose sum exceeds 2^64": (framed(entry("U8", [0], [2**64 - 1, 2**64 - 1]), b"\x01" * 8), "header", False),
    "two data_offsets": (framed(b'{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"data_offsets":[4,8]}}',
                                b"\x01" * 10), "header", False),
    "two dtypes": (framed(HEADER.replace(b'"dtype":"F32"', b'"dtype":"F32","dtype":"F32"'), DATA), "header", False),
    "two shapes": (framed(HEADER.replace(b'"shape":[5]', b'"shape":[5],"shape":[5]'), DATA), "header", False),
    "entry that is a number": (framed(HEADER[:-1] + b',"n":5}', DATA), "header", False),
    "two __metadata__": (framed(HEADER[:-1] + b',"__metadata__":{"more":"x"}}', DATA), "header", False),
    "__metadata__ that is a number": (framed(changed_header(lambda h: h.update(__metadata__=5)), DATA), "header", False),
    "metadata entry that is a number": (
        framed(changed_header(lambda h: h["__metadata__"].update(n=5)), DATA), "header", False),
    "metadata key with two values": (framed(METADATA_TWICE % b"np", DATA), "duplicate", False),
    "127 levels of nesting, NUL after the data": (
        framed(HEADER[:-2] + b',"z":' + b"[" * 125 + b"]" * 125 + b"}}", DATA + b"\0"), "trailing_bytes", True),
    "largest number, NUL after the data": (
        framed(HEADER[:-2] + b',"z":[1.79769313486231581e308,-1e308,0e999,1e-999]}}', DATA + b"\0"),
        "trailing_bytes", True),
    "number that the reference rounds to infinity": (
        framed(HEADER[:-2] + b',"z":1.7976931348623158e308}}', DATA), "header", False),
    "number of 310 digits": (framed(HEADER[:-2] + b',"z":' + b"9" * 310 + b"}}", DATA), "header", False),
    "128 levels of nesting": (framed(HEADER[:-2] + b',"z":' + b"[" * 126 + b"]" * 126 + b"}}", DATA), "header", False),
    "number out of range": (framed(HEADER[:-2] + b',"z":1e400}}', DATA), "header", False),
    "shape with a product beyond 2^64": (
        framed(changed_header(lambda h: h.update(e=dict(EMPTY, shape=[2**40, 2**40, 0]))), DATA), "size_mismatch", False),
    "Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "lfs_pointer", False),
    "HTML page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "not_safetensors", False),
    "PyTorch file": (b"PK\x03\x04" + b"\x01" * 100, "not_safetensors", False),
    "GGUF file": (b"GGUF\x03\x00\x00\x00" + b"\x01" * 100, "not_safetensors", False),
    "resource file of macOS": (RESOURCE_FILE, "resource_file", False),
    "other bytes": (bytes(range(1, 200)), "not_safetensors", False),
}  # fmt: skip


def edit_index(directory, change):
    path = directory / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    change(index)
    path.write_text(json.dumps(index))


def assign(tensor, shard):
    return lambda directory: edit_index(directory, lambda index: index["weight_map"].__setitem__(tensor, shard))


def edit_text(old, new):
    def edit(directory):
        path = directory / INDEX
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new.replace("SHARD", shard(1)), 1))

    return edit


def rename_shard(name):
    def rename(directory):
        for number in (1, 2, 3):  # without the numbers, of which one would be missing
            target = name if number == 1 else f"{number}.safetensors"
            (directory / shard(number)).rename(directory / target)
            path = directory / INDEX
            path.write_text(path.read_text().replace(shard(number), target))

    return rename


def shard(number, count=3):
    return f"model-{number:05}-of-{count:05}.safetensors"


def remove(*names):
    return lambda directory: [(directory / name).unlink() for name in names]


def add(name, content=None):
    content = file_bytes({"x": ("U8", [1], b"\x01")}) if content is None else content
    return lambda directory: (directory / name).write_bytes(content)


def copy(source, target):
    return lambda directory: (directory / target).write_bytes((directory / source).read_bytes())


def add_copy(content, shape=(2,)):
    """Adds layer.0.bias, which the index assigns to the first shard, to the second one."""
    tensors = {"layer.1.weight": ("F32", [3, 2], floats(*range(6))), "layer.1.bias": ("F32", [2], floats(1, 1)),
               "layer.0.bias": ("F32", list(shape), content)}
    return add(shard(2), file_bytes(tensors, {"format": "pt"}))


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
    "no path is valid": (lambda d: (d / INDEX).write_text((d / INDEX).read_text().replace("model-", "./../model-")),
                         ["index_path"], ["stray", "total_size"]),
    "path leaves the directory": (assign("x", "../x.safetensors"), ["index_path"], []),
    "tensor twice in the map": (edit_text('"layer.0.bias":', '"layer.0.bias": "SHARD", "layer.0.bias":'),
                                ["duplicate"], []),
    "two maps": (edit_text('"weight_map":', '"weight_map": {"a": "SHARD"}, "weight_map":'), ["index"], []),
    "two metadata": (edit_text('"weight_map":', '"metadata": {}, "weight_map":'), ["index"], []),
    "map without tensors": (lambda d: edit_index(d, lambda i: i.update(weight_map={})), ["index"], []),
    "shard path with a drive": (assign("x", "c:x.safetensors"), ["index_path"], []),
    "shard path with a colon": (rename_shard("1:x.safetensors"), [], []),
    "shard path of the extension alone": (rename_shard(".safetensors"), [], []),
    "shard path with a long name": (assign("x", "n" * 250 + ".safetensors"), ["index_path"], []),
    "index without the extension": (lambda d: (d / INDEX).rename(d / "model.index.json"), [], []),
    "hidden file": (add(".hidden.safetensors"), [], []),
    "index is not JSON": (add(INDEX, b'{"weight_map": '), ["index"], []),
    "index without a map": (add(INDEX, b'{"metadata": {}}'), ["index"], []),
    "two indexes": (copy(INDEX, "model.safetensors.index.fp16.json"), ["ambiguous"], []),
    "whole model beside the index": (add("model.safetensors"), ["ambiguous"], []),
    "file that the index does not name": (add("extra.safetensors"), [], ["stray"]),
    "unfinished download": (add("model.safetensors.incomplete", b""), [], ["unfinished"]),
    "unfinished download of a shard": (add(shard(2) + ".aria2", b"x"), [], ["unfinished"]),
    "copy of an indexed tensor": (add_copy(floats(0, 1)), [], ["duplicate"]),
    "copy with another value": (add_copy(floats(0, 2)), ["duplicate"], []),
    "copy with another shape": (add_copy(floats(0, 1), [1, 2]), ["duplicate"], []),
    "resource files of macOS": (lambda d: (add("._model.safetensors", RESOURCE_FILE)(d),
                                           add(f"._{INDEX}", RESOURCE_FILE)(d)), [], ["resource_file"]),
    "resource file of macOS, no index": (lambda d: (add("._model.safetensors", RESOURCE_FILE)(d), remove(INDEX)(d)), [],
                                         ["no_index", "resource_file"]),
    "no index": (remove(INDEX), [], ["no_index"]),
    "no index, number missing": (remove(INDEX, shard(2)), ["missing_number"], ["no_index"]),
    "no index, two sets": (lambda d: (remove(INDEX)(d), add(shard(1, 2))(d)), ["mixed_sets"], ["no_index"]),
    "no index, a file without a number": (lambda d: (remove(INDEX)(d), add("adapter_model.safetensors")(d)), [],
                                          ["ambiguous"]),
    "no index, number of a larger set": (lambda d: (remove(INDEX)(d), (d / shard(3)).rename(d / shard(3, 4))),
                                         ["mixed_sets"], ["no_index"]),
    "tensor of a truncated shard in no shard": (lambda d: (assign("absent", shard(3))(d), truncate(d)),
                                                ["missing_tensor", "truncated"], []),
    "distributed checkpoint": (lambda d: (remove(INDEX, shard(3))(d), [
        add(shard(n), file_bytes({"x": ("U8", [1], b"x")}, {"DCP_SHARDING_INFO": "{}"}))(d) for n in (1, 2)]),
        ["distributed"], []),
    "index of other files": (lambda d: (d / INDEX).write_text((d / INDEX).read_text().replace("-of-00003", "-of-00030")),
                             ["missing_shard"], []),
    "no index, same names": (lambda d: (remove(INDEX)(d), copy(shard(1), shard(2))(d)), ["duplicate"], ["no_index"]),
}  # fmt: skip


def write_set(directory, name):
    directory = write_small_set(pathlib.Path(directory, name.replace(" ", "_")))
    SETS[name][0](directory)
    return directory
