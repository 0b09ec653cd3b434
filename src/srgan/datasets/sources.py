"""Where raw photographs lie: a folder, a zip or a tar, listed and fetched in one way."""

from __future__ import annotations

import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from srgan.errors import DataError, ImageError, UsageError
from srgan.files import opened
from srgan.images.read import EXTENSIONS, list_pictures

_CHUNK = 2**20

# What the archive modules raise on damaged, encrypted or unknown content.
_DAMAGE = (
    OSError,
    EOFError,
    RuntimeError,  # encrypted, or compressed in a way that zipfile does not support
    ValueError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One picture of a source.

    Attributes:
        name: its path inside the source, with ``/``.
        size: bytes of its file.
        stamp: changes with the picture: time of change in ns in a folder, CRC-32 in a zip, time in a tar.
        unsafe: the name leads outside the archive.
    """

    name: str
    size: int
    stamp: int
    unsafe: bool = False


class Source(Protocol):
    """Pictures that can be fetched, cheapest in the order of ``entries``."""

    @property
    def entries(self) -> Sequence[Entry]:
        """The pictures."""

    def fetch(self, name: str, spool: Path, /) -> Path:
        """Returns a file with the picture ``name``: its own, or ``spool`` with the content copied out.

        Raises:
            ImageError: if the archive's content is damaged, encrypted, or larger than allowed.
            OSError: if ``spool`` cannot be written.
        """


@contextmanager
def open_source(path: Path, max_bytes: int) -> Iterator[Source]:
    """Opens a folder, searched with its sub-folders, a zip, or a tar, compressed or not.

    Hidden files, and those a Mac adds, are left out. Folders and zips are in the order of their names, tars
    in their own, since going back in one costs as much as reading it anew. No path inside an archive is
    ever used as a path on the disk.

    Args:
        path: the source; an archive is recognised by its content.
        max_bytes: a picture inside an archive that unpacks to more is refused.

    Raises:
        UsageError: if nothing is there, or it is not an archive.
        DataError: if the archive is damaged; ImageError if a folder cannot be listed.
    """
    if path.is_dir():
        yield _Folder(path)
        return
    try:
        with path.open("rb") as file:
            is_zip = file.read(2) == b"PK"
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such folder or archive") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    opened: zipfile.ZipFile | tarfile.TarFile | None = None
    with ExitStack() as stack:
        try:
            if is_zip:
                opened = stack.enter_context(zipfile.ZipFile(path))
                source: Source = _Zip(opened, max_bytes)
            else:
                opened = stack.enter_context(tarfile.open(path))
                source = _Tar(opened, max_bytes)
        except _DAMAGE as error:
            if opened is None and not is_zip:
                raise UsageError(f"{path}: is neither a folder nor a zip or tar archive") from error
            raise DataError(f"{path}: is damaged or cut short ({error}); fetch the archive again") from error
        yield source


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        entries = map(self._entry, list_pictures(folder, recursive=True))
        self.entries = [entry for entry in entries if entry is not None]

    def _entry(self, path: Path) -> Entry | None:
        name = path.relative_to(self._folder).as_posix()
        try:
            status = path.stat()
        except OSError:  # a broken link, for example; reading it will fail
            return Entry(name=name, size=0, stamp=0)
        # Opening a pipe would block forever.
        if not stat.S_ISREG(status.st_mode):
            return None
        return Entry(name=name, size=status.st_size, stamp=status.st_mtime_ns)

    def fetch(self, name: str, _spool: Path, /) -> Path:
        return self._folder / name


class _Zip:
    def __init__(self, archive: zipfile.ZipFile, max_bytes: int) -> None:
        self._archive, self._max_bytes = archive, max_bytes
        self._members = {info.filename: info for info in archive.infolist()}
        found = (_entry(info.filename, info.file_size, info.CRC) for info in self._members.values())
        self.entries = sorted(
            (entry for entry in found if entry is not None),
            key=lambda entry: PurePosixPath(entry.name).parts,
        )

    def fetch(self, name: str, spool: Path) -> Path:
        member = self._members[name]
        _check_size(name, member.file_size, self._max_bytes)
        return _copy(name, lambda: self._archive.open(member), spool)


class _Tar:
    def __init__(self, archive: tarfile.TarFile, max_bytes: int) -> None:
        self._archive, self._max_bytes = archive, max_bytes
        # A repeated name replaces the earlier one.
        self._members = {member.name: member for member in archive.getmembers() if member.isreg()}
        found = (_entry(member.name, member.size, int(member.mtime)) for member in self._members.values())
        self.entries = [entry for entry in found if entry is not None]
        self.entries.sort(key=lambda entry: self._members[entry.name].offset)

    def fetch(self, name: str, spool: Path) -> Path:
        member = self._members[name]
        _check_size(name, member.size, self._max_bytes)
        return _copy(name, lambda: self._archive.extractfile(member), spool)


def _entry(name: str, size: int, stamp: int) -> Entry | None:
    """Returns an archive's member, or None if it is not a picture or hidden."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.suffix.lower() not in EXTENSIONS:
        return None
    if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", name):
        return Entry(name=name, size=size, stamp=stamp, unsafe=True)
    if any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
        return None
    return Entry(name=name, size=size, stamp=stamp)


def _check_size(name: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise ImageError(f"{name}: unpacks to {size:,} bytes, more than the limit of pixels allows")


def _copy(name: str, open_member: Callable[[], IO[bytes] | None], target: Path) -> Path:
    def chunks() -> Iterator[bytes]:
        try:
            stream = open_member()
            if stream is not None:
                with stream:
                    while chunk := stream.read(_CHUNK):
                        yield chunk
        except _DAMAGE as error:
            raise ImageError(f"{name}: cannot be unpacked ({error})") from error

    with opened(target, "wb") as file:
        for chunk in chunks():
            file.write(chunk)
    return target
