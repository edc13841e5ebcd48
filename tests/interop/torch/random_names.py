"""Random names: any UTF-8 text, with many characters that are special in JSON or in sorting."""

import torch

WORDS = [
    "weight",
    "bias",
    "layer.0",
    "encoder.layers.12.attn",
    "a",
    "b",
    "A",
    "0",
    "10",
    "9",
    "x.y",
]
AWKWARD = [
    "\0", "\x01", "\t", "\n", "\r", "\x1b", "\x1f", "\x7f", "\x80", "\x9f", '"', "\\", "/", "\\u0041",
    "{", "}", "[", ",", ":", " ", "'", "`", "é", "e\u0301", "ß", "Ж", "中", "\u200b", "\u200f", "\u2028",
    "\ufeff", "\ufffd", "\uffff", "\ud7ff", "\ue000", "\U00010000", "😀", "𝔘", "\U0010ffff",
]  # fmt: skip


def random_text(rng):
    parts = []
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        kind = rng.random()
        if kind < 0.4:
            parts.append(rng.choice(WORDS))
        elif kind < 0.8:
            parts.append(rng.choice(AWKWARD))
        else:
            parts.append(chr(rng.choice([rng.randrange(0xD800), rng.randrange(0xE000, 0x110000)])))
    return "".join(parts)


def random_name(rng, taken=()):
    """Returns a name of a tensor in a file: it can be empty and have any character."""
    while True:
        name = "" if rng.random() < 0.02 else random_text(rng) * (40 if rng.random() < 0.02 else 1)
        if name != "__metadata__" and name not in taken:
            return name


def random_part(rng, taken=()):
    """Returns a name that a module accepts: not empty and without a dot."""
    while True:
        name = random_text(rng).replace(".", "_")
        if name and name not in taken and not hasattr(torch.nn.Module(), name):
            return name
