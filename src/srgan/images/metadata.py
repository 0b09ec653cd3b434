"""Reads what a file says besides its pixels: orientation, EXIF, resolution."""

from __future__ import annotations

import math
import struct
from typing import Any

from numpy.typing import NDArray
from PIL import Image

ORIENTATION = 0x0112
_RESOLUTION, _RESOLUTION_UNIT = (0x011A, 0x011B), 0x0128
# What a TIFF's own directory says about the picture rather than about the layout of that file.
DESCRIPTIVE_TAGS = (0x010E, 0x010F, 0x0110, ORIENTATION, 0x0131, 0x0132, 0x013B, 0x8298)
DIRECTORY_TAGS = (0x8769, 0x8825)  # EXIF, GPS


def settle_exif(exif: bytes) -> tuple[bytes | None, int]:
    """Takes the orientation out of an EXIF block.

    Only the orientation and the link to the embedded thumbnail (small, and not turned) are changed, in
    place, so that makers' notes keep their offsets.

    Args:
        exif: the block, with or without the ``Exif\\0\\0`` that JPEG puts before it.

    Returns:
        The block from its byte-order mark on, with orientation 1 (None if it is damaged), and the
        orientation it had, 1 to 8.
    """
    body = bytearray(exif.removeprefix(b"Exif\0\0"))
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(body[:4]))
    if order is None:
        return None, 1
    orientation = 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", body, 4)
        (count,) = struct.unpack_from(f"{order}H", body, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            (tag,) = struct.unpack_from(f"{order}H", body, entry)
            if tag == ORIENTATION:
                (orientation,) = struct.unpack_from(f"{order}H", body, entry + 8)
                struct.pack_into(f"{order}H", body, entry + 8, 1)
        struct.pack_into(f"{order}I", body, directory + 2 + 12 * count, 0)
    except struct.error:
        return None, 1
    return bytes(body), orientation if 1 <= orientation <= 8 else 1


def upright(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turns (height, width, ...) samples as an EXIF orientation (1 to 8) asks; 5 to 8 swap the sides."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array


def exif_of(image: Image.Image) -> bytes | None:
    """Returns the EXIF block of a Pillow image; None if it has none, or a damaged one."""
    if image.format == "TIFF":
        return exif_of_tags(image.getexif())
    if raw := image.info.get("exif"):
        return bytes(raw)
    try:  # a PNG may hold it as text, an older custom
        return image.getexif().tobytes() if image.getexif() else None
    except ValueError:
        return None


def exif_of_tags(tags: Image.Exif) -> bytes | None:
    """Returns a TIFF's tags about its picture as an EXIF block; None if there are none."""
    kept = Image.Exif()
    for tag in DESCRIPTIVE_TAGS:
        if tag in tags:
            kept[tag] = unchanged(tags[tag])
    for tag in DIRECTORY_TAGS:
        if directory := tags.get_ifd(tag):
            kept.get_ifd(tag).update({inner: unchanged(value) for inner, value in directory.items()})
    return kept.tobytes() if len(kept) else None


def unchanged(value: Any) -> Any:
    """Returns a tag's value so that Pillow writes its original bytes: UTF-8 texts are not ASCII."""
    return value.encode("latin-1") if isinstance(value, str) and not value.isascii() else value


def dpi_of(image: Image.Image) -> tuple[float, float] | None:
    """Returns pixels per inch, (horizontal, vertical), where the file states them."""
    stated = image.info.get("dpi")
    return None if stated is None else _sensible(float(stated[0]), float(stated[1]))


def dpi_of_tags(tags: Image.Exif) -> tuple[float, float] | None:
    """Returns pixels per inch, (horizontal, vertical), where a TIFF's first directory states them."""
    inches = {2: 1.0, 3: 1 / 2.54}.get(tags.get(_RESOLUTION_UNIT, 2))
    if inches is None or not all(tag in tags for tag in _RESOLUTION):
        return None
    horizontal, vertical = (float(tags[tag]) / inches for tag in _RESOLUTION)
    return _sensible(horizontal, vertical)


def dpi_of_exif(exif: bytes) -> tuple[float, float] | None:
    """Returns pixels per inch, (horizontal, vertical), where an EXIF block states them."""
    tags = Image.Exif()
    try:
        tags.load(exif)
        return dpi_of_tags(tags)
    except (ValueError, TypeError, ArithmeticError, SyntaxError, struct.error):
        return None


def _sensible(horizontal: float, vertical: float) -> tuple[float, float] | None:
    # Some programs write 0 or 1 for "unknown".
    valid = all(math.isfinite(value) and value > 1 for value in (horizontal, vertical))
    return (horizontal, vertical) if valid else None
