"""How long-running work reports progress, and how it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from srgan.errors import CancelledError

Cancel = Callable[[], bool]
"""Whether to stop; asked often, from any thread. ``threading.Event().is_set`` is one."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Progress of some work, or a note about it.

    Attributes:
        done: how much is done, in ``unit``.
        total: how much there is; None if unknown.
        unit: what ``done`` counts: "pictures", "tiles", "frames", "steps", ...
        figures: what else is worth showing, by name: a loss, frames a second, bytes written.
        note: a sentence that a person should read; None for plain progress.
    """

    done: float = 0.0
    total: float | None = None
    unit: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    note: str | None = None

    @property
    def share(self) -> float | None:
        """Share of the total that is done, in [0, 1]; None if the total is not known."""
        return None if not self.total else min(1.0, self.done / self.total)


OnEvent = Callable[[Event], None]
"""Takes events, in the working thread."""


def check(cancel: Cancel | None) -> None:
    """Stops the work if that is asked for.

    Raises:
        CancelledError: if ``cancel`` says so.
    """
    if cancel is not None and cancel():
        raise CancelledError("cancelled")


async def in_thread(work: Callable[..., Any], cancel: Cancel | None) -> Any:
    """Runs work in a thread, so that the event loop keeps running; cancelling the task stops it.

    Args:
        work: is given ``cancel``, which it asks now and then.
        cancel: asked as well.

    Returns:
        What ``work`` returns.
    """
    import asyncio  # takes 30 ms, which commands need not wait for

    left = threading.Event()
    try:
        return await asyncio.to_thread(
            work, cancel=lambda: left.is_set() or (cancel is not None and cancel())
        )
    finally:
        left.set()
