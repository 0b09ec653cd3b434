"""One raw photograph: whether it can serve for training, and its crop."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.cpu import cores
from srgan.datasets.fingerprint import Fingerprint
from srgan.datasets.sources import Entry
from srgan.errors import ImageError, shown
from srgan.images import MOST_PIXELS
from srgan.images.read import read_picture
from srgan.images.write import to_depth

_GREY_LEVELS = 8  # of 255 between the channels of a pixel: what JPEG and scanners add to grey
_COLOURED = 0.01  # share of the pixels that must differ by more in a picture with colours
_MOST_WORKERS = 16
_COMPRESSION = 3  # of 9: 2 % larger files than 6 in half the time


@dataclass(frozen=True, kw_only=True)
class PrepareOptions:
    """How a training set is made.

    Attributes:
        min_size: pixels that each side of a photograph must have.
        crop: side of the centre crop in pixels; 0 keeps whole pictures.
        limit: most pictures to keep, or None.
        validation: share of the pictures to validate on, in [0, 1).
        seed: decides how the set is split.
        max_pixels: a photograph with more is refused before it is decoded.
    """

    min_size: int = 360
    crop: int = 256
    limit: int | None = None
    validation: float = 0.2
    seed: int = 0
    max_pixels: int = MOST_PIXELS


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a photograph's own file shows, whatever else is in the set.

    Attributes:
        name, size, stamp: as in :class:`~srgan.datasets.sources.Entry`.
        status: whether it can serve, or why not.
        reason: why it cannot serve, in words.
        picture_size: (width, height), upright.
        sha256: the file's.
        pixels: a hash of the pixels, whatever the file's format.
        fingerprint: of the pixels, as :meth:`~srgan.datasets.fingerprint.Fingerprint.to_text` gives it.
        box: (left, top, right, bottom) of the crop.
        crop_bytes: size of the crop's PNG file.
    """

    name: str
    size: int
    stamp: int
    status: Literal["usable", "too_small", "grey", "damaged", "unsafe"]
    reason: str | None = None
    picture_size: tuple[int, int] | None = None
    sha256: str = ""
    pixels: str = ""
    fingerprint: str = ""
    box: tuple[int, int, int, int] | None = None
    crop_bytes: int = 0


def examine(entry: Entry, file: Path, options: PrepareOptions) -> tuple[Facts, bytes | None]:
    """Reads a photograph and cuts its centre out.

    Returns:
        its facts, and the crop as a lossless PNG file, 8-bit RGB, if it can serve.
    """
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        pixels = to_depth(read_picture(file, max_pixels=options.max_pixels).pixels, np.dtype(np.uint8))
    except ImageError as error:
        return damaged(entry, str(error).removeprefix(f"{shown(str(file))}: ")), None
    except Exception as error:  # decoders raise anything on broken files; the others must go on
        return damaged(entry, f"cannot be read ({type(error).__name__}: {error})"), None
    height, width = pixels.shape[:2]

    facts = Facts(
        name=entry.name,
        size=entry.size,
        stamp=entry.stamp,
        status="usable",
        picture_size=(width, height),
        sha256=digest,
    )
    if min(width, height) < options.min_size:
        reason = f"{width}x{height} is smaller than {options.min_size} pixels"
        return replace(facts, status="too_small", reason=reason), None
    if is_grey(pixels):
        return replace(facts, status="grey", reason="has no colours"), None
    across, down = (options.crop, options.crop) if options.crop else (width, height)
    left, top = (width - across) // 2, (height - down) // 2
    crop = Image.fromarray(np.ascontiguousarray(pixels[top : top + down, left : left + across]))
    file_of_crop = io.BytesIO()
    crop.save(file_of_crop, "PNG", compress_level=_COMPRESSION)
    facts = replace(
        facts,
        pixels=hash_pixels(pixels),
        fingerprint=Fingerprint.of(pixels).to_text(),
        box=(left, top, left + across, top + down),
        crop_bytes=file_of_crop.tell(),
    )
    return facts, file_of_crop.getvalue()


def damaged(entry: Entry, reason: str) -> Facts:
    """Returns the facts of a picture that cannot be read."""
    return Facts(
        name=entry.name,
        size=entry.size,
        stamp=entry.stamp,
        status="damaged",
        reason=" ".join(reason.split()),
    )


def picture_workers() -> int:
    """Returns the number of threads for pictures: one per core, but few, as each may hold a large one."""
    return min(cores(), _MOST_WORKERS)


def is_grey(pixels: NDArray[np.uint8]) -> bool:
    """Returns whether fewer than 1 % of the pixels have channels that differ by more than 8 of 255 levels.

    Args:
        pixels: (height, width, 3), uint8.
    """
    red, green, blue = (pixels[..., channel] for channel in range(3))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return bool(np.count_nonzero(spread > _GREY_LEVELS) < _COLOURED * spread.size)


def hash_pixels(pixels: NDArray[np.uint8]) -> str:
    """Returns a hash, the same for pictures of one size whose pixels (height, width, 3) are all equal."""
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
