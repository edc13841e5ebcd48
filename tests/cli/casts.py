"""The casts of the command beside those of PyTorch, as bits."""

import struct

import ml_dtypes
import numpy
import torch

# dtype: (of PyTorch, of NumPy, its bits)
DTYPES = {
    "F64": (torch.float64, numpy.float64, numpy.uint64),
    "F32": (torch.float32, numpy.float32, numpy.uint32),
    "F16": (torch.float16, numpy.float16, numpy.uint16),
    "BF16": (torch.bfloat16, ml_dtypes.bfloat16, numpy.uint16),
    "F8_E4M3": (torch.float8_e4m3fn, ml_dtypes.float8_e4m3fn, numpy.uint8),
    "F8_E5M2": (torch.float8_e5m2, ml_dtypes.float8_e5m2, numpy.uint8),
}
TARGETS = ["F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"]

SIGNED = {numpy.uint64: numpy.int64, numpy.uint32: numpy.int32, numpy.uint16: numpy.int16, numpy.uint8: numpy.uint8}


def torch_tensor(bits, dtype):
    kind, _, unsigned = DTYPES[dtype]
    return torch.from_numpy(bits.view(SIGNED[unsigned])).view(kind)


def torch_bits(tensor, dtype):
    unsigned = DTYPES[dtype][2]
    signed = {8: torch.int64, 4: torch.int32, 2: torch.int16, 1: torch.uint8}[tensor.element_size()]
    return tensor.view(signed).numpy().view(unsigned)


def cast_by_torch(bits, source, target):
    """The bits of Tensor.to()."""
    return torch_bits(torch_tensor(bits, source).to(DTYPES[target][0]), target)


def has_saturation():
    """Whether this PyTorch saturates F8_E4M3; older ones give NaN."""
    return cast_by_torch(numpy.array([1e9], "f4").view("u4"), "F32", "F8_E4M3")[0] == 0x7E


def has_avx2_nan():
    """Whether this PyTorch casts NaN to BF16 as it does with AVX2; its portable code differs."""
    return cast_by_torch(numpy.full(64, 0x7FC00000, "u4"), "F32", "BF16")[0] == 0xFFFF


def write_model(path, dtype, bits):
    header = f'{{"x":{{"dtype":"{dtype}","shape":[{bits.size}],"data_offsets":[0,{bits.nbytes}]}}}}'.encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        bits.tofile(file)


def read_bits(path, dtype):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        assert f'"dtype":"{dtype}"' in file.read(length).decode()
        return numpy.fromfile(file, DTYPES[dtype][2])


def cast_by_command(command, directory, bits, source, target):
    write_model(directory / "in.safetensors", source, bits)
    command.output("cast", directory / "in.safetensors", "--to", target, "-o", directory / "out.safetensors", "--force")
    return read_bits(directory / "out.safetensors", target)


def differences(found, expected, bits, source, target):
    """Indexes of results that differ, but for what this PyTorch does differently."""
    differs = found != expected
    if target == "BF16" and (source == "F64" or not has_avx2_nan()):
        # From F64 the NaN depends on the place of the element in the tensor.
        differs &= ~numpy.isnan(bits.view(DTYPES[source][1]))
    if target == "F8_E4M3" and not has_saturation():
        with numpy.errstate(all="ignore"):
            values = bits.view(DTYPES[source][1]).astype("f4")
        differs &= ~(numpy.abs(values) > 448)
    return numpy.flatnonzero(differs)
