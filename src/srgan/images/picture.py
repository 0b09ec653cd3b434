"""A picture in memory, with what its file said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.images.alpha import fill_transparent


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture, upright, in the project's pixel convention.

    Attributes:
        pixels: (height, width, 3), uint8 or uint16, RGB, C-contiguous. Fully transparent pixels carry
            the colours near them.
        alpha: (height, width) of the same type, 0 transparent; None where the file has no transparency.
        bands: 1 where the file holds one grey channel (besides alpha), else 3.
        grey: every pixel has red = green = blue.
        icc_profile: the colour profile of the pixels: an RGB one, or a grey one where ``bands`` is 1.
        exif: the EXIF block from its byte-order mark on, with the orientation reset to 1.
        dpi: pixels per inch, (horizontal, vertical).
        xmp: the XMP packet.
        iptc: the IPTC records.
        texts: other texts, by their keywords, as in PNG.
        notes: what else the file had that could not be read, a sentence each.
    """

    pixels: NDArray[Any]
    alpha: NDArray[Any] | None = None
    bands: int = 3
    grey: bool = False
    icc_profile: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @classmethod
    def from_array(
        cls,
        array: NDArray[Any],
        *,
        icc_profile: bytes | None = None,
        exif: bytes | None = None,
        dpi: tuple[float, float] | None = None,
    ) -> Picture:
        """Makes a picture of grey, grey + alpha, RGB or RGBA samples.

        Args:
            array: (height, width) or (height, width, 1 to 4), uint8 or uint16.
            icc_profile: kept if it is for as many colours as the array has.
            exif: as in the attribute.
            dpi: as in the attribute.

        Raises:
            ValueError: if the array has another shape or type, or no pixels.
        """
        if array.ndim == 2:
            array = array[..., None]
        if array.ndim != 3 or not 1 <= array.shape[2] <= 4 or array.size == 0:
            raise ValueError(f"expected (height, width, 1 to 4) samples, got the shape {array.shape}")
        if array.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"expected uint8 or uint16 samples, got {array.dtype}")
        bands = 1 if array.shape[2] <= 2 else 3
        pixels = np.ascontiguousarray(np.broadcast_to(array[..., :bands], (*array.shape[:2], 3)))
        alpha = None
        if array.shape[2] in (2, 4):
            alpha = np.ascontiguousarray(array[..., -1])
            pixels = fill_transparent(pixels, alpha)
        red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
        return cls(
            pixels=pixels,
            alpha=alpha,
            bands=bands,
            grey=bands == 1 or (np.array_equal(red, green) and np.array_equal(green, blue)),
            icc_profile=fitting_profile(icc_profile, bands),
            exif=exif,
            dpi=dpi,
        )


def fitting_profile(icc_profile: bytes | None, bands: int) -> bytes | None:
    """Returns the colour profile if it is for as many colours as there are, 1 or 3; else None."""
    space = b"GRAY" if bands == 1 else b"RGB "
    return icc_profile if icc_profile is not None and icc_profile[16:20] == space else None
