"""What a picture file carries besides its pixels, from each format's own places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO, Any

from PIL import Image

from srgan.images.checks import quiet_pillow
from srgan.images.cmyk import is_usable
from srgan.images.colour import Colour
from srgan.images.isobmff import described
from srgan.images.metadata import dpi_of, dpi_of_exif, dpi_of_tags, exif_of_tags, settle_exif
from srgan.images.photoshop import iptc_of
from srgan.images.picture import fitting_profile
from srgan.images.png import PngParts
from srgan.images.tiff import read_tags
from srgan.images.tiff_layout import TiffLayout

_XMP, _IPTC, _PHOTOSHOP, _ICC = 700, 33723, 34377, 34675
_GEOGRAPHIC = {33550, 33922, 34264, 34735}  # GeoTIFF: where pixels are on the earth
_TURNED = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>)\s*)[1-8]")


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What a file says besides its pixels.

    Attributes:
        icc_profile: the colour profile, of whatever space.
        colour: what numbers say about the colours, if there is no profile; None for sRGB, or nothing said.
        exif: the EXIF block from its byte-order mark on, with the orientation reset to 1.
        orientation: 1 to 8, how the pixels are still to be turned.
        dpi: pixels per inch, (horizontal, vertical), before they are turned.
        xmp: the XMP packet, with the orientation reset to 1.
        iptc: the IPTC records.
        texts: other texts of a PNG, by their keywords.
        notes: what was there but could not be read, a sentence each.
    """

    icc_profile: bytes | None = None
    colour: Colour | None = None
    exif: bytes | None = None
    orientation: int = 1
    dpi: tuple[float, float] | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    texts: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def hdr(self) -> Colour | None:
        """The colours, if they are to be converted from HDR."""
        is_hdr = self.colour is not None and self.colour.hdr is not None and self.icc_profile is None
        return self.colour if is_hdr else None

    def turned(self) -> Carried:
        """Returns the same for pixels that stand upright already."""
        dpi = self.dpi[::-1] if self.dpi is not None and self.orientation >= 5 else self.dpi
        return replace(self, orientation=1, dpi=dpi)

    def profile_for(self, *, is_grey: bool) -> bytes | None:
        """Returns the profile of the pixels after any conversion."""
        if self.icc_profile is None and self.colour is not None and self.hdr is None:
            return self.colour.icc_profile(is_grey=is_grey)
        return fitting_profile(self.icc_profile, 1 if is_grey else 3)

    def notes_for(self, *, is_grey: bool) -> tuple[str, ...]:
        """Returns the notes about the picture."""
        if self.hdr is not None:
            return (*self.notes, "its colours are HDR; they are converted to sRGB")
        is_known = self.icc_profile is None or self.icc_profile[16:20] not in (b"RGB ", b"GRAY")
        if is_known or self.profile_for(is_grey=is_grey) is not None:
            return self.notes
        return (*self.notes, "left out: its colour profile, which is for other colours than it has")


def carried_by(image: Image.Image, file: IO[bytes]) -> Carried:
    """Returns what Pillow found in a JPEG, WebP, BMP, AVIF or HEIC, and in the boxes of the last two."""
    info = image.info
    colour, lost = None, list[str]()
    if image.format in ("AVIF", "HEIF"):
        colour = described(file).colour
    lost += _beside(image)
    resources: Any = info.get("photoshop")
    iptc = resources.get(0x0404) if isinstance(resources, dict) else None
    # Where JFIF states none, Pillow gives a JPEG the EXIF's horizontal one twice.
    is_stated = image.format not in ("JPEG", "MPO") or info.get("jfif_unit") in (1, 2)
    return _settled(
        lost,
        exif=info.get("exif"),
        icc_profile=info.get("icc_profile"),
        colour=colour,
        dpi=dpi_of(image) if is_stated else None,
        xmp=info.get("xmp"),
        iptc=iptc if isinstance(iptc, bytes) else None,
    )


def bits_of(image: Image.Image, file: IO[bytes]) -> int:
    """Returns the bits of a sample of an AVIF or HEIC; 8 for other formats."""
    if image.format == "HEIF":
        return int(image.info.get("bit_depth") or 8)
    return described(file).bits if image.format == "AVIF" else 8


def _beside(image: Image.Image) -> Iterator[str]:
    """Yields what a file holds besides the picture that is not a frame of it."""
    count = getattr(image, "n_frames", 1)
    if image.format in ("HEIF", "MPO") and count > 1:
        yield f"all but the main one of {count} pictures"
    if image.info.get("depth_images"):
        yield "its depth map"
    if image.format in ("JPEG", "MPO") and image.info.get("comment"):
        yield "its comment"


def carried_by_png(image: Image.Image, parts: PngParts) -> Carried:
    """Returns what the chunks of a PNG say."""
    return _settled(
        parts.lost,
        exif=parts.exif,
        icc_profile=parts.icc_profile,
        colour=parts.colour,
        dpi=dpi_of(image),
        xmp=parts.xmp,
        iptc=parts.iptc,
        texts=parts.texts,
    )


def carried_by_tiff(file: IO[bytes], layout: TiffLayout) -> Carried:
    """Returns what the tags of a TIFF's page say."""
    with quiet_pillow():
        tags = read_tags(file, layout.directory)
        exif, dpi = exif_of_tags(tags), dpi_of_tags(tags)
        iptc, resources = (_bytes_of(tags.get(tag), tags.endian) for tag in (_IPTC, _PHOTOSHOP))
        iptc = iptc_of(iptc or b"") or iptc_of(resources or b"")
        xmp, profile = (_bytes_of(tags.get(tag), tags.endian) for tag in (_XMP, _ICC))
    lost = [f"all but the first of {layout.pages} pages"] if layout.pages > 1 else []
    unknown = layout.samples - layout.colours - (layout.alpha is not None)
    lost += ["its place on a map"] if _GEOGRAPHIC & {*tags} else []
    lost += [f"samples beside the colours, {unknown} a pixel"] if unknown else []
    return _settled(lost, exif=exif, icc_profile=profile, dpi=dpi, xmp=xmp, iptc=iptc)


def _bytes_of(value: Any, order: str | None) -> bytes | None:
    """Returns the bytes of a tag; Photoshop calls those of IPTC long integers."""
    if isinstance(value, tuple) and value and all(isinstance(number, int) for number in value):
        return b"".join(number.to_bytes(4, "big" if order == ">" else "little") for number in value)
    if isinstance(value, str):
        return value.encode("latin-1", "replace")
    return value if isinstance(value, bytes) and value else None


def _settled(
    lost: list[str], *, exif: bytes | None, dpi: tuple[float, float] | None, **others: Any
) -> Carried:
    orientation = 1
    settled = None
    if exif:
        settled, orientation = settle_exif(exif)
        if settled is None:
            lost = [*lost, "its EXIF, which is damaged"]
        elif dpi is None:
            with quiet_pillow():
                dpi = dpi_of_exif(settled)
    xmp, profile = others.pop("xmp"), others.pop("icc_profile")
    if profile is not None and not is_usable(profile):
        lost, profile = [*lost, "its colour profile, which is damaged"], None
    return Carried(
        icc_profile=profile,
        exif=settled,
        orientation=orientation,
        dpi=dpi,
        xmp=_TURNED.sub(rb"\g<1>1", xmp) if xmp else None,
        notes=(f"left out: {'; '.join(dict.fromkeys(lost))}",) if lost else (),
        **others,
    )
