"""How many workers a cluster has room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srgan.errors import UsageError

CORES = 1
"""Processor cores of a worker. Two workers with a core each are faster than one with both
(benchmarks/scaling.py); larger computers were not measured."""

MEMORY = 2**30
"""Bytes that Ray sets aside for a worker: Python, the network, and its tiles."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """How many workers there are, and what each has.

    Attributes:
        workers: how many; None is as many as fit.
        cores: processor cores of each.
        gpu: whether each has a GPU.
    """

    workers: int | None = None
    cores: int = CORES
    gpu: bool = False

    @property
    def needs(self) -> dict[str, int]:
        """What Ray reserves for each worker, by Ray's names; memory in bytes."""
        return {"GPU": 1, "memory": MEMORY} if self.gpu else {"CPU": self.cores, "memory": MEMORY}


def workers_of(fleet: Fleet, nodes: Sequence[Mapping[str, float]]) -> int:
    """Returns the number of workers: as many as requested, or as many as fit.

    Args:
        fleet: what was requested.
        nodes: what each node of the cluster has, by Ray's names.

    Raises:
        UsageError: if no node has room for a worker: Ray would wait for such a node forever.
    """
    fitting = sum(_fitting(fleet, node) for node in nodes)
    if fitting == 0:
        most = {name: max((node.get(name, 0) for node in nodes), default=0) for name in fleet.needs}
        raise UsageError(
            f"no node of the cluster has room for a worker, which needs {_in_words(fleet.needs)}; "
            f"the most that a node has is {_in_words(most)}",
            field="device" if fleet.gpu else "cores",
        )
    return fleet.workers or fitting


def _fitting(fleet: Fleet, node: Mapping[str, float]) -> int:
    return min(int(node.get(name, 0) // need) for name, need in fleet.needs.items())


def _in_words(resources: Mapping[str, float]) -> str:
    units = {"CPU": "processor core(s)", "GPU": "GPU(s)"}
    parts = [f"{number:g} {units[name]}" for name, number in resources.items() if name in units]
    return f"{parts[0]} and {resources['memory'] / 2**30:.1f} GiB of memory"
