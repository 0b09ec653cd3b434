"""Names what a format has no place for."""

from __future__ import annotations

import numpy as np

from srgan.images.formats import FORMATS
from srgan.images.picture import Picture

JPEG_SEGMENT = 65_000
"""The most bytes of EXIF, XMP or IPTC that fit into a JPEG's segment, with some to spare for its head."""


def losses(picture: Picture, file_format: str) -> tuple[str, ...]:
    """Returns what a format of :data:`~srgan.images.formats.FORMATS`, or "gif", cannot hold of a picture."""
    lost = []
    known = FORMATS.get(file_format)
    white = np.iinfo(picture.pixels.dtype).max
    if picture.alpha is not None and known is not None and not known.alpha and picture.alpha.min() < white:
        lost.append("transparency (laid over white)")
    if picture.alpha is not None and known is None and not np.isin(picture.alpha, (0, white)).all():
        lost.append("partial transparency")
    if picture.pixels.dtype == np.uint16 and (known is None or not known.deep):
        lost.append("16 bits (rounded to 8)")
    if known is None:
        held = {"the colour profile": picture.icc_profile, "EXIF": picture.exif, "XMP": picture.xmp}
        lost += [name for name, value in held.items() if value is not None]
        lost += ["the resolution"] if picture.dpi is not None else []
    if picture.iptc is not None and (known is None or not known.iptc):
        lost.append("IPTC")
    if file_format == "jpg":
        long = {"EXIF": picture.exif, "XMP": picture.xmp, "IPTC": picture.iptc}
        lost += [f"so much {name}" for name, value in long.items() if len(value or b"") > JPEG_SEGMENT]
    if file_format != "png" and picture.texts:
        lost.append(f"the texts {', '.join(sorted(picture.texts))}")
    return tuple(lost)
