"""Estimates the quality that a JPEG file was saved with, by its quantisation tables."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.images.checks import DamageError, quiet_pillow
from srgan.images.recognise import explained


def jpeg_quality(path: Path) -> int:
    """Returns the quality, from 1 to 100, whose luminance table is nearest to a JPEG file's.

    Exact for files with the tables of the Independent JPEG Group, scaled as libjpeg does, which most programs
    use; an estimate for others, such as cameras' and Photoshop's. It is that of the last save: no table shows
    earlier ones.

    Args:
        path: a JPEG file.

    Raises:
        ImageError: if it cannot be read, or has no tables.
    """
    with explained(path):
        with quiet_pillow():
            opened = Image.open(path, formats=["JPEG"])
        with opened:
            return int(np.abs(_tables_of_libjpeg() - _luminance_table(opened)).sum(axis=1).argmin()) + 1


def _luminance_table(image: Image.Image) -> NDArray[np.int64]:
    """Returns the 64 steps of a JPEG file's luminance, whose table is its first."""
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    if not tables:
        raise DamageError("no quantisation tables")
    return np.array(tables[min(tables)])


@cache
def _tables_of_libjpeg() -> NDArray[np.int64]:
    """Returns libjpeg's luminance tables for the qualities from 1 to 100: (100, 64)."""
    tables = []
    for quality in range(1, 101):
        file = io.BytesIO()
        Image.new("L", (8, 8)).save(file, "JPEG", quality=quality)
        with Image.open(file, formats=["JPEG"]) as image:
            tables.append(_luminance_table(image))
    return np.array(tables)
