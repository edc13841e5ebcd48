"""Reads a file, shows what it has, and writes another one: example.py INPUT OUTPUT"""

import sys

import numpy as np

import libsafetensors


def main(source, output):
    with libsafetensors.open(source) as file:
        print(f"{source}: {len(file)} tensors")
        for key, value in file.metadata.items():
            print(f"{key} = {value}")
        for info in file.infos():
            print(f"{info.name} {info.dtype} {list(info.shape)} {info.nbytes} bytes")

        weight = file["weight"].numpy()
        bias = np.empty(3, np.float32)
        file.read("bias", out=bias)
        part = file.read_slice("weight", np.s_[0:2, 1:3])
        try:
            file["absent"]
        except libsafetensors.TensorNotFoundError as error:
            absent = error

    print(f"weight[1][2] = {weight[1, 2]:g}")
    print("bias =", *(f"{value:g}" for value in bias))
    print("slice =", *(f"{value:g}" for value in part.flat))
    for attempt in (
        lambda: libsafetensors.open(source + ".missing"),
        lambda: libsafetensors.open_memory(b"x" * 16),
    ):
        try:
            attempt()
        except libsafetensors.SafetensorsError as error:
            print(f"{error.status_name}: {error}")
    print(f"{absent.status_name}: {absent}")

    libsafetensors.save(output, {"bias": bias, "doubled": 2 * weight}, {"format": "pt"})
    print(f"wrote {output}")


if __name__ == "__main__":
    main(*sys.argv[1:])
