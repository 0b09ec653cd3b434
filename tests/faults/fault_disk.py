"""Faults, most of them at the one place where srgan changes a disk: calls of ``srgan.disk`` are the steps."""

import errno
import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from srgan import disk

STEPS = (
    "create",
    "make_folder",
    "open_file",
    "remove",
    "remove_empty_folder",
    "remove_folder",
    "rename",
    "sync",
    "write",
)
_TAKE_ROOM = ("create", "make_folder", "open_file", "rename", "sync", "write")
_DAY = 86_400.0

Kind = Literal["kill", "fail", "full", "read-only", "gone", "clock", "size", "memory"]
KINDS: dict[Kind, str] = {
    "kill": "the process is killed",
    "fail": "a step fails once",
    "full": "from a step on, the disk is full",
    "read-only": "from a step on, the disk is read-only",
    "gone": "before a step, the output's folder is removed",
    "clock": "from a step on, the clock is a day behind",
    "size": "no file can grow beyond some bytes, whoever writes it",
    "memory": "the process gets only some bytes of memory more than it has at the start",
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        kind: of ``KINDS``.
        at: the step, from 1 on; or the bytes.
    """

    kind: Kind
    at: int

    def begin(self) -> None:
        """Sets the limits that hold from the beginning."""
        if self.kind == "size":
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.at, self.at))
        if self.kind == "memory":
            most = psutil.Process().memory_info().vms + self.at
            resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def meet(self, number: int, name: str) -> None:
        """What a step meets.

        Raises:
            OSError: if it fails.
        """
        if number == self.at and self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if number == self.at and self.kind == "gone":
            _move_away(Path("out"))
        if number == self.at and self.kind == "clock":
            really = time.time
            time.time = lambda: really() - _DAY
        if number == self.at and self.kind == "fail":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if number >= self.at and self.kind in ("full", "read-only") and name in _TAKE_ROOM:
            code = errno.ENOSPC if self.kind == "full" else errno.EROFS
            raise OSError(code, os.strerror(code))


def _move_away(folder: Path) -> None:
    """Removes a folder for good, as far as this process can see: at once, whatever its other threads do."""
    with suppress(FileNotFoundError):
        folder.rename(f"../{Path.cwd().name}.gone")


def inject(fault: Fault | None, steps: Any) -> None:
    """Puts a fault in the way of this process.

    Args:
        fault: None only counts.
        steps: its ``value`` is how many steps there were.
    """
    if fault is not None:
        fault.begin()
    for name in STEPS:
        setattr(disk, name, _counted(name, getattr(disk, name), fault, steps))


def _counted(name: str, really: Callable[..., Any], fault: Fault | None, steps: Any) -> Callable[..., Any]:
    def step(*arguments: Any) -> Any:
        steps.value += 1
        if fault is not None:
            fault.meet(steps.value, name)
        return really(*arguments)

    return step
