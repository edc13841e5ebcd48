#!/usr/bin/env python3
"""Costs of loading by several processes: measured on this machine, simulated for larger ones.

Usage: distributed_scale.py measure MODULE [ROUNDS]   measures 2, 4 and 8 ranks on this machine, and prints them beside
                                                      the simulation, whose costs are those of 4 ranks
       distributed_scale.py simulate                  prints the tables of scale.md

The simulation goes through the rounds of ReadOnce as the library does: a rank reads a chunk while the messages of the
chunk before it are exchanged, with three slabs to send and two to receive. Bandwidth is shared by the ranks of a node,
and by all of them. It does not know contention of messages in a network, nor variance among disks.
"""

import dataclasses
import functools
import pathlib
import sys
import tempfile

import distributed

GB = 1e9
SENT_SLABS, RECEIVED_SLABS = 3, 2
SMALLEST_CHUNK, FEWEST_ROUNDS = 1 << 20, 64


@dataclasses.dataclass
class Machine:
    """Nodes of equal ranks. Rates in bytes a second, times in seconds."""
    ranks: int
    ranks_per_node: int
    node_read: float           # storage to one node
    total_read: float          # storage to all nodes
    request: float             # from a request to its first byte
    node_network: float        # between nodes, of one node
    collective: float          # latency of a collective, for each doubling of the ranks
    read_cpu: float            # CPU seconds for a byte that is read to its tensor
    exchange_cpu: float        # CPU seconds for a byte that is received from another rank
    cores: float               # of a node, for all of its ranks
    call: float = 0.0          # a load of an empty file
    call_of_rank: float = 0.0  # the same, for each rank
    staging: float = 256 << 20

    @property
    def nodes(self):
        return max(1, self.ranks // self.ranks_per_node)

    def collectives(self, count):
        return count * self.collective * max(1, self.ranks).bit_length()

    def empty(self, collectives):
        return self.call + self.ranks * self.call_of_rank + self.collectives(collectives)

    def cpu(self, seconds_of_a_rank):
        """The time of work that each rank of a node has."""
        return seconds_of_a_rank * max(1.0, self.ranks_per_node / self.cores)


@dataclasses.dataclass
class Load:
    nbytes: float              # of the model
    replicas: float            # the ranks that need each byte
    node_replicas: float       # those of one node, on average over the nodes that have any


def per_rank(machine, load):
    """Each rank reads its part; the page cache of a node serves its other ranks."""
    part = load.nbytes * load.replicas / machine.ranks
    node = load.nbytes * load.replicas / load.node_replicas / machine.nodes
    transfer = max(node / machine.node_read, node * machine.nodes / machine.total_read)
    return machine.empty(5) + max(transfer + machine.request, machine.cpu(part * machine.read_cpu))


def read_once(machine, load):
    ranks = machine.ranks
    budget = machine.staging / (SENT_SLABS * (ranks + 1) + RECEIVED_SLABS * ranks)
    chunk = min(budget, max(SMALLEST_CHUNK, load.nbytes / ranks / FEWEST_ROUNDS))
    rounds = max(1, round(load.nbytes / ranks / chunk))
    chunk = load.nbytes / ranks / rounds
    received = chunk * load.replicas * (1 - 1 / ranks)  # from others
    between_nodes = chunk * load.replicas * (1 - 1 / machine.nodes)
    read = max(machine.ranks_per_node * chunk / machine.node_read, ranks * chunk / machine.total_read)
    read = max(read, machine.cpu(chunk * machine.read_cpu))
    exchange = max(machine.ranks_per_node * between_nodes / machine.node_network,
                   machine.cpu(received * machine.exchange_cpu)) + machine.collectives(1)
    read_end, exchange_end = [], []
    for k in range(rounds):
        begin = read_end[k - 1] if k else machine.request
        if k >= SENT_SLABS:
            begin = max(begin, exchange_end[k - SENT_SLABS])
        read_end.append(begin + read)
        exchange_end.append(max(read_end[k], exchange_end[k - 1] if k else 0) + exchange)
    # Reading and exchanging share the cores.
    work = machine.cpu(rounds * (chunk * machine.read_cpu + received * machine.exchange_cpu))
    return machine.empty(10) + max(exchange_end[-1], work)


# ---- Measured on this machine ---------------------------------------------------------------------------------------

def measured_points(module, rounds, folder):
    """Median seconds by number of ranks and case, and the bytes of the set."""
    distributed.write_set(folder / "set", 400)
    distributed.write_set(folder / "tiny", 0, rows=64)
    path, tiny = str(folder / "set"), str(folder / "tiny")
    own, once = distributed.PER_RANK, distributed.READ_ONCE
    cases = {"tiny": (tiny, 0, own), "rows": (path, 0, own), "columns": (path, 1, own), "all": (path, -1, once),
             "once rows": (path, 0, once)}
    points = {}
    for size in [2, 4, 8]:
        ranks = distributed.Ranks(module, size, folder, 2 * 400_000_000 // size)
        try:
            actions = {name: functools.partial(ranks.run, "library", path=where, dim=dim, mode=mode)
                       for name, (where, dim, mode) in cases.items()}
            points[size] = {name: seconds for name, (seconds, _) in distributed.medians(rounds, actions).items()}
        finally:
            ranks.close()
    return points, sum(path.stat().st_size for path in (folder / "set").glob("*.safetensors"))


def solve(function, wanted, largest):
    """The argument from 0 to `largest` for which an increasing function has the wanted value."""
    low, high = 0.0, largest
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < wanted else (low, middle)
    return low


def fitted_machine(points, nbytes, cores):
    """The costs that give the times of 4 ranks, and of the smallest load on 2 and 8."""
    machine = Machine(ranks=4, ranks_per_node=4, node_read=1e15, total_read=1e15, request=0, node_network=1e15,
                      collective=0, read_cpu=0, exchange_cpu=0, cores=cores)
    machine.call_of_rank = max(0.0, (points[8]["tiny"] - points[2]["tiny"]) / 6)
    machine.call = max(0.0, points[4]["tiny"] - 4 * machine.call_of_rank)

    def with_cost(name, function, load):
        return lambda cost: function(dataclasses.replace(machine, **{name: cost}), load)

    parts, replicas = Load(nbytes, 1, 1), Load(nbytes, 4, 4)
    machine.read_cpu = solve(with_cost("read_cpu", per_rank, parts), points[4]["rows"], 1e-7)
    for _ in range(30):
        machine.exchange_cpu = solve(with_cost("exchange_cpu", read_once, replicas), points[4]["all"], 1e-7)
        machine.collective = solve(with_cost("collective", read_once, parts), points[4]["once rows"], 1.0)
    return machine


def measure(module, rounds):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "set").mkdir()
        (folder / "tiny").mkdir()
        points, nbytes = measured_points(module, rounds, folder)
    compare(points, nbytes)


def compare(points, nbytes):
    machine = fitted_machine(points, nbytes, cores=2)
    print(f"a load of an empty file {machine.call * 1e3:.1f} ms and {machine.call_of_rank * 1e3:.2f} ms for each rank,")
    print(f"a round {machine.collective * 1e3:.2f} ms for each doubling of the ranks, a byte read {machine.read_cpu * 1e9:.2f} ns")
    print(f"and a byte received from another rank {machine.exchange_cpu * 1e9:.2f} ns of CPU time")
    print(f"{nbytes / 1e6:.0f} MB: seconds measured / simulated")
    print("| ranks | empty file | PerRank, rows | ReadOnce, rows | ReadOnce, all | PerRank, columns |")
    print("|---|---|---|---|---|---|")
    for size, point in points.items():
        own = dataclasses.replace(machine, ranks=size, ranks_per_node=size)
        simulated = {"tiny": own.empty(0), "rows": per_rank(own, Load(nbytes, 1, 1)),
                     "once rows": read_once(own, Load(nbytes, 1, 1)), "all": read_once(own, Load(nbytes, size, size))}
        cells = [f"{point[name]:.3f} / {seconds:.3f}" for name, seconds in simulated.items()]
        print(f"| {size} | " + " | ".join(cells) + f" | {point['columns']:.3f} |")


# ---- Simulated ------------------------------------------------------------------------------------------------------

# One node has 8 ranks and 64 cores. Costs of a byte and of a collective: see scale.md.
STORAGE = {
    "NVMe in each node": dict(node_read=6 * GB, total_read=1e15, request=100e-6),
    "NFS": dict(node_read=1.5 * GB, total_read=5 * GB, request=1e-3),
    "Lustre": dict(node_read=5 * GB, total_read=100 * GB, request=1e-3),
    "object store": dict(node_read=3 * GB, total_read=50 * GB, request=30e-3),
}


def simulated_machine(ranks, storage):
    return Machine(ranks=ranks, ranks_per_node=8, node_network=40 * GB, collective=20e-6, read_cpu=0.3e-9,
                   exchange_cpu=0.3e-9, cores=64, call=0.01, **storage)


def simulate():
    model = 140 * GB
    print("| storage | ranks | parts | PerRank | ReadOnce |")
    print("|---|---|---|---|---|")
    for name, storage in STORAGE.items():
        for ranks in [64, 512]:
            machine = simulated_machine(ranks, storage)
            loads = {
                "TP 8 in each node": Load(model, machine.nodes, 1),
                "all on every rank": Load(model, ranks, 8),
                "FSDP over all": Load(model, 1, 1),
            }
            for parts, load in loads.items():
                a, b = per_rank(machine, load), read_once(machine, load)
                best = [f"**{a:.1f} s**", f"{b:.1f} s"] if a <= b else [f"{a:.1f} s", f"**{b:.1f} s**"]
                print(f"| {name} | {ranks} | {parts} | {best[0]} | {best[1]} |")


def main():
    if sys.argv[1:2] == ["simulate"]:
        simulate()
    elif sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 5)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
