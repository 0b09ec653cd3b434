"""Directories of a TIFF, entry by entry, as TIFF 6.0 and BigTIFF lay them out."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO

# By TIFF's number of the type: texts as bytes, fractions as two numbers.
_INTEGERS = {1: "B", 2: "B", 3: "H", 4: "I", 5: "II", 7: "B", 13: "I", 16: "Q", 18: "Q"}
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # in bytes, by type
_MOST_ENTRIES, _MOST_VALUES, _MOST_DIRECTORIES = 4096, 2**24, 10_000  # no honest file has more

_FARTHEST = 2**48  # no file system holds more, nor can one seek much farther


@dataclass(frozen=True, kw_only=True)
class Header:
    """How a TIFF writes its directories.

    Attributes:
        prefix: the file's header.
        order: byte order, as ``struct`` names it.
        is_big: BigTIFF, for files above 4 GB.
        directory: position of the first directory.
    """

    prefix: bytes
    order: str
    is_big: bool
    directory: int

    @classmethod
    def read(cls, file: IO[bytes]) -> Header:
        """Returns the header at the beginning of a file.

        Raises:
            struct.error: if the file is cut short.
        """
        file.seek(0)
        prefix = file.read(16)
        order = "<" if prefix[:2] == b"II" else ">"
        is_big = struct.unpack_from(f"{order}H", prefix, 2) == (43,)
        (directory,) = struct.unpack_from(*((f"{order}Q", prefix, 8) if is_big else (f"{order}I", prefix, 4)))
        return cls(prefix=prefix[: 16 if is_big else 8], order=order, is_big=is_big, directory=directory)

    def pack_count(self, count: int) -> bytes:
        """Returns the number of a directory's entries, as it stands before them."""
        return struct.pack(f"{self.order}{'Q' if self.is_big else 'H'}", count)

    def pack_position(self, position: int) -> bytes:
        """Returns a position in the file."""
        return struct.pack(f"{self.order}{'Q' if self.is_big else 'I'}", position)

    def entries(self, file: IO[bytes], directory: int) -> dict[int, bytes]:
        """Returns the entries of a directory, undecoded, by their tags."""
        return dict(self._located(file, directory).values())

    def directories(self, file: IO[bytes]) -> Iterator[int]:
        """Yields the positions of the file's directories, one a page; ends where the chain is damaged."""
        position, seen = self.directory, set[int]()
        while position and position not in seen and len(seen) < _MOST_DIRECTORIES:
            seen.add(position)
            yield position
            count = self._count(file, position)
            width = len(self.pack_position(0))
            after = position + len(self.pack_count(0)) + count * self._entry_size
            position = self._number(_read(file, after, width))

    def values(self, file: IO[bytes], directory: int, tag: int) -> tuple[int, ...]:
        """Returns the whole numbers of an entry; none where it is absent, cut short, or of another type.

        A text gives its bytes, a fraction its numerator and denominator.
        """
        where, layout = self._data(file, directory, tag)
        if not layout:
            return ()
        data = _read(file, where, struct.calcsize(layout))
        return struct.unpack(layout, data) if len(data) == struct.calcsize(layout) else ()

    def classic(self, file: IO[bytes], directory: int, within: Collection[int]) -> bytes:
        """Copies a BigTIFF's directory, and those nested by the tags ``within``, as a classic TIFF.

        Values of more than 16 MB, and numbers of 64 bits, are left out.
        """
        made = bytearray({"<": b"II*\0", ">": b"MM\0*"}[self.order] + bytes(4))
        place = self._append_classic(made, file, directory, within)
        struct.pack_into(f"{self.order}I", made, 4, place)
        return bytes(made)

    def _append_classic(
        self, made: bytearray, file: IO[bytes], directory: int, within: Collection[int]
    ) -> int:
        entries = []
        for tag, entry in sorted(self.entries(file, directory).items()):
            kind, count = struct.unpack_from(f"{self.order}HQ", entry, 2)
            if tag in within:
                others = [other for other in within if other != tag]
                place = self._append_classic(made, file, sum(self.values(file, directory, tag)), others)
                entries.append(struct.pack(f"{self.order}HHII", tag, 4, 1, place))
            elif kind in _WIDTHS and count <= _MOST_VALUES:
                length = _WIDTHS[kind] * count
                data = entry[12:] if length <= 8 else _read(file, self._number(entry[12:]), length)
                data = data[:length].ljust(4, b"\0")
                if length > 4:
                    made += data
                    data = struct.pack(f"{self.order}I", len(made) - len(data))
                entries.append(struct.pack(f"{self.order}HHI", tag, kind, count) + data)
        place = len(made)
        made += struct.pack(f"{self.order}H", len(entries)) + b"".join(entries) + bytes(4)
        return place

    def set_values(self, file: IO[bytes], directory: int, tag: int, value: int) -> None:
        """Gives each number of an entry one value; an entry that is absent stays so."""
        where, layout = self._data(file, directory, tag)
        numbers = len(self.values(file, directory, tag))
        if numbers:
            file.seek(where)
            file.write(struct.pack(layout, *(value for _ in range(numbers))))

    @property
    def _entry_size(self) -> int:
        return 20 if self.is_big else 12

    def _count(self, file: IO[bytes], directory: int) -> int:
        return self._number(_read(file, directory, len(self.pack_count(0))))

    def _number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self.order == "<" else "big")

    def _located(self, file: IO[bytes], directory: int) -> dict[int, tuple[int, bytes]]:
        """Returns each entry, with its tag, by its position."""
        found = {}
        count = min(self._count(file, directory), _MOST_ENTRIES)
        for number in range(count):
            position = directory + len(self.pack_count(0)) + number * self._entry_size
            entry = _read(file, position, self._entry_size)
            if len(entry) < self._entry_size:
                break
            found[position] = struct.unpack_from(f"{self.order}H", entry)[0], entry
        return found

    def _data(self, file: IO[bytes], directory: int, tag: int) -> tuple[int, str]:
        """Returns the position of an entry's numbers and their ``struct`` layout; "" if there are none."""
        width = len(self.pack_position(0))
        for position, (found, entry) in self._located(file, directory).items():
            if found != tag:
                continue
            (kind,) = struct.unpack_from(f"{self.order}H", entry, 2)
            (count,) = struct.unpack_from(f"{self.order}{'Q' if self.is_big else 'I'}", entry, 4)
            if kind not in _INTEGERS or not 0 < count <= _MOST_VALUES:
                return 0, ""
            numbers = len(_INTEGERS[kind]) * count
            layout = f"{self.order}{numbers}{_INTEGERS[kind][0]}"
            where = position + self._entry_size - width
            if struct.calcsize(layout) > width:
                where = self._number(entry[-width:])
            return where, layout
        return 0, ""


def _read(file: IO[bytes], position: int, length: int) -> bytes:
    """Returns the bytes at a position, which may be anywhere in a damaged file; fewer at its end."""
    if position > _FARTHEST:
        return b""
    file.seek(position)
    return file.read(length)
