"""Running means of a run's figures: what a row of its log is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from srgan.training.processes import Processes


class Means:
    """Means of named figures since the last call of :meth:`take`.

    Args:
        names: names of the figures.
        device: where they are computed; the sums stay there, so that adding never waits for the device.
    """

    def __init__(self, names: Sequence[str], device: torch.device) -> None:
        self._names = list(names)
        self._sums = torch.zeros(len(self._names), device=device)
        self._counts = [0] * len(self._names)

    def add(self, figures: Mapping[str, Tensor]) -> None:
        """Adds one value, a scalar tensor, of some figures."""
        for name, value in figures.items():
            index = self._names.index(name)
            self._sums[index] += value
            self._counts[index] += 1

    def take(self, processes: Processes) -> dict[str, float]:
        """Returns each figure's mean over all processes, without figures that have no value, and resets."""
        processes.average([self._sums])
        sums = self._sums.tolist()
        means = {
            name: total / count
            for name, total, count in zip(self._names, sums, self._counts, strict=True)
            if count
        }
        self._sums.zero_()
        self._counts = [0] * len(self._names)
        return means

    def state(self) -> dict[str, Any]:
        """Returns what :meth:`load` takes."""
        return {"sums": self._sums, "counts": self._counts}

    def load(self, state: dict[str, Any]) -> None:
        """Continues from another's :meth:`state`."""
        self._sums.copy_(state["sums"])
        self._counts = list(state["counts"])
