"""Stopping a run between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from srgan.events import Cancel


@contextmanager
def stop_requests(cancel: Cancel | None = None) -> Iterator[Cancel]:
    """Turns Ctrl-C and SIGTERM into a request to stop after the step; a second one stops at once.

    Args:
        cancel: also asked.

    Yields:
        A function that tells whether a stop was requested. Outside the main thread, where Python takes no
        signals, only ``cancel`` can.
    """
    asked: Cancel = cancel or (lambda: False)
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    requested = False

    def request(signal_number: int, _frame: object) -> None:
        nonlocal requested
        requested = True
        signal.signal(signal_number, previous[signal.Signals(signal_number)])

    previous = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: requested or asked()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
