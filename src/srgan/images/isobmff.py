"""Reads boxes (ISO/IEC 14496-12), and from an AVIF or HEIC (23008-12) what decoders do not pass on."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from srgan.images.colour import Colour

_MOST_BYTES = 16 * 2**20  # of the boxes before the pixels
_FULL_BOXES = {b"meta"}  # with four bytes before their content
_ON_THE_WAY = {b"meta", b"iprp", b"ipco"}


@dataclass(frozen=True, kw_only=True)
class Described:
    """What a file says about its pixels: colours (None for sRGB, or nothing said), and bits of a sample."""

    colour: Colour | None
    bits: int


def described(file: IO[bytes]) -> Described:
    """Reads the first properties of a picture; none where boxes are damaged."""
    file.seek(0)
    colour, bits = None, 8
    for kind, data in reversed(list(_properties(file.read(_MOST_BYTES)))):
        if kind == b"colr" and data[:4] == b"nclx" and len(data) >= 8:
            colour = Colour.from_codes(*struct.unpack_from(">HH", data, 4))
        elif kind == b"pixi" and len(data) > 5:
            bits = data[5]
    return Described(colour=colour, bits=bits)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields the kind and the content of each box; a damaged size ends them, a content may be cut short."""
    position = 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        start = position + 8
        if length == 1 and position + 16 <= len(data):
            (length,) = struct.unpack_from(">Q", data, position + 8)
            start = position + 16
        end = len(data) if length == 0 else position + length
        if end < start:
            return
        yield kind, data[start:end]
        position = end


def _properties(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields the boxes, and those within the ones that lead to the properties."""
    for kind, content in boxes(data):
        yield kind, content
        if kind in _ON_THE_WAY:
            yield from _properties(content[4:] if kind in _FULL_BOXES else content)
