"""A TIFF's metadata: read if libvips decodes the file, and added if libvips wrote it."""

from __future__ import annotations

import io
import os
import struct
from typing import IO

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from srgan.images.checks import quiet_pillow
from srgan.images.metadata import DESCRIPTIVE_TAGS, DIRECTORY_TAGS, unchanged
from srgan.images.tiff_directory import Header

_EXIF, _INTEROPERABILITY = 0x8769, 0xA005
_WITHIN = {None: DIRECTORY_TAGS, _EXIF: (_INTEROPERABILITY,)}  # which directories hold which
_IPTC, _UNDEFINED = 33723, 7
_LONG, _LONG8 = 4, 16  # the types of a position in a classic TIFF and in a BigTIFF


def read_tags(file: IO[bytes], directory: int) -> Image.Exif:
    """Returns the tags of a TIFF's directory; those of directories within it are read as they are asked for.

    Raises:
        struct.error: if the file is cut short.
    """
    header = Header.read(file)
    tags = Image.Exif()
    tags.endian, tags.bigtiff = header.order, header.is_big
    if header.is_big and header.order == ">":  # which Pillow does not read
        block = header.classic(file, directory, (*DIRECTORY_TAGS, _INTEROPERABILITY))
        tags.bigtiff = False
        tags.load_from_fp(io.BytesIO(block), int.from_bytes(block[4:8], "big"))
    else:
        tags.load_from_fp(file, directory)
    return tags


def add_exif(file: IO[bytes], exif: bytes | None, iptc: bytes | None = None) -> None:
    """Adds EXIF and IPTC to a TIFF of one picture, classic or BigTIFF, without reading its pixels.

    The block's entries about the picture, its EXIF and its GPS directory are appended to the file, with a new
    first directory that also has the entries of the old one. Entries about the layout of the file that the
    block came from are left out. Makers' notes are copied as they are.

    Args:
        file: the file, opened to read and write; changed in place, and still valid if this fails midway.
        exif: the block from its byte-order mark on; what is damaged in it is left out.
        iptc: the records.

    Raises:
        OSError: if the file cannot be written.
    """
    with quiet_pillow():
        header = Header.read(file)
        entries = header.entries(file, header.directory)
        if exif is not None:
            (first,) = struct.unpack_from("<I" if exif[:1] == b"I" else ">I", exif, 4)
            directory = _append_copy(file, header, exif, first, None)
            entries = {**header.entries(file, directory), **entries}
        if iptc is not None:
            entries[_IPTC] = _append_bytes(file, header, _IPTC, iptc)
        merged = header.pack_count(len(entries)) + b"".join(entries[tag] for tag in sorted(entries))
        position = _append(file, merged + header.pack_position(0))
        file.seek(8 if header.is_big else 4)
        file.write(header.pack_position(position))


def _append_copy(file: IO[bytes], header: Header, exif: bytes, position: int, group: int | None) -> int:
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
        copy[tag] = unchanged(value)
    return _append(file, copy.tobytes(_end(file)))


def _append_bytes(file: IO[bytes], header: Header, tag: int, data: bytes) -> bytes:
    """Appends bytes of any meaning; returns the entry that leads to them."""
    padded = data.ljust(9, b"\0")  # shorter ones would stand in the entry itself
    position = header.pack_position(_append(file, padded))
    count = struct.pack(f"{header.order}{'Q' if header.is_big else 'I'}", len(padded))
    return struct.pack(f"{header.order}HH", tag, _UNDEFINED) + count + position


def _end(file: IO[bytes]) -> int:
    """Returns where the next piece begins: at an even position, as TIFF wants it."""
    end = file.seek(0, os.SEEK_END)
    return end + end % 2


def _append(file: IO[bytes], data: bytes) -> int:
    position = _end(file)
    file.seek(position)
    file.write(data)
    return position
