"""Turns frames into pictures: upright, and with their transparency."""

from __future__ import annotations

import math
from contextlib import closing
from typing import Any

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from srgan.images.alpha import fill_transparent
from srgan.images.metadata import upright
from srgan.images.write import to_depth
from srgan.upscaling.size import OutputSize
from srgan.video.colour import Converter
from srgan.video.options import VideoOptions
from srgan.video.reading.reader import VideoReader
from srgan.video.writing.boxes import is_marked

# EXIF's orientation for the signs of a display matrix, by which a point (x, y) becomes
# (a x + c y, b x + d y): ISO/IEC 14496-12, 6.2.2.
_ORIENTATIONS = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}


def orientation_of(reader: VideoReader) -> int:
    """Returns the rotation of a video's frames as an EXIF orientation; 1 unless it is a right angle."""
    matrix = reader.display_matrix
    if matrix is None:
        return 1
    a, b, c, d = (0 if value == 0 else int(math.copysign(1, value)) for value in (*matrix[:2], *matrix[3:5]))
    return _ORIENTATIONS.get((a, b, c, d), 1)


def picture_size(reader: VideoReader, options: VideoOptions) -> tuple[int, int]:
    """Returns the (width, height) of results that are pictures: upright, with square pixels."""
    width, height = reader.size
    width = round(width * (reader.aspect or 1))
    if orientation_of(reader) >= 5:
        width, height = height, width
    # Pictures may have odd sides, which VideoOptions' own rule avoids.
    return OutputSize.output_size(options, width, height)


def losses_of(reader: VideoReader) -> list[str]:
    """Returns a sentence on each thing of a video that pictures cannot hold."""
    others = {stream.type for stream in reader.container.streams} & {"audio", "subtitle"}
    notes = [f"its {kind} is left out: pictures cannot hold any" for kind in sorted(others)]
    if reader.aspect not in (None, 1):
        notes.append(f"has non-square pixels ({reader.aspect}); those of the result are square")
    if is_marked(reader.first_image):
        notes.append("is marked as a 360-degree or stereo video; pictures cannot be")
    return notes


def is_transparent(reader: VideoReader) -> bool:
    """Returns whether any frame is transparent; reads frames again, up to the first such one."""
    if not has_alpha(reader.first_image):
        return False
    converter = Converter(reader.colour)
    with closing(reader.again()) as again:
        return any(shows_through(converter.alpha_of(frame.image, reader.size)) for frame in again.frames())


def has_alpha(image: VideoFrame) -> bool:
    """Returns whether a decoded frame has an alpha channel."""
    return any(component.is_alpha for component in image.format.components)


def shows_through(alpha: NDArray[Any] | None) -> bool:
    """Returns whether an alpha, (height, width), uint8 or uint16, is less than opaque anywhere."""
    return alpha is not None and bool(alpha.min() < np.iinfo(alpha.dtype).max)


def laid_on_white(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Lays (height, width, 3) over white, with its alpha (height, width) of the same type."""
    white = np.float32(np.iinfo(alpha.dtype).max)
    cover = alpha[..., None] / white
    return np.rint(pixels * cover + white * (1 - cover)).astype(pixels.dtype)


def turned_picture(
    pixels: NDArray[Any], alpha: NDArray[Any] | None, orientation: int
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Turns a frame, (height, width, 3), and its alpha, (height, width), by an EXIF orientation."""
    if alpha is not None:
        pixels, alpha = fill_transparent(pixels, alpha), np.ascontiguousarray(upright(alpha, orientation))
    return np.ascontiguousarray(upright(pixels, orientation)), alpha


def with_alpha(sr_image: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any]:
    """Appends the alpha to an upscaled picture, if it has one: (height, width, 3 or 4)."""
    return sr_image if mask is None else np.dstack((sr_image, to_depth(mask, sr_image.dtype)))
