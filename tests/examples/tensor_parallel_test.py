#!/usr/bin/env python3
"""The example of tensor parallelism with 1, 2 and 4 processes, started by hand and by torchrun.

usage: tensor_parallel_test.py PROGRAM LIBRARY SCRIPT LIBTORCH (LIBTORCH: the directory of its libraries)

torchrun is tested if this Python's PyTorch is the one that the library uses.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM, LIBRARY, SCRIPT, LIBTORCH = sys.argv[1:]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "localhost"}
RANK = re.compile(
    r"rank (\d) of (\d) \((\w+)\): has (\d+) of (\d+) bytes, read (\d+), sent (\d+), received (\d+)"
)
RESULT = re.compile(r"next token (\d+), its logit ([-\d.]+); largest difference from the whole model (\S+)")


def start(rank, size, port, arguments):
    environment = {**ENVIRONMENT, "RANK": str(rank), "WORLD_SIZE": str(size), "MASTER_PORT": str(port)}
    return subprocess.Popen(
        [PROGRAM, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def by_hand(size, *arguments):
    """The outputs, messages and exit codes of one process per rank. Rank 0 chooses the port."""
    first = start(0, size, 0, arguments)
    line = first.stdout.readline()
    assert (port := re.fullmatch(r"MASTER_PORT=(\d+)\n", line)), (line, first.communicate())
    processes = [first, *(start(rank, size, port[1], arguments) for rank in range(1, size))]
    ended = [process.communicate() for process in processes]
    return "".join(out for out, _ in ended), [err for _, err in ended], [process.returncode for process in processes]


def check(output, size, options):
    """Checks the statistics of the ranks, and returns the result."""
    print(output, end="")
    rows = {int(row[1]): row for row in RANK.finditer(output)}
    assert sorted(rows) == list(range(size)), output
    # Without the option the mode depends on the file system.
    mode = "ReadOnce" if "--read-once" in options else rows[0][3]
    assert all(int(row[2]) == size and row[3] == mode for row in rows.values()), output
    has, total, read, sent, received = (
        [int(rows[rank][field]) for rank in range(size)] for field in range(4, 9)
    )
    assert set(total) == {total[0]} and sum(has) >= total[0]
    # A process has its share, and the small tensors that every process has.
    assert all(nbytes < total[0] * (1 / size + 0.02) for nbytes in has) or size == 1, has
    assert sum(sent) == sum(received)
    if mode == "ReadOnce":
        assert sum(read) == total[0], read
        assert size == 1 or all(received)
        assert all(a + b >= c for a, b, c in zip(read, received, has))
    else:
        # Bytes between the short rows of a part are read with them.
        assert all(a <= b and (b < total[0] or size == 1) for a, b in zip(has, read)), (has, read)
        assert not any(sent)
    (result,) = RESULT.findall(output)
    assert float(result[2]) < 1e-4
    return int(result[0]), float(result[1])


def run_by_hand(results, scratch):
    models = {}
    for size in (1, 2, 4):
        directory = scratch / f"made by {size}"
        for options in ["--make"], ["--read-once"]:
            output, messages, codes = by_hand(size, directory, *options)
            assert codes == [0] * size, messages
            results.append(check(output, size, options))
        models[size] = {path.name: path.read_bytes() for path in directory.iterdir()}
    assert len(models[1]) > 2
    assert models[2] == models[1] and models[4] == models[1]


def run_torchrun(results, scratch):
    try:
        import torch
    except ImportError as error:
        return print(f"torchrun is not tested: {error}")
    own = pathlib.Path(torch.__file__).parent / "lib"
    if not LIBTORCH or not own.samefile(LIBTORCH):
        return print(f"torchrun is not tested: the library uses {LIBTORCH or 'the system'}, not {own}")
    for options in ["--make"], ["--read-once"]:
        ran = subprocess.run(
            [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", SCRIPT, LIBRARY]
            + [scratch / "made by torchrun", *options],
            env=ENVIRONMENT, capture_output=True, text=True,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        results.append(check(ran.stdout, 2, options))
    made = {path.name: path.read_bytes() for path in (scratch / "made by torchrun").iterdir()}
    assert made == {path.name: path.read_bytes() for path in (scratch / "made by 1").iterdir()}


def run_with_errors(scratch):
    output, messages, codes = by_hand(2, scratch / "none")
    assert codes == [1, 1] and all("none" in message for message in messages), messages
    output, messages, codes = by_hand(3, scratch / "made by 1")
    assert codes == [1, 1, 1] and all("2 key heads among 3" in message for message in messages), messages
    # All report the shard that only some of them read.
    shard = scratch / "made by 1" / "model-00003-of-00004.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1])
    output, messages, codes = by_hand(2, scratch / "made by 1")
    assert codes == [1, 1] and all(shard.name in message for message in messages), messages
    assert subprocess.run([PROGRAM, "--wrong"], capture_output=True).returncode == 2


def main():
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        run_by_hand(results, scratch)
        run_torchrun(results, scratch)
        run_with_errors(scratch)
    assert len({token for token, _ in results}) == 1, results
    assert max(logit for _, logit in results) - min(logit for _, logit in results) < 2e-4, results


if __name__ == "__main__":
    main()
