"""Samples of an opened file: whatever its mode, grey or RGB with or without alpha, 8 or 16 bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from srgan.errors import ImageError
from srgan.images.cmyk import srgb_of


def is_cut_by_pillow(image: ImageFile.ImageFile) -> bool:
    """Returns whether a PNG has 16-bit samples in several channels, which Pillow would reduce to 8 bits.

    Decided by what Pillow read from the file's header.
    """
    layout = image.tile[0].args if image.tile else ""
    mode = layout[0] if isinstance(layout, tuple) and layout else layout
    if not isinstance(mode, str):
        return False
    if mode.startswith("I;16"):  # Pillow keeps these; but not their transparent colour
        return "transparency" in image.info
    return mode.startswith(("RGB;16", "RGBA;16", "LA;16"))


def decode(name: str | Path, image: Image.Image) -> NDArray[Any]:
    """Decodes an opened file with Pillow.

    Returns:
        (height, width, 1 to 4), uint8 or uint16: grey, grey + alpha, RGB or RGBA.

    Raises:
        ImageError: if its samples are of another kind.
        OSError, ValueError, SyntaxError: if it is damaged.
    """
    image.load()
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)[..., None]
    if image.mode in ("I", "F"):
        raise ImageError(f"{name}: has 32-bit samples; save it with 8 or 16 bits")
    if image.mode in ("CMYK", "LAB"):
        return np.asarray(srgb_of(image))
    has_alpha = image.has_transparency_data
    is_grey = image.mode in ("1", "L", "LA", "La")
    mode = ("LA" if has_alpha else "L") if is_grey else ("RGBA" if has_alpha else "RGB")
    array = np.asarray(image.convert(mode))
    return array[..., None] if array.ndim == 2 else array
