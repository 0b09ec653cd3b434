"""Stopping a run between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from srgan.events import Cancel


class StopRequest:
    """Returns, when called, whether a run should stop.

    Args:
        cancel: asked as well.

    Attributes:
        signal: the signal that asked for it; None if none did.
    """

    def __init__(self, cancel: Cancel | None = None) -> None:
        self.signal: signal.Signals | None = None
        self._cancel = cancel

    def __call__(self) -> bool:
        """Returns whether a signal came or ``cancel`` asks to stop."""
        return self.signal is not None or (self._cancel is not None and self._cancel())


@contextmanager
def stop_requests(cancel: Cancel | None = None) -> Iterator[StopRequest]:
    """Turns Ctrl-C and SIGTERM into a request to stop after the step; a second one stops at once.

    Args:
        cancel: asked as well.

    Yields:
        The request. Outside the main thread, where Python receives no signals, only ``cancel`` can make it.
    """
    stop = StopRequest(cancel)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def request(number: int, _frame: object) -> None:
        stop.signal = signal.Signals(number)
        signal.signal(number, previous[stop.signal])

    previous = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
