"""Runs the command safetensors, and writes small files for it."""

import json
import os
import pathlib
import struct
import subprocess

# What the output depends on.
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm", "HOME": "/nonexistent"} | {
    name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")
}


class Command:
    def __init__(self, program):
        self.program = str(pathlib.Path(program).resolve())

    def run(self, *arguments, cwd=None, **options):
        """The finished process, with text in stdout and stderr."""
        return subprocess.run(
            [self.program, *map(str, arguments)], cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True,
            errors="backslashreplace", timeout=300, check=False, **options,
        )

    def output(self, *arguments, code=0, **options):
        """stdout of a run that ends with this exit code."""
        done = self.run(*arguments, **options)
        assert done.returncode == code, f"{arguments}: exit code {done.returncode}, expected {code}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments, **options):
        return json.loads(self.output(*arguments, "--json", **options))


def file_bytes(tensors, metadata=None, padding=b" "):
    """A file with the tensors {name: (dtype, shape, bytes)} in this order."""
    header, data = ({} if metadata is None else {"__metadata__": metadata}), b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    return framed(json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode(), data, padding)


def framed(header, data, padding=b" ", length=None):
    header += padding * (-len(header) % 8)
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def small_model():
    """Some dtypes, layers and names that need care."""
    return {
        "model.layers.0.weight": ("F32", [2, 3], floats(0, 0.5, 1, 1.5, -2, 2.5)),
        "model.layers.0.bias": ("F32", [3], floats(1, 2, 3)),
        "model.layers.2.weight": ("F32", [2, 2], floats(1e-5, 2, 3e10, 4)),
        "model.layers.10.weight": ("F32", [1, 2], floats(7, 8)),
        "model.embed": ("BF16", [2, 2], bytes.fromhex("803f00400000c0ff")),
        "step": ("I64", [], struct.pack("<q", -42)),
        "mask": ("BOOL", [4], b"\x01\x00\x01\x01"),
        "empty": ("U8", [0, 4], b""),
    }


def hostile_names():
    return {
        "esc\x1b[31mred": ("U8", [1], b"\x01"),
        "bidi\u202egnp.exe": ("U8", [1], b"\x02"),
        "zero\u200bwidth": ("U8", [1], b"\x03"),
        "line\nfeed": ("U8", [1], b"\x04"),
        "wide\u6f22\u5b57": ("U8", [1], b"\x05"),
        "combining e\u0301": ("U8", [1], b"\x06"),
        "zalgo" + "\u0301" * 20: ("U8", [1], b"\x07"),
        'quote"back\\slash': ("U8", [1], b"\x08"),
        "emoji\U0001f600": ("U8", [1], b"\x09"),
        "tag\U000e0041": ("U8", [1], b"\x0a"),
    }


def write_small_set(directory, index=True):
    """Three shards of two tensors each."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    weight_map, total = {}, 0
    for number in range(3):
        name = f"model-{number + 1:05}-of-00003.safetensors"
        tensors = {
            f"layer.{number}.weight": ("F32", [3, 2], floats(*range(6))),
            f"layer.{number}.bias": ("F32", [2], floats(number, 1)),
        }
        (directory / name).write_bytes(file_bytes(tensors, {"format": "pt"}))
        weight_map |= dict.fromkeys(tensors, name)
        total += sum(len(content) for _, _, content in tensors.values())
    if index:
        text = json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}, indent=2)
        (directory / "model.safetensors.index.json").write_text(text)
    return directory
