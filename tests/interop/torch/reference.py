"""Runs scripts with the reference: the Python package safetensors with torch."""

import re

import safetensors.torch
import torch

from dtypes import FORMAT_DTYPES
from reference_workbench import Workbench
from script import unhexed

# Reasons by the message of the reference.
REASONS = {
    r"You are trying to save a sparse tensors": "sparse",
    r"\s*Some tensors share memory": "shared",
    r"You are trying to save a non contiguous tensor": "not contiguous",
    r"Error while trying to find names to remove": "incomplete",
    r"view size is not compatible": "incomparable",
    r"Cannot copy out of meta tensor": "meta",
    r"torch\.(complex128|quint8)": "dtype",
    r".*does not end up at a byte boundary": "half a byte",
    r"shape '.*' is invalid for input of size|\"fill_cpu\" not implemented|F4|F8_E8M0": "unread",
    r"No such file or directory": "not found",
    r"Error\(s\) in loading state_dict for \w+:\s+(Missing|Unexpected) key": "keys",
    r"Error\(s\) in loading state_dict for \w+:\s+Unexpected running stats": "statistics",
    r"Error\(s\) in loading state_dict for \w+:.*\tsize mismatch for": "sizes",
    r"Error\(s\) in loading state_dict for \w+:\s+While copying": "copy",
}


def reason(error):
    text = str(error.args[0]) if error.args else ""
    for pattern, why in REASONS.items():
        if re.match(pattern, text, flags=re.S):
            return why
    raise error


def values(tensor):
    """Returns the bytes of the values in the order of the elements, for any dtype."""
    item = tensor.element_size()
    as_bytes = torch.empty(0, dtype=torch.uint8).set_(
        tensor.untyped_storage(),
        tensor.storage_offset() * item,
        [*tensor.shape, item],
        [*(stride * item for stride in tensor.stride()), 1],
    )
    return as_bytes.contiguous().numpy().tobytes()


def describe(name, tensor):
    return {
        "name": name,
        "dtype": FORMAT_DTYPES[tensor.dtype],
        "shape": list(tensor.shape),
        "strides": list(tensor.stride()),
        "storage": tensor.untyped_storage().nbytes(),
        "requires_grad": tensor.requires_grad,
        "data": values(tensor).hex(),
    }


def describe_all(tensors):
    return [describe(name, tensor) for name, tensor in tensors.items()]


def save_file(answer, bench, file):
    safetensors.torch.save_file(bench.dictionary, file, bench.metadata or None)


def save(answer, bench, file):
    data = safetensors.torch.save(bench.dictionary, bench.metadata or None)
    with open(file, "wb") as out:
        out.write(data)


def save_model(answer, bench, file, force_contiguous):
    metadata = dict(bench.metadata) or None
    safetensors.torch.save_model(bench.model, file, metadata, force_contiguous == "1")


def load_file(answer, bench, file, backend):
    answer["tensors"] = describe_all(safetensors.torch.load_file(file, backend=backend))


def load(answer, bench, file, how):
    with open(file, "rb") as source:
        answer["tensors"] = describe_all(safetensors.torch.load(source.read()))


def load_model(answer, bench, file, strict):
    # The tensors of the model, with requires_grad.
    def state():
        return describe_all(bench.model.state_dict(keep_vars=True))

    answer["before"] = state()
    try:
        # A strict load reports less than one that is not strict, although it loads the same.
        missing, unexpected = safetensors.torch.load_model(bench.model, file, strict=False)
        answer["missing"] = sorted(missing)
        answer["unexpected"] = unexpected
        if strict == "1":
            safetensors.torch.load_model(bench.model, file, strict=True)
    finally:
        answer["tensors"] = state()


QUESTIONS = {
    each.__name__: each for each in (save_file, save, save_model, load_file, load, load_model)
}


def answers(lines):
    """Returns one answer, in the form of the driver, for each line that the driver answers."""
    bench = Workbench()
    for command, *words in lines:
        if command == "case":
            bench = Workbench()
        elif not bench.build(command, *words):
            answer = {}
            try:
                QUESTIONS[command](answer, bench, unhexed(words[0]).decode(), *words[1:])
            except (
                ValueError,
                RuntimeError,
                LookupError,
                OSError,
                safetensors.SafetensorError,
            ) as error:
                answer["error"] = reason(error)
                answer["text"] = str(error)
            yield answer
