#!/usr/bin/env python3
"""Compares the module of the embed example, with random weights, with the same model in Python: bert_test.py TINY_BERT

The file has the names of Hugging Face's BERT; what the network does is written down here once more, in plain
operations of torch and in float64."""

import math
import os
import subprocess
import sys
import tempfile

try:
    import torch
    from safetensors.torch import load_file, save_file
except ImportError as error:
    print(f"this Python lacks the reference: {error}")
    sys.exit(77)

# As in tiny_bert.cpp.
VOCABULARY, POSITIONS, SEGMENTS, WIDTH, HEADS, INNER, LAYERS = 50, 16, 2, 24, 4, 40, 3


def random_weights(prefix):
    weights = {}

    def add(name, *shape):
        weights[prefix + name] = torch.randn(shape, dtype=torch.float64) * 0.3

    def add_linear(name, inner, outer):
        add(name + ".weight", outer, inner)
        add(name + ".bias", outer)

    def add_norm(name):
        add(name + ".LayerNorm.weight", WIDTH)
        add(name + ".LayerNorm.bias", WIDTH)

    add("embeddings.word_embeddings.weight", VOCABULARY, WIDTH)
    add("embeddings.position_embeddings.weight", POSITIONS, WIDTH)
    add("embeddings.token_type_embeddings.weight", SEGMENTS, WIDTH)
    add_norm("embeddings")
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}."
        for part in ("query", "key", "value"):
            add_linear(f"{layer}attention.self.{part}", WIDTH, WIDTH)
        add_linear(layer + "attention.output.dense", WIDTH, WIDTH)
        add_norm(layer + "attention.output")
        add_linear(layer + "intermediate.dense", WIDTH, INNER)
        add_linear(layer + "output.dense", INNER, WIDTH)
        add_norm(layer + "output")
    return weights


def vectors(weights, prefix, ids, mask):
    """Maps ids of shape [texts, tokens] to [texts, WIDTH]."""

    def weight(name):
        return weights[prefix + name]

    def linear(name, x):
        return x @ weight(name + ".weight").T + weight(name + ".bias")

    def norm(name, x):
        x = x - x.mean(-1, keepdim=True)
        x = x / (x.pow(2).mean(-1, keepdim=True) + 1e-12).sqrt()
        return x * weight(name + ".LayerNorm.weight") + weight(name + ".LayerNorm.bias")

    def attention(layer, x):
        def heads(part):
            return (
                linear(f"{layer}attention.self.{part}", x)
                .unflatten(-1, (HEADS, -1))
                .transpose(1, 2)
            )

        scores = heads("query") @ heads("key").transpose(2, 3) / math.sqrt(WIDTH / HEADS)
        scores = scores.masked_fill(~mask[:, None, None, :], -math.inf)
        return (scores.softmax(-1) @ heads("value")).transpose(1, 2).flatten(2)

    x = weight("embeddings.word_embeddings.weight")[ids]
    x = x + weight("embeddings.position_embeddings.weight")[: ids.shape[1]]
    x = norm("embeddings", x + weight("embeddings.token_type_embeddings.weight")[0])
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}."
        x = norm(
            layer + "attention.output",
            x + linear(layer + "attention.output.dense", attention(layer, x)),
        )
        inner = linear(layer + "intermediate.dense", x)
        inner = inner * 0.5 * (1 + torch.erf(inner / math.sqrt(2)))
        x = norm(layer + "output", x + linear(layer + "output.dense", inner))
    mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return mean / mean.norm(dim=1, keepdim=True)


def check(program, folder, prefix, dtype, tolerance):
    """Saves the weights as `dtype`; the module converts them to float32."""
    weights = {name: weight.to(dtype) for name, weight in random_weights(prefix).items()}
    lengths = torch.tensor([9, 1, 16, 4])
    ids = torch.randint(VOCABULARY, (4, POSITIONS))
    mask = torch.arange(POSITIONS)[None] < lengths[:, None]
    paths = [os.path.join(folder, name) for name in ("model", "input", "output")]
    save_file(weights, paths[0])
    save_file({"ids": ids, "mask": mask}, paths[1])
    subprocess.run([program, *paths], check=True)
    expected = vectors(
        {name: weight.double() for name, weight in weights.items()}, prefix, ids, mask
    )
    worst = (load_file(paths[2])["vectors"].double() - expected).abs().max().item()
    print(f"prefix {prefix!r}, {dtype}: largest difference {worst:.1e}")
    assert worst < tolerance


torch.manual_seed(1)
with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
    check(sys.argv[1], folder, "", torch.float32, 5e-6)
    check(sys.argv[1], folder, "bert.", torch.float32, 5e-6)
    check(sys.argv[1], folder, "", torch.bfloat16, 5e-6)
    check(sys.argv[1], folder, "", torch.float64, 5e-6)
