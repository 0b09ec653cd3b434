"""A folder's pictures, looked at one by one on all cores, whatever state they are in."""

from __future__ import annotations

import math
import stat
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from srgan.datasets.copies import Look
from srgan.datasets.examine import hash_pixels, is_grey, picture_workers
from srgan.datasets.fingerprint import Fingerprint
from srgan.errors import DataError, ImageError, UsageError, shown
from srgan.events import Event, OnEvent
from srgan.images.jpeg_quality import jpeg_quality
from srgan.images.read import list_pictures, read_picture
from srgan.images.recognise import explained, sniff
from srgan.images.write import to_depth
from srgan.metrics.sharpness import sharpness

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    """Facts about one picture.

    Attributes:
        name: its path inside its folder, with ``/``.
        format: Pillow's name, by the file's content.
        bytes: of the file.
        width, height: in pixels, upright.
        grey: as :func:`~srgan.datasets.examine.is_grey` returns it.
        sharpness: as :func:`~srgan.metrics.sharpness.sharpness` gives it; None for less than 3 pixels a side.
        jpeg_quality: as :func:`~srgan.images.jpeg_quality.jpeg_quality` gives it; None for other formats.
    """

    name: str
    format: str
    bytes: int
    width: int
    height: int
    grey: bool
    sharpness: float | None
    jpeg_quality: int | None


@dataclass(kw_only=True)
class Survey:
    """What is in a folder.

    Attributes:
        folder: its path.
        facts: of the pictures that can be read, in the order of their names.
        looks: what they are recognised by.
        damaged: the others, and why they cannot be read.
        unlisted: folders inside it that cannot be listed.
    """

    folder: str
    facts: list[PictureFacts] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    damaged: list[tuple[str, str]] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)


def survey(folder: Path, *, max_pixels: int, on_event: OnEvent | None = None) -> Survey:
    """Looks at every picture in a folder and the folders below it.

    Args:
        folder: hidden files and folders in it are left out, and files without a picture's extension.
        max_pixels: a picture with more counts as damaged, and is not decoded.
        on_event: called after each picture, in "pictures read".

    Raises:
        UsageError: if there is no such folder.
        DataError: if it holds no pictures.
        ImageError: if it cannot be listed.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder")
    unlisted: list[Path] = []
    files = list_pictures(folder, recursive=True, on_error=unlisted.append)
    if folder in unlisted:
        raise ImageError(f"{folder}: cannot be listed; check its permissions")
    if not files:
        raise DataError(f"{folder}: holds no pictures (PNG, JPEG, WebP, TIFF, BMP, AVIF, HEIC, GIF)")
    found = Survey(folder=str(folder), unlisted=[path.relative_to(folder).as_posix() for path in unlisted])
    looked = on_all_cores(partial(_look_at, folder, max_pixels=max_pixels), files, on_event, "pictures read")
    for file, result in zip(files, looked, strict=True):
        if isinstance(result, str):
            found.damaged.append((file.relative_to(folder).as_posix(), result))
        else:
            found.facts.append(result[0])
            found.looks.append(result[1])
    return found


def on_all_cores(
    work: Callable[[_Item], _Result], items: Sequence[_Item], on_event: OnEvent | None, unit: str
) -> list[_Result]:
    """Returns the results of work on pictures, done by threads, in the order of the items.

    Args:
        work: called with each item.
        items: what to work on.
        on_event: called after each item.
        unit: the events' unit.
    """
    pool = ThreadPoolExecutor(picture_workers(), thread_name_prefix="look")
    results = []
    with warnings.catch_warnings():
        # Pillow's warnings about odd tags; damage is an error, and reported.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        try:
            for result in pool.map(work, items):
                results.append(result)
                if on_event is not None:
                    on_event(Event(done=len(results), total=len(items), unit=unit))
        finally:
            pool.shutdown(cancel_futures=True)
    return results


def read_pixels(file: Path, max_pixels: int) -> NDArray[np.uint8]:
    """Reads a picture as (H, W, 3), uint8.

    Raises:
        ImageError: if it is not a regular file, or cannot be read. Decoders raise other errors too.
    """
    with explained(file):
        # Opening a pipe would block forever.
        if not stat.S_ISREG(file.stat().st_mode):
            raise ImageError(f"{file}: is not a regular file")
    return to_depth(read_picture(file, max_pixels=max_pixels).pixels, np.dtype(np.uint8))


def _look_at(folder: Path, file: Path, *, max_pixels: int) -> tuple[PictureFacts, Look] | str:
    """Returns the facts about a picture, or why it cannot be read."""
    try:
        pixels = read_pixels(file, max_pixels)
        kind = sniff(file)
        quality = jpeg_quality(file) if kind == "JPEG" else None
        size = file.stat().st_size
    except ImageError as error:
        return str(error).removeprefix(f"{shown(str(file))}: ")
    except Exception as error:  # decoders raise anything on broken files; the others must go on
        return " ".join(f"cannot be read ({type(error).__name__}: {error})".split())
    name, value = file.relative_to(folder).as_posix(), sharpness(pixels)
    facts = PictureFacts(
        name=name,
        format=kind,
        bytes=size,
        width=pixels.shape[1],
        height=pixels.shape[0],
        grey=is_grey(pixels),
        sharpness=None if math.isnan(value) else round(value, 2),
        jpeg_quality=quality,
    )
    return facts, Look(name=name, pixels=hash_pixels(pixels), fingerprint=Fingerprint.of(pixels))
