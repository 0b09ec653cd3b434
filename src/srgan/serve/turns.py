"""Shares a device: one user at a time, in order of arrival, in short slices while others wait."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from srgan.events import Cancel, check

SLICE = 2.0
"""Seconds for which a user keeps the device while another waits."""

_LOOK = 0.2  # seconds after which a waiting thread checks whether to give up


class Device:
    """Something that one thread uses at a time: the first in line."""

    def __init__(self) -> None:
        self.line: list[Turn] = []
        self.changed = threading.Condition()


class Turn:
    """Holds a device during a block; :meth:`pass_on` lets others in between, :meth:`end` releases it early.

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
        """Lets waiting threads have the device, once this one has held it for a slice.

        Takes the device again if it was released early: a picture starts again when memory runs out.

        Raises:
            CancelledError: if ``cancel`` says so meanwhile.
        """
        line = self._device.line
        if self not in line:
            self._take()
        elif len(line) > 1 and line[0] is self and time.monotonic() - self._since > SLICE:
            self.end()
            self._take()

    def end(self) -> None:
        """Releases the device; does nothing if that has happened."""
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
