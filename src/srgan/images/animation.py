"""Pictures that move: every frame of a GIF or WebP, and back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.errors import ImageError, UsageError
from srgan.events import Cancel, check
from srgan.images.decode import check_size, decode, quiet_pillow
from srgan.images.encode import encode
from srgan.images.formats import check_side
from srgan.images.metadata import exif_of, settle_exif, upright
from srgan.images.picture import Picture
from srgan.images.read import DEFAULT_MAX_PIXELS, explained, sniff
from srgan.images.spool import filled, spooled
from srgan.images.write import replacing

_LIMITS = {"gif": 65_535, "webp": 16_383}


@dataclass(frozen=True, kw_only=True)
class Animation:
    """A moving picture.

    Attributes:
        frames: the frames, decoded one at a time as they are taken, once; each as large as ``size``.
        durations: how long each is shown, in milliseconds.
        plays: how often the whole is shown; 0 stands for for ever.
        size: (width, height).
        icc_profile: the colour profile of the pixels.
        exif: the EXIF block from its byte-order mark on, with the orientation reset to 1.
    """

    frames: Iterator[Picture]
    durations: tuple[int, ...]
    plays: int
    size: tuple[int, int]
    icc_profile: bytes | None = None
    exif: bytes | None = None


def _open(path: Path, max_pixels: int) -> Image.Image:
    name = sniff(path)
    with quiet_pillow():
        image = Image.open(path, formats=[name])
    try:
        check_size(path, image.size, max_pixels)
    except ImageError:
        image.close()
        raise
    return image


def _frames(path: Path, max_pixels: int, orientation: int) -> Iterator[Picture]:
    with explained(path), _open(path, max_pixels) as image:
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            yield Picture.from_array(upright(decode(path, image), orientation))


def is_moving(path: str | os.PathLike[str] | BinaryIO) -> bool:
    """Whether a file holds more than one frame; an open one is left where it was.

    Raises:
        ImageError: if it is not a picture.
    """
    if not isinstance(path, (str, os.PathLike)):
        start = path.tell()
        with spooled(path) as copy:
            path.seek(start)
            return is_moving(copy)
    path = Path(path)
    with explained(path), _open(path, sys.maxsize) as image:
        return getattr(image, "n_frames", 1) > 1


def read_frames(
    path: str | os.PathLike[str] | BinaryIO, *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Animation:
    """Reads all frames of a GIF or WebP; any other picture is an animation of one frame.

    Args:
        path: the file, or one that is open in binary mode.
        max_pixels: the most pixels of a frame.

    Raises:
        ImageError: as ``read_picture`` does; for a damaged later frame, where the frames are taken.
    """
    if not isinstance(path, (str, os.PathLike)):
        with spooled(path) as copy:
            animation = read_frames(copy, max_pixels=max_pixels)
            return replace(animation, frames=iter(list(animation.frames)))
    path = Path(path)
    with explained(path), _open(path, max_pixels) as image:
        durations = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            image.load()  # WebP states the duration with the pixels
            durations.append(round(image.info.get("duration", 0)))
        loop = image.info.get("loop")
        # GIF counts repetitions and leaves the count out for none; WebP counts showings.
        if image.format == "GIF" and loop != 0:
            loop = 1 if loop is None else loop + 1
        with quiet_pillow():
            raw_exif = exif_of(image)
        exif, orientation = settle_exif(raw_exif) if raw_exif else (None, 1)
        return Animation(
            frames=_frames(path, max_pixels, orientation),
            durations=tuple(durations),
            plays=loop or 0,
            size=image.size if orientation < 5 else image.size[::-1],
            icc_profile=image.info.get("icc_profile"),
            exif=exif,
        )


def write_frames(
    path: str | os.PathLike[str] | BinaryIO,
    frames: Iterable[NDArray[np.uint8]],
    *,
    size: tuple[int, int],
    durations: Sequence[int],
    plays: int = 0,
    icc_profile: bytes | None = None,
    exif: bytes | None = None,
    file_format: str | None = None,
    quality: int | None = None,
    cancel: Cancel | None = None,
) -> None:
    """Writes an animated GIF or WebP, frame by frame.

    Args:
        path: the file, .gif or .webp, whose folder must exist; or one that is open in binary mode. It appears
            when it is complete.
        frames: arrays (height, width, 3 or 4), uint8, RGB or RGBA; as many as ``durations``.
        size: (width, height) of a frame.
        durations: how long each frame is shown, in milliseconds. GIF keeps hundredths of a second.
        plays: how often the whole is shown; 0 stands for for ever.
        icc_profile: a colour profile for RGB; GIF has no place for it.
        exif: an EXIF block from its byte-order mark on; GIF has no place for it.
        file_format: gif or webp; None goes by the extension.
        quality: 1 to 100, for WebP (90 otherwise).
        cancel: asked at every frame whether to stop.

    Raises:
        UsageError: if the extension is neither.
        ImageError: if it cannot hold the size, or the file cannot be written.
        ValueError: if the frames do not fit ``size`` and ``durations``.
    """
    if not isinstance(path, (str, os.PathLike)):
        with filled(path, file_format or "webp") as copy:
            write_frames(
                copy,
                frames,
                size=size,
                durations=durations,
                plays=plays,
                icc_profile=icc_profile,
                exif=exif,
                quality=quality,
                cancel=cancel,
            )
        return
    path = Path(path)
    wanted = file_format or path.suffix.removeprefix(".").lower()
    if wanted not in _LIMITS:
        raise UsageError(f"{path}: cannot write moving pictures as '{wanted}'; choose gif or webp")
    check_side(path, size, _LIMITS[wanted], "a smaller size")
    width, height = size

    def rows() -> Iterator[NDArray[np.uint8]]:
        opaque = np.full((height, width, 1), 255, np.uint8)
        for frame in frames:
            check(cancel)
            yield frame if frame.shape[2] == 4 else np.concatenate((frame, opaque), axis=2)

    with replacing(path) as name:

        def save(image: Any) -> None:
            import pyvips

            image = image.copy()
            image.set_type(pyvips.GValue.gint_type, "page-height", height)
            image.set_type(pyvips.GValue.array_int_type, "delay", list(durations))
            image.set_type(pyvips.GValue.gint_type, "loop", plays)
            if icc_profile is not None:
                image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc_profile)
            if wanted == "gif":
                image.gifsave(name)
            else:
                image.webpsave(name, Q=quality or 90)

        encode(rows(), save, size=(width, height * len(durations)), channels=4, exif=exif)
