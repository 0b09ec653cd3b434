"""Chunks of a PNG (W3C, third edition): those with pixels for the decoder, the others understood here."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from srgan.images.checks import length_of
from srgan.images.colour import SRGB, Colour
from srgan.images.photoshop import iptc_of

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END = bytes.fromhex("0000000049454e44ae426082")
_OF_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT", b"pHYs"}
_XMP = "XML:com.adobe.xmp"
_RAW_PROFILE = "Raw profile type "


@dataclass(kw_only=True)
class PngParts:
    """A PNG taken apart.

    Attributes:
        plain: the file with the chunks that make up its pixels, and its resolution.
        grey_step: what a step of a grey sample becomes in 8 bits; 1 for 8 bits and more, and for colours.
        bits: bits of a pixel, all its samples together.
        icc_profile: the embedded profile.
        colour: what other chunks say; None if nothing.
        exif, xmp, iptc: the embedded metadata.
        texts: other texts, by their keywords.
        lost: what was there but is damaged, or too large.
        budget: how many bytes texts and profiles may still inflate to.
    """

    plain: IO[bytes] = field(default_factory=io.BytesIO)
    grey_step: int = 1
    bits: int = 1
    icc_profile: bytes | None = None
    colour: Colour | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    texts: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    budget: int = 32 * 2**20

    def inflated(self, data: bytes) -> bytes | None:
        """Returns what a zlib stream holds; None where it is damaged or too large."""
        inflater = zlib.decompressobj()
        try:
            result = inflater.decompress(data, self.budget) if self.budget > 0 else b""
        except zlib.error:
            return None
        self.budget -= len(result)
        return result if inflater.eof else None


def take_apart(file: IO[bytes]) -> PngParts:
    """Reads all chunks; damaged ones without pixels are left out."""
    parts, found = PngParts(), dict[bytes, bytes]()
    parts.plain.write(_SIGNATURE)
    for kind, data, raw, is_sound in _chunks(file):
        if kind == b"acTL" and found.keys() & {b"acTL", b"IDAT"}:  # Pillow warns of it on stderr
            parts.lost.append("a part in a wrong place ('acTL')")
            continue
        if kind in _OF_PIXELS and (is_sound or kind[0] < ord("a")):
            parts.plain.write(raw)
        elif not is_sound and kind[0] >= ord("a"):
            parts.lost.append(f"a damaged part ({kind.decode('latin-1')!r})")
            continue
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            _take_text(parts, kind, data)
        elif kind != b"fdAT":
            found.setdefault(kind, b"" if kind == b"IDAT" else data)
    if b"IEND" not in found:
        parts.plain.write(_END)
        parts.lost.append("its end mark")
    if len(header := found.get(b"IHDR", b"")) >= 10:
        depth, colours = header[8], header[9]
        parts.grey_step = {2: 85, 4: 17}.get(depth, 1) if colours == 0 else 1
        parts.bits = max(1, depth) * {2: 3, 4: 2, 6: 4}.get(colours, 1)
    parts.exif = found.get(b"eXIf", parts.exif)
    parts.colour = _colour_of(found)
    if b"iCCP" in found and b"cICP" not in found:
        parts.icc_profile = parts.inflated(found[b"iCCP"].partition(b"\0")[2][1:])
        if parts.icc_profile is None:
            parts.lost.append("its colour profile")
    parts.plain.seek(0)
    return parts


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bytes, bytes, bool]]:
    """Yields each chunk's kind, its data, the whole chunk, and whether its checksum is right."""
    end = length_of(file)
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        data, check = file.read(min(length, end - file.tell())), file.read(4)
        is_sound = len(check) == 4 and zlib.crc32(kind + data) == int.from_bytes(check, "big")
        yield kind, data, head + data + check, is_sound
        if kind == b"IEND":
            return


def _take_text(parts: PngParts, kind: bytes, data: bytes) -> None:
    raw_keyword, _, rest = data.partition(b"\0")
    keyword = raw_keyword.decode("latin-1")
    content: bytes | None = rest
    if kind == b"zTXt":
        content = parts.inflated(rest[1:])
    elif kind == b"iTXt":
        compressed, rest = rest[:1], rest[2:]
        content = rest.split(b"\0", 2)[-1]
        content = parts.inflated(content) if compressed == b"\1" else content
    if content is None:
        parts.lost.append(f"the text {keyword!r}")
    elif keyword == _XMP:
        parts.xmp = content
    elif keyword.startswith(_RAW_PROFILE):
        _take_raw_profile(parts, keyword.removeprefix(_RAW_PROFILE), content)
    else:
        parts.texts[keyword] = content.decode("utf-8" if kind == b"iTXt" else "latin-1", "replace")


def _take_raw_profile(parts: PngParts, kind: str, content: bytes) -> None:
    """Reads ImageMagick's form, older than PNG's eXIf: a name, a length, and hexadecimal digits."""
    names = {"exif": "its EXIF", "APP1": "its EXIF", "iptc": "its IPTC", "8bim": "its IPTC", "xmp": "its XMP"}
    if kind not in names:
        return
    try:
        block = bytes.fromhex("".join(content.decode("ascii").split()[2:]))
    except ValueError:
        parts.lost.append(names[kind])
        return
    if kind in ("iptc", "8bim"):
        parts.iptc = iptc_of(block)
    elif kind == "xmp":
        parts.xmp = block
    elif not block.startswith(b"http"):  # XMP goes by APP1 too
        parts.exif = block


def _colour_of(found: dict[bytes, bytes]) -> Colour | None:
    """Returns the colours: cICP overrides sRGB, and that gAMA and cHRM."""
    if len(coded := found.get(b"cICP", b"")) >= 2:
        return Colour.from_codes(coded[0], coded[1])
    if b"sRGB" in found:
        return SRGB
    gamma, chromaticities = None, SRGB.chromaticities
    if len(data := found.get(b"gAMA", b"")) == 4 and 0 < (value := int.from_bytes(data, "big")) < 10**7:
        gamma = 100_000 / value
    if len(data := found.get(b"cHRM", b"")) == 32:
        chromaticities = tuple(value / 100_000 for value in struct.unpack(">8I", data))
    if gamma is None and b"cHRM" not in found:
        return None
    # Encoders that mean sRGB write 1 / 2.2.
    usual = gamma is None or abs(gamma - 2.2) < 0.01
    return Colour(chromaticities=chromaticities, gamma=None if usual else gamma)
