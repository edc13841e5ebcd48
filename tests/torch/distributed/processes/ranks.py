"""Ranks that are processes of their own, with the Gloo backend of torch.

A rank serves requests until its group is closed, so that torch is imported once for many cases: the fork server of
multiprocessing imports it, and each rank is a fork. A rank that does not answer in HANG_SECONDS is a failure.
"""

import contextlib
import ctypes
import datetime
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import tempfile
import time
import traceback

try:
    import torch
    import torch.distributed
    from safetensors.torch import load_file, save_file  # noqa: F401

    if not torch.distributed.is_gloo_available():
        raise ImportError("torch has no Gloo")
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

HANG_SECONDS = 150
FUNCTIONS = ("placed", "load", "save", "save_alone")
PR_SET_PDEATHSIG = 1


class Module:
    """rank_module.cpp: requests are lists of lines, answers lists of words."""

    def __init__(self, path):
        library = ctypes.CDLL(path)
        self.functions = {}
        for name in FUNCTIONS:
            function = getattr(library, f"rank_{name}")
            function.restype = ctypes.c_char_p
            function.argtypes = [ctypes.c_char_p]
            self.functions[name] = function

    def call(self, name, lines):
        return self.functions[name]("\n".join(lines).encode()).decode()


def bytes_read():
    """What this process has asked the kernel to read so far, in bytes."""
    with open("/proc/self/io") as io:
        return int(io.readline().split()[1])


def serve(rank, size, store, module_path, enter, connection):
    """The main function of a rank."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    torch.set_num_threads(1)
    if enter:
        enter(rank)
    try:
        module = Module(module_path)
        torch.distributed.init_process_group(
            "gloo", init_method=store, rank=rank, world_size=size, timeout=datetime.timedelta(seconds=HANG_SECONDS)
        )
    except Exception:
        connection.send(traceback.format_exc())
        return
    groups = {"world": torch.distributed.group.WORLD.group_name}
    connection.send("OK")
    while True:
        try:
            name, request = connection.recv()
        except EOFError:
            os._exit(0)
        if name == "new_group":
            group = torch.distributed.new_group(request)
            groups["new"] = group.group_name if rank in request else ""
            connection.send("OK")
        elif name == "bytes_read":
            connection.send(bytes_read())
        elif request is None:
            connection.send(None)
        else:
            group = groups[request.get("group", "world")]
            connection.send(module.call(name, [*request["lines"], f"group {group}"]))


class Hang(Exception):
    pass


class Ranks:
    """`size` ranks of one process group. `enter` is called in each of them before anything else."""

    def __init__(self, size, module_path, scratch, store=None, enter=None):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["torch", "torch.distributed"])
        handle, path = tempfile.mkstemp(prefix="store", dir=scratch)
        os.close(handle)
        self.size = size
        self.processes = []
        self.connections = []
        for rank in range(size):
            own, other = context.Pipe()
            process = context.Process(
                target=serve,
                args=(rank, size, store or f"file://{path}", module_path, enter, other),
            )
            process.start()
            other.close()
            self.processes.append(process)
            self.connections.append(own)
        answers = self.answers()
        if answers != ["OK"] * size:
            self.close()
            raise RuntimeError(f"the ranks did not start: {answers}")

    def answers(self):
        """What each rank answers; None for one that died."""
        answers = [None] * self.size
        waiting = {connection: rank for rank, connection in enumerate(self.connections)}
        end = time.monotonic() + HANG_SECONDS
        while waiting:
            ready = multiprocessing.connection.wait(list(waiting), max(0, end - time.monotonic()))
            if not ready:
                self.close()
                raise Hang(f"ranks {sorted(waiting.values())} of {self.size} do not answer; the others: {answers}")
            for connection in ready:
                rank = waiting.pop(connection)
                with contextlib.suppress(EOFError, ConnectionResetError):
                    answers[rank] = connection.recv()
        return answers

    def call(self, name, requests):
        """Each rank calls a function of the module with its request, a list of lines or None."""
        for connection, request in zip(self.connections, requests, strict=True):
            connection.send((name, request))
        return self.answers()

    def bytes_read(self):
        return self.call("bytes_read", [None] * self.size)

    def new_group(self, members):
        self.call("new_group", [members] * self.size)

    def close(self):
        for process, connection in zip(self.processes, self.connections, strict=True):
            connection.close()
            process.kill()
            process.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Checks:
    """Counts checks, and prints those that fail."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, holds, *what):
        self.count += 1
        if not holds:
            self.failed += 1
            if self.failed <= 20:
                print("FAILED:", *what, flush=True)
        return bool(holds)

    def exit(self):
        print(f"{self.count} checks, {self.failed} failed")
        sys.exit(1 if self.failed or not self.count else 0)
