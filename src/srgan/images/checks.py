"""The limit on pixels in place of Pillow's, and damage in our own words."""

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
    """Damage to a file, described for people."""


JPEG_PIXELS_A_BYTE = 8 * 64
"""Each block of 8x8 pixels takes at least one bit, even in a picture of one colour."""

# Pillow keeps its limit on pixels, and Python its warning filters, in globals.
_globals_lock = threading.Lock()


def length_of(file: IO[bytes]) -> int:
    """Returns the length of an open file in bytes."""
    return file.seek(0, os.SEEK_END)


def check_length(length: int, size: tuple[int, int], most: float) -> None:
    """Refuses a file that cannot hold as many pixels as it says, before any are allocated.

    Args:
        length: the file's, in bytes.
        size: (width, height).
        most: pixels that one byte of the file can stand for.

    Raises:
        DamageError: if the file is too short.
    """
    width, height = size
    if width * height > most * length:
        raise DamageError("it is too short for its size")


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Turns off Pillow's own limit on pixels (``check_size`` has ours) and its warnings about odd tags."""
    with _globals_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


@contextmanager
def quiet_libtiff() -> Iterator[None]:
    """Keeps the messages of Pillow's libtiff off stderr, for which it has no option."""
    with _globals_lock, Path(os.devnull).open("wb") as nowhere:
        try:
            stderr = os.dup(2)
        except OSError:  # it is closed
            yield
            return
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def check_size(name: str | Path, size: tuple[int, int], max_pixels: int) -> None:
    """Refuses a (width, height) without pixels or with more than ``max_pixels``.

    Raises:
        ImageError: saying how many pixels the limit would have to allow.
    """
    width, height = size
    if width <= 0 or height <= 0:
        raise ImageError(f"{name}: has no pixels ({width}x{height})")
    if width * height > max_pixels:
        raise ImageError(f"{name}: {beyond_limit(size, max_pixels)}", field="max_pixels")


def beyond_limit(size: tuple[int, int], max_pixels: int) -> str:
    """Says that a (width, height) is more than the limit, and how to go on."""
    width, height = size
    return (
        f"{width}x{height} is more than the limit of {max_pixels:,} pixels; if you trust the file, raise the "
        f"limit to {width * height}"
    )
