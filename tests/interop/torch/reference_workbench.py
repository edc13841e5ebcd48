"""The commands that build tensors and models, with torch in Python."""

import torch

from dtypes import TORCH_DTYPES
from script import unhexed, unlisted


LAYERS = {
    "linear": torch.nn.Linear,
    "embedding": torch.nn.Embedding,
    "batch_norm": torch.nn.BatchNorm1d,
    "instance_norm": torch.nn.InstanceNorm1d,
    "layer_norm": torch.nn.LayerNorm,
    "conv2d": torch.nn.Conv2d,
    "lstm": torch.nn.LSTM,
    "attention": torch.nn.MultiheadAttention,
}


class Workbench:
    def __init__(self):
        self.memories = {}
        self.storages = {}
        self.tensors = {}
        self.parameters = {}
        self.dictionary = {}
        self.metadata = {}
        self.model = torch.nn.Module()
        self.modules = {"": self.model}

    def build(self, command, *words):
        """Runs one line; returns False for an unknown command."""
        method = getattr(self, "_" + command, None)
        if method:
            method(*words)
        return method is not None

    def _memory(self, name, data):
        self.memories[name] = bytearray(unhexed(data))

    def _storage(self, name, memory, offset, size):
        if int(size) == 0:
            self.storages[name] = torch.UntypedStorage(0)
            return
        view = torch.frombuffer(
            self.memories[memory], dtype=torch.uint8, offset=int(offset), count=int(size)
        )
        self.storages[name] = view.untyped_storage()

    def _tensor(self, name, dtype, storage, offset, sizes, strides):
        self.tensors[name] = torch.empty(0, dtype=TORCH_DTYPES[dtype]).set_(
            self.storages[storage], int(offset), unlisted(sizes), unlisted(strides)
        )

    def _special(self, name, kind):
        make = {
            "sparse": lambda: torch.eye(3).to_sparse(),
            "csr": lambda: torch.eye(3).to_sparse_csr(),
            "meta": lambda: torch.empty((2, 3), device="meta"),
            "quantized": lambda: torch.quantize_per_tensor(torch.ones(3), 1.0, 0, torch.quint8),
            "conj": lambda: torch.complex(torch.ones(2), torch.ones(2)).conj(),
            "neg": lambda: torch._neg_view(torch.ones(2)),
        }
        self.tensors[name] = make[kind]()

    def _entry(self, name, tensor):
        self.dictionary[unhexed(name).decode()] = self.tensors[tensor]

    def _metadata(self, key, value):
        self.metadata[unhexed(key).decode()] = unhexed(value).decode()

    def _module(self, path):
        self._add_module(path, torch.nn.Module())

    def _same_module(self, path, other):
        self._add_module(path, self.modules[unhexed(other).decode()])

    def _parameter(self, path, tensor, requires_grad):
        # A tensor with several names is one parameter.
        if tensor not in self.parameters:
            self.parameters[tensor] = torch.nn.Parameter(
                self.tensors[tensor], requires_grad=bool(int(requires_grad))
            )
        parent, name = self._place(path)
        parent.register_parameter(name, self.parameters[tensor])

    def _no_parameter(self, path):
        parent, name = self._place(path)
        parent.register_parameter(name, None)

    def _buffer(self, path, tensor):
        parent, name = self._place(path)
        parent.register_buffer(name, self.tensors[tensor])

    def _layer(self, path, kind, sizes):
        self._add_module(path, LAYERS[kind](*unlisted(sizes)))

    def _fill(self, number):
        # As in the driver: values increase by one per name, in order.
        for number, (_, tensor) in enumerate(sorted(self.model.state_dict().items()), int(number)):
            values = torch.arange(number, number + tensor.numel()) % 100
            tensor.copy_(values.view(tensor.shape))

    def _jit(self, file):
        self.model = torch.jit.load(unhexed(file).decode())

    def _add_module(self, path, module):
        parent, name = self._place(path)
        parent.add_module(name, module)
        self.modules[unhexed(path).decode()] = module

    def _place(self, path):
        parent, _, name = unhexed(path).decode().rpartition(".")
        return self.modules[parent], name
