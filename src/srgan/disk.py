"""What changes a disk: each thing that a system can refuse in a function of its own.

All that srgan writes passes here, by way of :mod:`srgan.files`: whoever lets these functions fail, as tests
do, meets every writer. What other libraries write into a file that was made here, they write themselves.
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
    """Makes an empty file, which must not exist."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))


def write(descriptor: int, data: memoryview) -> int:
    """Writes some bytes; returns how many."""
    return os.write(descriptor, data)


def sync(path: Path, flags: int = os.O_RDWR) -> None:
    """Makes the content of a file last."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Makes a new name last, where a system can: some network file systems cannot."""
    if os.name != "posix":
        return
    try:
        sync(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def rename(path: Path, target: Path) -> None:
    """Gives a file another name on the same disk; it takes the place of one that has it."""
    path.replace(target)


def remove(path: Path) -> None:
    """Removes a file, if it is there."""
    path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Makes a folder, and those above it, unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)


def remove_folder(folder: Path) -> None:
    """Removes a folder and all that is in it, if it is there."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        if folder.exists():  # somebody else has removed a file of it meanwhile
            remove_folder(folder)


def remove_empty_folder(folder: Path) -> None:
    """Removes a folder that holds nothing."""
    folder.rmdir()
