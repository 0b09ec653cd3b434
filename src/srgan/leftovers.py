"""What is being written, and what killed processes left of it: told apart by locks."""

from __future__ import annotations

import errno
import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from platform import node

from filelock import FileLock

from srgan import disk

_PART, _LOCK = ".part", ".lock"
_PREFIX = ".srgan-"
_OURS = f"{_PREFIX}{hashlib.sha256(node().encode()).hexdigest()[:8]}-"  # written on this computer
_DAY = 86_400.0  # seconds; who has not touched a file for so long does not write it
_PAUSE = 60.0  # seconds between two searches of a folder for what was abandoned
_PATIENCE = 10.0  # seconds for a lock of our own, which only a search can hold, and that for a moment
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)
_searched: dict[Path, float] = {}


@contextmanager
def held_name(folder: Path) -> Iterator[Path]:
    """Provides a name that nobody else has, for a file or a folder; removes what has it at the end.

    Its name is short and hidden. A lock beside it tells others that somebody is at it; what killed processes
    left in the folder is removed, once a minute at most.

    Raises:
        OSError: if the folder cannot be written.
    """
    remove_abandoned(folder)
    part = folder / f"{_OURS}{uuid.uuid4().hex}{_PART}"
    lock = _lock_beside(part)
    is_gone = False
    try:
        acquire(lock, _PATIENCE)
        yield part
    finally:
        with suppress(OSError):
            _remove(part)
            is_gone = True
        lock.release()
        if is_gone:  # else the next search finds by the lock that nobody is at it
            with suppress(OSError):
                disk.remove(Path(lock.lock_file))


def acquire(lock: FileLock, timeout: float) -> None:
    """Takes a lock, or goes without where the file system has none.

    Raises:
        Timeout: if somebody else has it.
        OSError: if the system refuses.
    """
    try:
        lock.acquire(timeout=timeout, poll_interval=0.01)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        disk.remove(Path(lock.lock_file))


def remove_abandoned(folder: Path) -> None:
    """Removes what killed processes left half-written; not at each write, for the folder may be large."""
    now = time.monotonic()
    if now - _searched.get(folder, now - _PAUSE) < _PAUSE:
        return
    if len(_searched) > 1000:
        _searched.clear()
    _searched[folder] = now
    with suppress(OSError):  # whoever writes there is told
        for path in folder.glob(f"{_PREFIX}*"):
            if path.suffix in (_PART, _LOCK):
                _remove_if_abandoned(path.with_suffix(_PART))


def _lock_beside(part: Path) -> FileLock:
    return FileLock(part.with_suffix(_LOCK), thread_local=False)


def _remove(part: Path) -> None:
    if part.is_dir():
        disk.remove_folder(part)
    else:
        disk.remove(part)


def _remove_if_abandoned(part: Path) -> None:
    """Goes by the lock where there is one that can be trusted, which is this computer's; else by the age."""
    lock = _lock_beside(part)
    name = Path(lock.lock_file)
    with suppress(OSError):  # it is gone; or, with Timeout, which is one too, its process is alive
        is_locked = name.exists()
        # Who has just made a lock may not have taken it yet, and works on without it if it goes now.
        least = 0.0 if is_locked and part.name.startswith(_OURS) else _DAY
        touched = (path.stat().st_mtime for path in (part, name) if path.exists())
        if least and time.time() - max(touched, default=time.time()) < least:
            return
        if not is_locked:
            _remove(part)
            return
        with lock.acquire(timeout=0):
            _remove(part)
            if os.name == "posix":  # while nobody can take it; elsewhere nobody can remove what is open
                disk.remove(name)
        disk.remove(name)
