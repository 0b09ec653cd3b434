"""Changes to a disk, with a separate function for each that the system can refuse.

Everything that srgan writes passes through here, by way of :mod:`srgan.files`: making these functions fail,
as tests do, reaches every writer. Other libraries that write into a file made here do so on their own.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


class _File(io.FileIO):
    def write(self, data: Buffer) -> int:
        return write(self.fileno(), memoryview(data))


def open_file(path: Path, mode: Literal["wb", "ab", "r+b"]) -> BinaryIO:
    """Opens a buffered binary file whose content goes through :func:`write`."""
    raw = _File(path, mode)
    return cast(BinaryIO, io.BufferedRandom(raw) if mode == "r+b" else io.BufferedWriter(raw))


def create(path: Path, mode: int) -> None:
    """Makes an empty file, which must not exist yet."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))


def write(descriptor: int, data: memoryview) -> int:
    """Writes some bytes; returns how many."""
    return os.write(descriptor, data)


def sync(path: Path, flags: int = os.O_RDWR) -> None:
    """Flushes the content of a file to the disk."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Flushes the names in a folder to the disk, where possible: some network file systems cannot."""
    if os.name != "posix":
        return
    try:
        sync(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def rename(path: Path, target: Path) -> None:
    """Renames a file on the same disk, replacing one that has the name."""
    path.replace(target)


def remove(path: Path) -> None:
    """Removes a file, if it exists."""
    path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents, unless it exists."""
    folder.mkdir(parents=True, exist_ok=True)


def remove_folder(folder: Path) -> None:
    """Removes a folder and everything in it, if it exists."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        if folder.exists():  # another process has removed a file in it meanwhile
            remove_folder(folder)


def remove_empty_folder(folder: Path) -> None:
    """Removes an empty folder."""
    folder.rmdir()
