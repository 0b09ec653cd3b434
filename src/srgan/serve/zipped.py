"""Several files as one zip archive, made while it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZipFile, ZipInfo

_CHUNK = 2**20  # bytes


class _Pipe:
    """What an archive writes into, and what comes out of it."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Takes the next bytes."""
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """As a file."""

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._written = b"".join(self._written), []
        return taken


def zipped(files: Iterable[tuple[Path, str]]) -> Iterator[bytes]:
    """The bytes of an archive of (file, name); not compressed, for pictures and videos are.

    A name that is there already gets a number.
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
