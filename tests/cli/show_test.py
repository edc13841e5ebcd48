#!/usr/bin/env python3
"""Values and slices beside NumPy: show_test.py COMMAND [SEED...]

show prints what str() of the sliced array prints, and --npy and --raw write its bytes.
"""

import io
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    from safetensors.numpy import save_file
except ImportError:
    print("skipped: this Python lacks the package numpy or safetensors")
    sys.exit(77)

from command import Command, file_bytes

KINDS = [numpy.dtype(name) for name in "f8 f4 f2 c8 b1 u1 i1 u2 i2 u4 i4 u8 i8".split()]


def random_floats(source, dtype, shape):
    kind = source.integers(0, 9)
    if kind == 0:
        return source.normal(size=shape)
    if kind == 1:
        return source.normal(size=shape) * 10.0 ** source.integers(-8, 8)
    if kind == 2:
        return numpy.exp(source.normal(size=shape) * source.integers(1, 10))
    if kind == 3:
        return source.integers(-5, 5, size=shape)
    if kind == 4:
        return numpy.frombuffer(source.bytes(int(numpy.prod(shape)) * dtype.itemsize), dtype=dtype).reshape(shape)
    if kind == 5:
        return numpy.round(source.normal(size=shape), 3)
    if kind == 6:
        special = source.choice([numpy.nan, numpy.inf, -numpy.inf], size=shape)
        return numpy.where(source.random(shape) < 0.3, special, source.normal(size=shape))
    if kind == 7:
        return numpy.zeros(shape)
    return source.random(shape) * 10.0 ** source.integers(0, 6)


def random_array(source, dtype, shape):
    with numpy.errstate(all="ignore"):
        if dtype.kind == "f":
            return numpy.asarray(random_floats(source, dtype, shape)).astype(dtype)
        if dtype.kind == "c":
            parts = [numpy.asarray(random_floats(source, numpy.dtype("f4"), shape)).astype("f4") for _ in "ri"]
            array = numpy.empty(shape, dtype)
            array.real, array.imag = parts
            return array
    if dtype.kind == "b":
        return numpy.asarray(source.random(shape) < 0.5)
    limits = numpy.iinfo(dtype)
    if source.integers(0, 2):
        return numpy.asarray(source.integers(max(limits.min, -100), 100, size=shape)).astype(dtype)
    return numpy.asarray(source.integers(limits.min, limits.max, size=shape, dtype=dtype, endpoint=True))


def random_shape(source):
    choice = source.integers(0, 10)
    if choice == 0:
        return (int(source.integers(900, 3000)),)
    if choice == 1:
        return (40, 50)
    rank = int(source.choice([0, 1, 1, 2, 2, 3, 4]))
    return tuple(int(extent) for extent in source.choice([0, 1, 2, 3, 5, 7, 9, 40], size=rank))


def random_slice(source, shape):
    """A slice as text, and as NumPy takes it."""
    texts, parts = [], []
    for extent in shape[: source.integers(1, len(shape) + 1)]:
        if extent > 0 and source.integers(0, 3) == 0:
            parts.append(int(source.integers(-extent, extent)))
            texts.append(str(parts[-1]))
            continue
        start, stop = (None if source.integers(0, 2) else int(source.integers(-extent - 2, extent + 3)) for _ in "ab")
        step = source.choice([None, None, 1, 2, 3, -1, -2])
        parts.append(slice(start, stop, step))
        texts.append(":".join("" if part is None else str(part) for part in (start, stop)))
        if step is not None:
            texts[-1] += f":{step}"
    return f"[{', '.join(texts)}]", tuple(parts)


def check_random_arrays(command, path, seed):
    source = numpy.random.default_rng(seed)
    arrays = {f"t{i}": random_array(source, KINDS[source.integers(0, len(KINDS))], random_shape(source)) for i in range(300)}
    save_file(arrays, path)
    names, expected = [], []
    for name, array in arrays.items():
        names.append(name)
        expected.append(array)
        if array.ndim:
            text, parts = random_slice(source, array.shape)
            names.append(name + text)
            expected.append(numpy.asarray(array[parts]))
    rest = command.output("show", path, *names)
    for name, array in zip(names, expected):
        title, _, rest = rest.partition("\n")
        assert title.startswith(name.split("[")[0] + "  "), f"{title!r} for {name}"
        text = str(array if array.ndim else array[()]) + "\n"
        assert rest.startswith(text), f"{name} {array.dtype}: expected\n{text}\nfound\n{rest[: len(text) + 100]}"
        rest = rest[len(text) :]
    assert rest == ""
    for name, array in list(zip(names, expected))[::7]:
        written = subprocess.run([command.program, "show", path, name, "--npy"], capture_output=True, check=True).stdout
        loaded = numpy.load(io.BytesIO(written))
        assert loaded.dtype == array.dtype and loaded.shape == array.shape, name
        assert loaded.tobytes() == array.tobytes(), name
        assert (len(written) - array.nbytes) % 64 == 0, f"{name}: the elements are not aligned"
        raw = subprocess.run([command.program, "show", path, name, "--raw"], capture_output=True, check=True).stdout
        assert raw == array.tobytes(), name
    return len(names)


def check_all_halves(command, path):
    """The shortest digits of all F16 values."""
    halves = numpy.arange(1 << 16, dtype=numpy.uint16).view(numpy.float16)
    save_file({"a": halves}, path)
    text = command.output("show", path, "a", "--json")
    values = text[text.index('"values": [') + 11 : text.rindex("]}")].split(", ")
    names = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
    for half, found in zip(halves, values, strict=True):
        expected = str(half)
        assert found == names.get(expected, expected), f"{found} instead of {expected}"


def check_small_floats(command, path):
    """Every value of the dtypes of at most 8 bits, read again, is the value of its bits."""
    tables = {
        "F8_E5M2": numpy.arange(256, dtype=numpy.uint16).__lshift__(8).astype(numpy.uint16).view(numpy.float16),
        "F4": numpy.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]),
    }
    tensors = {
        "F8_E5M2": ("F8_E5M2", [256], bytes(range(256))),
        "F4": ("F4", [16], bytes(low | (low + 1) << 4 for low in range(0, 16, 2))),
    }
    pathlib.Path(path).write_bytes(file_bytes(tensors))
    shown = json.loads(command.output("show", path, *tensors, "--json"))["tensors"]
    for tensor in shown:
        found = [float(str(value).replace("Infinity", "inf")) for value in tensor["values"]]
        expected = tables[tensor["dtype"]]
        assert len(found) == len(expected)
        for a, b in zip(found, expected):
            assert a == b or (a != a and b != b), f"{tensor['dtype']}: {a} instead of {b}"


def check_errors_come_first(command, path):
    """An argument that is wrong leaves stdout empty, whatever comes before it."""
    tensors = {
        "a": ("U8", [40000], bytes(40000)),
        "deep": ("U8", [1] * 65, b"x"),
        "large": ("U8", [2500, 2500], bytes(6250000)),
    }  # fmt: skip
    pathlib.Path(path).write_bytes(file_bytes(tensors))
    for options in ([], ["--json"], ["--full"]):
        for wrong in ("absent", "a[0, 0]", "a[::0]", "deep", "large"):
            if wrong == "large" and options != ["--full"]:
                continue
            done = command.run("show", path, "a", wrong, *options)
            assert done.returncode == 2 and done.stdout == "", f"{options} {wrong}: {done.returncode}, {done.stdout[:80]}"


def main():
    command, seeds = Command(sys.argv[1]), [int(seed) for seed in sys.argv[2:]] or [1, 2]
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/arrays.safetensors"
        counts = [check_random_arrays(command, path, seed) for seed in seeds]
        check_all_halves(command, path)
        check_small_floats(command, path)
        check_errors_come_first(command, path)
    print(f"{sum(counts)} slices of random arrays, all halves")
    return 0


if __name__ == "__main__":
    sys.exit(main())
