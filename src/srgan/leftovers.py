"""Distinguishes, by locks, what is being written from what killed processes left behind."""

from __future__ import annotations

import errno
import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from platform import node

from filelock import FileLock

from srgan import disk

_PART, _LOCK = ".part", ".lock"
_PREFIX = ".srgan-"
_OURS = f"{_PREFIX}{hashlib.sha256(node().encode()).hexdigest()[:8]}-"  # written on this computer
_DAY = 86_400.0  # seconds; a file untouched for so long is no longer being written
_PAUSE = 60.0  # seconds between two searches of a folder for abandoned files
_PATIENCE = 10.0  # seconds to wait for a lock of our own, which only a search can hold, briefly
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)
_searched: dict[Path, float] = {}


@contextmanager
def held_name(folder: Path) -> Iterator[Path]:
    """Provides a unique name for a file or a folder, and removes what bears it at the end.

    The name is short and hidden. A lock beside it shows others that it is in use; what killed processes left
    in the folder is removed, at most once a minute.

    Raises:
        OSError: if the folder cannot be written.
    """
    remove_abandoned(folder)
    part = folder / f"{_OURS}{uuid.uuid4().hex}{_PART}"
    lock = _lock_beside(part)
    try:
        disk.create(Path(lock.lock_file), 0o644)  # fails if the folder is gone; a lock would make it again
        acquire(lock, _PATIENCE)
        yield part
    finally:
        is_gone = _succeeds(lambda: _remove(part))
        lock.release()
        if is_gone:  # else the lock shows the next search that it is not in use
            _succeeds(lambda: disk.remove(Path(lock.lock_file)))


def _succeeds(step: Callable[[], None]) -> bool:
    """Tries a step again if it fails once, as where a virus scanner reads each new file for a moment."""
    for pause in (0.1, 0.0):
        try:
            step()
        except OSError:
            time.sleep(pause)
        else:
            return True
    return False


def acquire(lock: FileLock, timeout: float) -> None:
    """Takes a lock, or does without where the file system has none.

    Raises:
        Timeout: if somebody else holds it.
        OSError: if the system refuses.
    """
    try:
        lock.acquire(timeout=timeout, poll_interval=0.01)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        disk.remove(Path(lock.lock_file))


def remove_abandoned(folder: Path) -> None:
    """Removes what killed processes left half-written; not at each write, because the folder may be large."""
    now = time.monotonic()
    if now - _searched.get(folder, now - _PAUSE) < _PAUSE:
        return
    if len(_searched) > 1000:
        _searched.clear()
    _searched[folder] = now
    with suppress(OSError):  # the write that follows reports it
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
    """Decides by the lock if there is one that can be trusted, one of this computer's; otherwise by age."""
    lock = _lock_beside(part)
    name = Path(lock.lock_file)
    with suppress(OSError):  # it is gone; or, with Timeout, also an OSError, its process is alive
        is_locked = name.exists()
        # A process that has just made its lock may not have taken it yet, and loses it if it is removed now.
        least = 0.0 if is_locked and part.name.startswith(_OURS) else _DAY
        touched = (path.stat().st_mtime for path in (part, name) if path.exists())
        if least and time.time() - max(touched, default=time.time()) < least:
            return
        if not is_locked:
            _remove(part)
            return
        with lock.acquire(timeout=0):
            _remove(part)
            if os.name == "posix":  # while nobody can take it; elsewhere, open files cannot be removed
                disk.remove(name)
        disk.remove(name)
