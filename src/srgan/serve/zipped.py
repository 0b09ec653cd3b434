"""Streams several files as one zip archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZipFile, ZipInfo

_CHUNK = 2**20  # bytes


class _Pipe:
    """A write-only file that hands out what was written."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Stores bytes until they are taken."""
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Does nothing, as nothing is buffered."""

    def close(self) -> None:
        """Does nothing."""

    def take(self) -> bytes:
        """Returns what was written since the last call."""
        taken, self._written = b"".join(self._written), []
        return taken


def zipped(files: Iterable[tuple[Path, str]]) -> Iterator[bytes]:
    """Yields an uncompressed archive of (file, name) pairs.

    A name that occurs again gets a number.
    """
    pipe, taken = _Pipe(), set[str]()
    with ZipFile(pipe, "w") as archive:
        for path, name in files:
            free, number = name, 2
            while free in taken:
                free, number = f"{Path(name).stem}-{number}{Path(name).suffix}", number + 1
            taken.add(free)
            with archive.open(ZipInfo(free), "w", force_zip64=True) as entry, path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    entry.write(chunk)
                    yield pipe.take()
    yield pipe.take()
