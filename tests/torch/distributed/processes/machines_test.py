"""Ranks on two machines: two network namespaces that a virtual cable connects, each with a folder of its own at the
same path. READ_ONCE reads a part of the file on each of them, and sends it to the other.

Skipped where the test may not make network namespaces.

Usage: machines_test.py RANK_MODULE
"""

import contextlib
import ctypes
import os
import random
import shutil
import subprocess
import sys
import tempfile

import sets
from ranks import Checks, Ranks, load_file, torch

SIZE = 4
CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
MS_BIND = 0x1000
MS_PRIVATE_RECURSIVE = 0x44000
INTERFACE = "cable"


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def libc(name, *arguments):
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


class Machine:
    """Moves a rank to its machine."""

    def __init__(self, namespaces, folders, shared):
        self.namespaces = namespaces
        self.folders = folders
        self.shared = shared

    def __call__(self, rank):
        machine = rank * len(self.namespaces) // SIZE
        with open(f"/run/netns/{self.namespaces[machine]}") as namespace:
            libc("setns", namespace.fileno(), CLONE_NEWNET)
        libc("unshare", CLONE_NEWNS)
        libc("mount", None, b"/", None, MS_PRIVATE_RECURSIVE, None)
        libc("mount", self.folders[machine].encode(), self.shared.encode(), None, MS_BIND, None)
        os.environ["GLOO_SOCKET_IFNAME"] = INTERFACE


@contextlib.contextmanager
def two_networks():
    """The names of two network namespaces, with the addresses 10.0.0.1 and 10.0.0.2 in them."""
    names = [f"safetensors-{os.getpid()}-{machine}" for machine in range(2)]
    made = []
    try:
        try:
            for name in names:
                ip("netns", "add", name)
                made.append(name)
            peer = ["peer", "name", INTERFACE, "netns", names[1]]
            ip("link", "add", INTERFACE, "netns", names[0], "type", "veth", *peer)
            for machine, name in enumerate(names):
                ip("-n", name, "address", "add", f"10.0.0.{machine + 1}/24", "dev", INTERFACE)
                ip("-n", name, "link", "set", INTERFACE, "up")
                ip("-n", name, "link", "set", "lo", "up")
        except (OSError, subprocess.CalledProcessError) as refused:
            print("skipped: no network namespaces:", getattr(refused, "stderr", None) or refused)
            sys.exit(77)
        yield names
    finally:
        for name in made:
            ip("netns", "del", name)


def bytes_sent(namespace):
    run = subprocess.run(
        ["ip", "netns", "exec", namespace, "cat", f"/sys/class/net/{INTERFACE}/statistics/tx_bytes"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(run.stdout)


def main():
    checks = Checks()
    generator = random.Random(10)
    with tempfile.TemporaryDirectory() as scratch, two_networks() as networks:
        shared = os.path.join(scratch, "set")
        outs = os.path.join(scratch, "outs")
        folders = [os.path.join(scratch, f"machine-{machine}") for machine in range(2)]
        for folder in (shared, outs, *folders):
            os.mkdir(folder)
        tensors = sets.random_tensors(generator, 20)
        tensors["layers.large.weight"] = sets.random_tensor(generator, (4000, 1000), torch.float32)
        total = sum(tensor.nbytes for tensor in tensors.values())
        files = sets.save_shards(tensors, folders[0], 2)
        shutil.copytree(folders[0], folders[1], dirs_exist_ok=True)
        enter = Machine(networks, folders, shared)
        with Ranks(SIZE, sys.argv[1], scratch, "tcp://10.0.0.1:29500", enter) as ranks:

            def load(what, plans, mode):
                paths = [os.path.join(outs, f"{rank}") for rank in range(SIZE)]
                before = bytes_sent(networks[0])
                requests = [
                    sets.request(shared, mode, rules, out=path)
                    for (rules, _), path in zip(plans, paths, strict=True)
                ]
                answers = ranks.call("load", requests)
                sent = bytes_sent(networks[0]) - before
                for rank, answer in enumerate(answers):
                    if checks.check((answer or "").startswith("OK"), what, answer):
                        checks.check(sets.same(load_file(paths[rank]), plans[rank][1]), what, "differs on rank", rank)
                return sum(int((answer or "").split()[2]) for answer in answers), sent

            checks.check(os.listdir(shared) == [], "the folders of the machines are visible outside of them")
            replicated = [([], tensors)] * SIZE
            read, sent = load("all tensors, ReadOnce", replicated, "once")
            checks.check(total <= read <= 1.01 * total, "read", read, "of", total)
            checks.check(sent >= total // 2, "one machine sent", sent, "of", total, "bytes to the other")
            read, sent = load("all tensors, PerRank", replicated, "own")
            checks.check(SIZE * total <= read <= 1.01 * SIZE * total, "read", read, "of", SIZE * total)
            checks.check(sent < total // 10, "PerRank sent", sent, "bytes")
            for case in range(4):
                plans = [sets.random_plan(generator, tensors, rank, SIZE) for rank in range(SIZE)]
                load(f"random parts {case}", plans, "once")

            # The file of one machine is truncated: its ranks fail, and all report it.
            os.truncate(os.path.join(folders[1], files[0]), 100)
            answers = ranks.call("load", [sets.request(shared, "once")] * SIZE)
            checks.check(len(set(answers)) == 1, "a truncated file", answers)
            checks.check((answers[0] or "").startswith("ERROR ") and " rank 2: " in answers[0], "truncated", answers[0])
            checks.check(files[0] in (answers[0] or ""), "a truncated file", answers[0])
            shutil.copy(os.path.join(folders[0], files[0]), folders[1])
            load("after a truncated file", replicated, "once")
    checks.exit()


if __name__ == "__main__":
    main()
