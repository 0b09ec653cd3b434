"""The only way to write a file or use a folder: files whole or not at all, folders one process at a time."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

from filelock import FileLock, Timeout

from srgan import disk
from srgan.errors import InUseError, OutputError
from srgan.leftovers import acquire, held_name


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Provides a new file beside ``path`` that takes its place at the end, or vanishes if anything fails.

    Its name is short, hidden and unique, so that any number of threads and processes may write one target:
    the last to finish wins. A lock beside it, held until after the renaming, shows others that it is in use;
    what killed processes left in the folder is removed, at most once a minute. A file that is replaced passes
    on its permissions; if ``path`` is a link, the file it points to is replaced.

    Args:
        path: the file to write; its folder must exist.
        durable: whether to flush the content to the disk before the renaming, to survive a power cut.

    Yields:
        The file to fill; it already exists, empty.

    Raises:
        OutputError: if no file can be written there. Exceptions from the block pass through unchanged.
    """
    with explained(path):
        target = _target_of(path)
    # Errors while making and renaming the file are about ``path``; those of the block are not.
    with ExitStack() as stack:
        with explained(path):
            part = stack.enter_context(held_name(target.parent))
            disk.create(part, 0o600 if target.exists() else 0o666)
        yield part
        with explained(path):
            if durable:
                disk.sync(part)
            _keep_mode(target, part)
            disk.rename(part, target)
            if durable:
                disk.sync_folder(target.parent)


def write_file(path: Path, content: bytes | memoryview | str, *, durable: bool = False) -> None:
    """Writes a file, text as UTF-8; see :func:`replacing`.

    Raises:
        OutputError: if it cannot be written.
    """
    with replacing(path, durable=durable) as part, explained(path):
        fill(part, content.encode() if isinstance(content, str) else content)


def fill(part: Path, content: bytes | memoryview) -> None:
    """Writes the whole content of an existing file, such as :func:`replacing` provides.

    Raises:
        OSError: if it cannot be written.
    """
    with opened(part, "wb") as file:
        file.write(content)


def opened(path: Path, mode: Literal["wb", "ab", "r+b"]) -> BinaryIO:
    """Opens a file for writing: one from :func:`replacing`, or one that grows and may end anywhere.

    Raises:
        OSError: if it cannot be opened; the file's methods raise it too.
    """
    return disk.open_file(path, mode)


def remove_file(path: Path) -> None:
    """Removes a file, if it exists.

    Raises:
        OSError: if it cannot be removed.
    """
    disk.remove(path)


def move_file(path: Path, target: Path) -> None:
    """Renames a file, replacing one that has the name; to another disk, copies it and keeps the original.

    Raises:
        OSError, OutputError: if it cannot be moved.
    """
    try:
        disk.rename(path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_file(path, target)


def copy_file(path: Path, target: Path, *, durable: bool = False) -> None:
    """Copies the content of a file, whole or not at all; see :func:`replacing`.

    Raises:
        OSError, OutputError: if it cannot be copied.
    """
    with (
        replacing(target, durable=durable) as part,
        path.open("rb") as source,
        opened(part, "wb") as copy,
    ):
        shutil.copyfileobj(source, copy, 2**20)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Makes a temporary folder, removed at the end or, after a kill, when the next one is made.

    Raises:
        OutputError: if none can be made.
    """
    base = Path(tempfile.gettempdir())
    with ExitStack() as stack:
        with explained(base):
            folder = stack.enter_context(held_name(base))
            disk.make_folder(folder)
        yield folder


def make_folder(folder: Path) -> Path:
    """Makes a folder and its parents, unless it exists; returns it.

    Raises:
        OutputError: if it cannot be made, for example because a file has its name.
    """
    try:
        disk.make_folder(folder)
    except OSError as error:
        raise OutputError(f"{folder}: the folder cannot be made ({reason_of(error)})") from error
    return folder


def claim(folder: Path, name: str = "lock") -> FileLock:
    """Locks a folder, made if missing, for this process alone, until it ends or releases the lock.

    Any thread may release it. Where the file system has no locks, nobody is kept out.

    Args:
        folder: the folder.
        name: name of the lock file in it, which stays there.

    Raises:
        InUseError: if another process holds it.
        OutputError: if it cannot be made or written.
    """
    lock = FileLock(make_folder(folder) / name, thread_local=False)
    try:
        with explained(folder):
            acquire(lock, 0)
    except Timeout:
        raise InUseError(
            f"{folder}: another process is working in it; wait for it, or choose another folder"
        ) from None
    return lock


def clear(folder: Path, *, keep: Collection[str] = ()) -> None:
    """Removes the files in a folder, except those whose names are in ``keep``; sub-folders stay.

    Raises:
        OutputError: if one cannot be removed.
    """
    with explained(folder):
        for path in folder.iterdir():
            if path.name not in keep and not path.is_dir():
                disk.remove(path)


def remove_folder(folder: Path) -> None:
    """Removes a folder and everything in it, if it exists.

    Raises:
        OutputError: if it cannot be removed.
    """
    try:
        disk.remove_folder(folder)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be removed ({reason_of(error)})") from error


def remove_empty_folder(folder: Path) -> None:
    """Removes an empty folder.

    Raises:
        OSError: if it cannot be removed, for example because it is not empty.
    """
    disk.remove_empty_folder(folder)


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turns an OSError from writing ``path`` into a one-line OutputError."""
    try:
        yield
    except Timeout:  # an OSError too, but with its own meaning
        raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({reason_of(error)})") from error


@contextmanager
def resumable(path: Path) -> Iterator[None]:
    """Works like :func:`explained`, for work that the next call resumes: every OutputError says so."""
    try:
        with explained(path):
            yield
    except OutputError as error:
        raise OutputError(f"{error}; fix that, and run the same command again to continue") from error


def reason_of(error: OSError) -> str:
    """Returns the system's reason for refusing, in words."""
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    return error.strerror or str(error) or type(error).__name__


def _target_of(path: Path) -> Path:
    """Returns the path, or the file it points to if it is a link."""
    if path.exists() and not path.is_file():
        kind = "is a folder" if path.is_dir() else "is a device or a pipe"
        raise OutputError(f"{path}: {kind}; give the name of a file")
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    if not target.parent.is_dir():
        raise OutputError(f"{path}: its folder does not exist; make it, or choose another")
    return target


def _keep_mode(target: Path, part: Path) -> None:
    with suppress(OSError):  # no such file yet, or no permissions in this file system
        shutil.copymode(target, part)
