"""The directory of a TIFF: read where Pillow knows no such pixels, given the EXIF that libvips leaves out."""

from __future__ import annotations

import io
import os
import struct
from dataclasses import dataclass
from typing import IO

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from srgan.images.decode import quiet_pillow
from srgan.images.metadata import DESCRIPTIVE_TAGS, DIRECTORY_TAGS

_EXTRA_SAMPLES = 0x0152  # what samples beyond the colours mean
_EXIF, _INTEROPERABILITY = 0x8769, 0xA005
_WITHIN = {None: DIRECTORY_TAGS, _EXIF: (_INTEROPERABILITY,)}  # which directories hold which
_LONG, _LONG8 = 4, 16  # the types of a position in a classic TIFF and in a BigTIFF


@dataclass(frozen=True, kw_only=True)
class _Header:
    """How a TIFF writes its directories.

    Attributes:
        prefix: the file's header.
        order: of bytes, as ``struct`` names it.
        is_big: BigTIFF, for files above 4 GB.
        directory: position of the first directory.
    """

    prefix: bytes
    order: str
    is_big: bool
    directory: int

    @classmethod
    def read(cls, file: IO[bytes]) -> _Header:
        file.seek(0)
        prefix = file.read(16)
        order = "<" if prefix[:2] == b"II" else ">"
        is_big = struct.unpack_from(f"{order}H", prefix, 2) == (43,)
        (directory,) = struct.unpack_from(*((f"{order}Q", prefix, 8) if is_big else (f"{order}I", prefix, 4)))
        return cls(prefix=prefix[: 16 if is_big else 8], order=order, is_big=is_big, directory=directory)

    def pack_count(self, count: int) -> bytes:
        return struct.pack(f"{self.order}{'Q' if self.is_big else 'H'}", count)

    def pack_position(self, position: int) -> bytes:
        return struct.pack(f"{self.order}{'Q' if self.is_big else 'I'}", position)

    def entries(self, file: IO[bytes], directory: int) -> dict[int, bytes]:
        """The entries of a directory, undecoded, by their tags."""
        size = 20 if self.is_big else 12
        file.seek(directory)
        width = len(self.pack_count(0))
        count = int.from_bytes(file.read(width), "little" if self.order == "<" else "big")
        raw = [file.read(size) for _ in range(count)]
        return {struct.unpack_from(f"{self.order}H", entry)[0]: entry for entry in raw}


def read_tags(file: IO[bytes]) -> Image.Exif:
    """The tags of a TIFF's first directory; those of directories within it are read as they are asked for.

    Raises:
        struct.error: if the file is cut short.
    """
    header = _Header.read(file)
    tags = Image.Exif()
    tags.endian, tags.bigtiff = header.order, header.is_big
    tags.load_from_fp(file, header.directory)
    return tags


def extra_sample(file: IO[bytes]) -> int:
    """What the first sample beyond the colours means, by TIFF's ExtraSamples; 0 where nothing is said."""
    with quiet_pillow():
        meanings = read_tags(file).get(_EXTRA_SAMPLES, 0)
    return int(meanings[0] if isinstance(meanings, tuple) else meanings)


def set_extra_sample(file: IO[bytes], meaning: int) -> None:
    """Changes what :func:`extra_sample` tells, where a single sample is beyond the colours."""
    header = _Header.read(file)
    width = len(header.pack_count(0))
    entries = [*header.entries(file, header.directory)]  # in the order of the file
    position = header.directory + width + entries.index(_EXTRA_SAMPLES) * (20 if header.is_big else 12)
    file.seek(position + (12 if header.is_big else 8))
    file.write(struct.pack(f"{header.order}H", meaning))


def add_exif(file: IO[bytes], exif: bytes) -> None:
    """Adds an EXIF block to a TIFF of one picture, classic or BigTIFF, without reading its pixels.

    What the block says about the picture, its EXIF and its GPS directory are appended to the file, and with
    them a first directory that has the entries of the old one besides. What the block says about the layout
    of the file that it came from is left out. Makers' notes are copied as they are.

    Args:
        file: the file, opened to read and write; changed in place, and as good as before if this fails on
            the way.
        exif: the block from its byte-order mark on; what is damaged in it is left out.

    Raises:
        OSError: if the file cannot be written.
    """
    with quiet_pillow():
        header = _Header.read(file)
        (first,) = struct.unpack_from("<I" if exif[:1] == b"I" else ">I", exif, 4)
        directory = _append_copy(file, header, exif, first, None)
        entries = {**header.entries(file, directory), **header.entries(file, header.directory)}
        merged = header.pack_count(len(entries)) + b"".join(entries[tag] for tag in sorted(entries))
        position = _append(file, merged + header.pack_position(0))
        file.seek(8 if header.is_big else 4)
        file.write(header.pack_position(position))


def _append_copy(file: IO[bytes], header: _Header, exif: bytes, position: int, group: int | None) -> int:
    """Appends a copy of a directory of the block, those within it first; returns its position in the file."""
    block = io.BytesIO(exif)
    source, copy = ImageFileDirectory_v2(exif[:8], group=group), ImageFileDirectory_v2(header.prefix)
    block.seek(position)
    source.load(block)
    for tag in source if group is not None else {*DESCRIPTIVE_TAGS, *DIRECTORY_TAGS} & {*source}:
        try:
            value, type_ = source[tag], source.tagtype[tag]
        except (struct.error, ValueError):
            continue
        if tag in _WITHIN.get(group, ()) and isinstance(value, int):
            value = _append_copy(file, header, exif, value, tag)
            type_ = _LONG8 if header.is_big else _LONG
        copy.tagtype[tag] = type_
        copy[tag] = value
    return _append(file, copy.tobytes(_end(file)))


def _end(file: IO[bytes]) -> int:
    """Where the next piece begins: at an even position, as TIFF wants it."""
    end = file.seek(0, os.SEEK_END)
    return end + end % 2


def _append(file: IO[bytes], data: bytes) -> int:
    position = _end(file)
    file.seek(position)
    file.write(data)
    return position
