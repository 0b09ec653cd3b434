"""The one way to write a file and to use a folder: whole or not at all, one process at a time."""

from __future__ import annotations

import errno
import hashlib
import os
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from srgan.errors import InUseError, OutputError

_PREFIX, _PART, _LOCK = ".srgan-", ".part", ".lock"
_AGE = 60.0  # seconds: what is younger belongs to a process that is just taking its lock
_cleaned: set[Path] = set()


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A new file beside ``path`` that takes its place at the end, or vanishes if anything fails.

    Its name is short, hidden and its own, so that any number of threads and processes may write one target:
    the last to finish wins. What processes that were killed left in the folder is removed.

    Args:
        path: the file to write; its folder must exist.
        durable: whether the content is on the disk before the name is: for what must survive a power cut.

    Yields:
        The file to fill; it is there already, empty.

    Raises:
        OutputError: if no file can be written there. What the block raises comes out unchanged, but for
            OSError, which becomes an OutputError too.
    """
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; give the name of a file")
    _remove_abandoned(path.parent)
    stem = f"{_PREFIX}{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}-{uuid.uuid4().hex[:12]}"
    part, lock = path.with_name(stem + _PART), FileLock(path.with_name(stem + _LOCK), timeout=0)
    try:
        with explained(path):
            lock.acquire()  # before the file is there, and until it has its name
            part.touch(exist_ok=False)
            yield part
            if durable:
                _sync(part)
            part.replace(path)
            if durable and os.name == "posix":
                _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def write_file(path: Path, content: bytes | str, *, durable: bool = False) -> None:
    """Writes a file, see :func:`replacing`; text as UTF-8.

    Raises:
        OutputError: if it cannot be written.
    """
    with replacing(path, durable=durable) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def make_folder(folder: Path) -> Path:
    """Makes a folder, and those above it, unless it is there; returns it.

    Raises:
        OutputError: if that cannot be, for example because a file has its name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: the folder cannot be made ({reason_of(error)})") from error
    return folder


def claim(folder: Path, name: str = "lock") -> FileLock:
    """Takes a folder, which is made if absent, for this process alone, until it ends or releases the lock.

    Args:
        folder: the folder.
        name: of the lock's file in it.

    Raises:
        InUseError: if another process has it.
        OutputError: if it cannot be made or written.
    """
    lock = FileLock(make_folder(folder) / name)
    try:
        with explained(folder):
            lock.acquire(timeout=0)
    except Timeout:
        raise InUseError(f"{folder}: another process is at work in it; wait for it, or stop it") from None
    return lock


def clear(folder: Path, *, keep: Collection[str] = ()) -> None:
    """Removes the files of a folder but those whose names are to be kept; sub-folders stay.

    Raises:
        OutputError: if one cannot be removed.
    """
    with explained(folder):
        for path in folder.iterdir():
            if path.name not in keep and not path.is_dir():
                path.unlink(missing_ok=True)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns an OSError that writing ``path`` raises into an OutputError of one line."""
    try:
        yield
    except Timeout:  # an OSError too, with a meaning of its own
        raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({reason_of(error)})") from error


def reason_of(error: OSError) -> str:
    """Why the system refused, in words."""
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    return error.strerror or str(error) or type(error).__name__


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_abandoned(folder: Path) -> None:
    """Removes what killed processes left half-written; once a folder and process, for it may be large."""
    if folder in _cleaned:
        return
    _cleaned.add(folder)
    with suppress(OSError):  # whoever writes there is told
        for path in folder.glob(f"{_PREFIX}*"):
            if path.suffix in (_PART, _LOCK) and time.time() - path.stat().st_mtime > _AGE:
                _remove_if_abandoned(path.with_suffix(_PART))


def _remove_if_abandoned(part: Path) -> None:
    lock = FileLock(part.with_suffix(_LOCK), timeout=0)
    with suppress(OSError), lock:  # Timeout, an OSError: its process is alive
        part.unlink(missing_ok=True)
        Path(lock.lock_file).unlink(missing_ok=True)
