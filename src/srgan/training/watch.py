"""Warnings while a run goes on."""

from __future__ import annotations

from collections.abc import Mapping

from srgan.training.trainer import Trainer

_ROWS = 3
"""Rows of the log in a row that must show the same concern: one alone may be chance."""


class Watch:
    """Turns a run's figures into notices; each concern is reported once.

    Args:
        trainer: the run's trainer.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._skipped = trainer.skipped
        self._said: set[str] = set()
        self._concern: str | None = None
        self._rows = 0

    def notice(self, means: Mapping[str, float]) -> str | None:
        """Returns a notice about the newest row of the log; None if there is nothing to report."""
        concern = self._trainer.concern(means)
        self._rows = self._rows + 1 if concern == self._concern else 1
        self._concern = concern
        step = self._trainer.step
        if self._trainer.skipped > self._skipped:
            new, self._skipped = self._trainer.skipped - self._skipped, self._trainer.skipped
            return f"step {step}: {new} updates skipped, since their loss was not finite"
        if concern is None or concern in self._said or self._rows < _ROWS:
            return None
        self._said.add(concern)
        return f"step {step}: {concern}"
