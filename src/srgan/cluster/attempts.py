"""How often each task was begun: one that kills its process every time must not end the run."""

from __future__ import annotations

from collections import Counter
from typing import Any

MOST_ATTEMPTS = 3


class Attempts:
    """Counts."""

    def __init__(self) -> None:
        self._begun: Counter[str] = Counter()

    def begin(self, name: str) -> int:
        """Notes that a worker begins with a task; returns which attempt it is, from 1."""
        self._begun[name] += 1
        return self._begun[name]

    def end(self, name: str) -> None:
        """Notes that a worker is done with it, whether it succeeded or not."""
        self._begun.pop(name, None)


class SharedAttempts(Attempts):
    """Counts for all workers of a cluster, in an actor of its own, which outlives them."""

    def __init__(self) -> None:
        super().__init__()
        import ray

        # Restarts from zero if its computer fails: the counts are not essential.
        options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}
        self._actor: Any = ray.remote(Attempts).options(**options).remote()

    def begin(self, name: str) -> int:
        """As in ``Attempts``."""
        import ray

        attempt: int = ray.get(self._actor.begin.remote(name))
        return attempt

    def end(self, name: str) -> None:
        """As in ``Attempts``; does not wait."""
        self._actor.end.remote(name)
