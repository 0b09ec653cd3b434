"""What workers know of each other: how often a task was begun, and which pieces of a film are made.

A task that kills its process every time must not end the run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

MOST_ATTEMPTS = 3


class Attempts:
    """Counts."""

    def __init__(self) -> None:
        self._begun: Counter[str] = Counter()
        self._made: defaultdict[str, set[int]] = defaultdict(set)
        self._last: dict[str, int] = {}

    def begin(self, name: str) -> int:
        """Notes that a worker begins with a task; returns which attempt it is, from 1."""
        self._begun[name] += 1
        return self._begun[name]

    def end(self, name: str) -> None:
        """Notes that a worker is done with it, whether it succeeded or not."""
        self._begun.pop(name, None)

    def is_last(self, film: str, piece: int, count: int) -> bool:
        """Notes that a piece of a film is made; returns whether its worker is the one to join them all.

        Args:
            film: the film's key.
            piece: the piece's number. If its worker is killed, the one that repeats it gets the same answer.
            count: how many pieces the film has.
        """
        self._made[film].add(piece)
        return len(self._made[film]) == count and self._last.setdefault(film, piece) == piece


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

    def is_last(self, film: str, piece: int, count: int) -> bool:
        """As in ``Attempts``."""
        import ray

        answer: bool = ray.get(self._actor.is_last.remote(film, piece, count))
        return answer
