"""Who may use the device: one at a time, in the order of asking, and nobody for long while others wait."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from srgan.events import Cancel, check

SLICE = 2.0
"""Seconds that one who works may go on while another waits."""

_LOOK = 0.2  # seconds after which one who waits looks whether that is still wanted


class Device:
    """One network at a time. It is held by who stands first in the line."""

    def __init__(self) -> None:
        self.line: list[Turn] = []
        self.changed = threading.Condition()


class Turn:
    """The use of a device, as a context; :meth:`pass_on` lets others in between, :meth:`end` before its end.

    Args:
        device: to be used.
        cancel: asked while waiting whether to give up.
    """

    def __init__(self, device: Device, cancel: Cancel) -> None:
        self._device = device
        self._cancel = cancel

    def __enter__(self) -> Self:
        self._take()
        return self

    def __exit__(self, _: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.end()

    def pass_on(self) -> None:
        """Waits until others have had their turn, if there are any, and this one took its time.

        Raises:
            CancelledError: if ``cancel`` says so meanwhile.
        """
        line = self._device.line
        if len(line) > 1 and line[0] is self and time.monotonic() - self._since > SLICE:
            self.end()
            self._take()

    def end(self) -> None:
        """Lets the next one have the device, because this one needs it no more."""
        with self._device.changed:
            if self in self._device.line:
                self._device.line.remove(self)
            self._device.changed.notify_all()

    def _take(self) -> None:
        device = self._device
        with device.changed:
            device.line.append(self)
            try:
                while not device.changed.wait_for(lambda: device.line[0] is self, _LOOK):
                    check(self._cancel)
            except BaseException:
                self.end()
                raise
        self._since = time.monotonic()
