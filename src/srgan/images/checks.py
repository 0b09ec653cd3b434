"""The limit on pixels, Pillow without its own, and damage in our own words."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image

from srgan.errors import ImageError


class DamageError(ValueError):
    """What is wrong with a file, for people to read."""


_MOST_COMPRESSED = 2731  # LZW: strings of 4096 bytes in codes of 12 bits; zlib: 1032

# Pillow keeps its limit on pixels, and Python its warning filters, in globals.
_globals_lock = threading.Lock()


def check_length(file: IO[bytes], size: tuple[int, int]) -> None:
    """Refuses a TIFF or PNG that cannot hold as many pixels, before any are allocated.

    Raises:
        DamageError: if it is shorter than one bit a pixel takes, compressed as far as LZW and zlib can.
    """
    width, height = size
    if width * height > 8 * _MOST_COMPRESSED * file.seek(0, os.SEEK_END):
        raise DamageError("it is too short for its size")


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Pillow without its own limit on pixels (``check_size`` has ours) and its warnings about odd tags."""
    with _globals_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def check_size(name: str | Path, size: tuple[int, int], max_pixels: int) -> None:
    """Refuses a (width, height) without pixels or with more than ``max_pixels``.

    Raises:
        ImageError: saying how many pixels the limit would have to allow.
    """
    width, height = size
    if width <= 0 or height <= 0:
        raise ImageError(f"{name}: has no pixels ({width}x{height})")
    if width * height > max_pixels:
        raise ImageError(
            f"{name}: {width}x{height} is more than the limit of {max_pixels:,} pixels; if you trust the "
            f"file, raise the limit to {width * height}",
            field="max_pixels",
        )
