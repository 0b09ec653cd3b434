"""Stopping a run between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Turns Ctrl-C and SIGTERM into a request to stop after the step; a second one stops at once.

    Yields:
        A function that tells whether a stop was requested. Outside the main thread, where Python takes no
        signals, it never is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    requested = False

    def request(signal_number: int, _frame: object) -> None:
        nonlocal requested
        requested = True
        signal.signal(signal_number, previous[signal.Signals(signal_number)])

    previous = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: requested
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
