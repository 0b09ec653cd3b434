"""The one way to write a file and to use a folder: whole or not at all, one process at a time."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from platform import node

from filelock import FileLock, Timeout

from srgan.errors import InUseError, OutputError

_PART, _LOCK = ".part", ".lock"
_PREFIX = ".srgan-"
_OURS = f"{_PREFIX}{hashlib.sha256(node().encode()).hexdigest()[:8]}-"  # written on this computer
_DAY = 86_400.0  # seconds; who has not touched a file for so long does not write it
_PAUSE = 60.0  # seconds between two searches of a folder for what was abandoned
_PATIENCE = 10.0  # seconds for a lock of our own, which only a search can hold, and that for a moment
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)
_searched: dict[Path, float] = {}


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Provides a new file beside ``path`` that takes its place at the end, or vanishes if anything fails.

    Its name is short, hidden and its own, so that any number of threads and processes may write one target:
    the last to finish wins. A lock beside it, held until after the renaming, tells others that somebody is
    at it; what processes that were killed left in the folder is removed, once a minute at most. A file that
    is replaced passes its permissions on; of a link, what it leads to is replaced.

    Args:
        path: the file to write; its folder must exist.
        durable: whether the content is on the disk before the name is: for what must survive a power cut.

    Yields:
        The file to fill; it is there already, empty.

    Raises:
        OutputError: if no file can be written there. What the block raises comes out unchanged.
    """
    with explained(path):
        target = _target_of(path)
    _remove_abandoned(target.parent)
    part = target.with_name(f"{_OURS}{uuid.uuid4().hex}{_PART}")
    lock = _lock_beside(part)
    try:
        with explained(path):
            _acquire(lock, _PATIENCE)
            _create(part, 0o600 if target.exists() else 0o666)
        yield part
        with explained(path):
            if durable:
                _sync(part)
            _keep_mode(target, part)
            _rename(part, target)
            if durable:
                _sync_folder(target.parent)
    finally:
        with suppress(OSError):  # what cannot be removed now is at the next search
            part.unlink(missing_ok=True)
        lock.release()
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)


def write_file(path: Path, content: bytes | memoryview | str, *, durable: bool = False) -> None:
    """Writes a file, see :func:`replacing`; text as UTF-8.

    Raises:
        OutputError: if it cannot be written.
    """
    with replacing(path, durable=durable) as part, explained(path):
        _write(part, content.encode() if isinstance(content, str) else content)


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

    Any thread may release it. Where the file system has no locks, nobody is kept out.

    Args:
        folder: the folder.
        name: of the lock's file in it, which stays there.

    Raises:
        InUseError: if another process has it.
        OutputError: if it cannot be made or written.
    """
    lock = FileLock(make_folder(folder) / name, thread_local=False)
    try:
        with explained(folder):
            _acquire(lock, 0)
    except Timeout:
        raise InUseError(
            f"{folder}: another process is working in it; wait for it, or choose another"
        ) from None
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


def remove_folder(folder: Path) -> None:
    """Removes a folder and all that is in it, if it is there.

    Raises:
        OutputError: if that cannot be.
    """
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{folder}: cannot be removed ({reason_of(error)})") from error


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turns an OSError that writing ``path`` raises into an OutputError of one line."""
    try:
        yield
    except Timeout:  # an OSError too, with a meaning of its own
        raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({reason_of(error)})") from error


@contextmanager
def resumable(path: Path) -> Iterator[None]:
    """As :func:`explained`, for work that the next call resumes: every OutputError says so."""
    try:
        with explained(path):
            yield
    except OutputError as error:
        raise OutputError(f"{error}; fix that, and run the same command again to continue") from error


def reason_of(error: OSError) -> str:
    """Why the system refused, in words."""
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    return error.strerror or str(error) or type(error).__name__


def _target_of(path: Path) -> Path:
    """Returns the file itself, where the path is a link."""
    if path.exists() and not path.is_file():
        kind = "is a folder" if path.is_dir() else "is a device or a pipe"
        raise OutputError(f"{path}: {kind}; give the name of a file")
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    if not target.parent.is_dir():
        raise OutputError(f"{path}: its folder does not exist; make it, or choose another")
    return target


# What a system can refuse, each in a function of its own.


def _create(part: Path, mode: int) -> None:
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))


def _write(part: Path, content: bytes | memoryview) -> None:
    part.write_bytes(content)


def _sync(path: Path, flags: int = os.O_RDWR) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rename(part: Path, target: Path) -> None:
    part.replace(target)


def _sync_folder(folder: Path) -> None:
    """Makes a new name last, where a system can: some network file systems cannot."""
    if os.name != "posix":
        return
    try:
        _sync(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _keep_mode(target: Path, part: Path) -> None:
    with suppress(OSError):  # there is none yet, or the file system knows no permissions
        shutil.copymode(target, part)


def _lock_beside(part: Path) -> FileLock:
    return FileLock(part.with_suffix(_LOCK), thread_local=False)


def _acquire(lock: FileLock, timeout: float) -> None:
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
        Path(lock.lock_file).unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
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


def _remove_if_abandoned(part: Path) -> None:
    """Goes by the lock where there is one that can be trusted, which is this computer's; else by the age."""
    lock = _lock_beside(part)
    name = Path(lock.lock_file)
    with suppress(OSError):  # it is gone; or, with Timeout, which is one too, its process is alive
        is_locked = name.exists()
        # Who has just made a lock may not have taken it yet, and works on without it if it goes now.
        least = 0.0 if is_locked and part.name.startswith(_OURS) else _DAY
        touched = (path.stat().st_mtime for path in (part, name) if path.exists())
        if time.time() - max(touched, default=time.time()) < least:
            return
        if not is_locked:
            part.unlink()
            return
        with lock.acquire(timeout=0):
            part.unlink(missing_ok=True)
            if os.name == "posix":  # while nobody can take it; elsewhere nobody can remove what is open
                name.unlink()
        name.unlink()
