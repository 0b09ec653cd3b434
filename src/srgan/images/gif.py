"""Frames of a GIF (GIF89a), laid over each other as browsers do: disposed frames leave transparency."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.images.checks import DamageError, check_length, check_size, quiet_pillow

_IMAGE, _EXTENSION, _END = b",", b"!", b";"
_CONTROL, _COMMENT, _APPLICATION = 0xF9, 0xFE, 0xFF
_AFTER_XMP = 258  # bytes by which readers without XMP find its end
_TO_TRANSPARENT, _TO_PREVIOUS = 2, 3
_MOST_PIXELS_A_BYTE = 12 * 1024  # of LZW: strings of at most 4096 pixels, in codes from 3 bits


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """One frame: its position, its disposal, and a GIF that holds it alone."""

    left: int
    top: int
    size: tuple[int, int]
    disposal: int
    duration: int
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Gif:
    """A GIF that has been read, but not decoded.

    Attributes:
        size: (width, height).
        plays: how often the whole is shown; 0 means forever.
        is_whole: whether its end mark is there.
        images: its frames, encoded.
        xmp: the XMP packet.
        has_comment: whether something else is written in it.
    """

    size: tuple[int, int]
    plays: int
    is_whole: bool
    images: tuple[_Frame, ...]
    xmp: bytes | None
    has_comment: bool

    @property
    def durations(self) -> tuple[int, ...]:
        """How long each frame is shown, in milliseconds."""
        return tuple(frame.duration for frame in self.images)

    @classmethod
    def read(cls, name: str | Path, file: IO[bytes], max_pixels: int) -> Gif:
        """Reads the structure of a file.

        Raises:
            ImageError: if it, or one of its frames, has more than ``max_pixels``.
            DamageError, struct.error: if it is damaged.
        """
        file.seek(0)
        data = file.read()
        width, height, flags = struct.unpack_from("<HHB", data, 6)
        start = 13 + _palette_length(flags)
        gif = _blocks(data, data[10:start], start)
        frames = gif.images
        if not frames:
            raise DamageError("it has no frame")
        # A screen that is too small for the first frame is a mistake; later frames are cut.
        right, bottom = (frames[0].left + frames[0].size[0], frames[0].top + frames[0].size[1])
        size = max(width, right), max(height, bottom)
        check_length(len(data), size, _MOST_PIXELS_A_BYTE)
        for shown in (size, *(frame.size for frame in frames if 0 not in frame.size)):
            check_size(name, shown, max_pixels)
        return replace(gif, size=size)

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Decodes one frame after another.

        Yields:
            (height, width, 1, 3 or 4): grey, RGB, or RGBA where something is transparent.

        Raises:
            OSError, ValueError, SyntaxError: if one is damaged.
        """
        width, height = self.size
        canvas = np.zeros((height, width, 4), np.uint8)
        is_grey = True
        for frame in self.images:
            before = canvas.copy() if frame.disposal == _TO_PREVIOUS else canvas
            rows, columns = (
                slice(start, start + length)
                for start, length in zip((frame.top, frame.left), frame.size[::-1], strict=True)
            )
            place = canvas[rows, columns]
            if place.size:
                patch, patch_is_grey = _decoded(frame)
                is_grey = is_grey and patch_is_grey
                patch = patch[: place.shape[0], : place.shape[1]]
                np.copyto(place, patch, where=patch[..., 3:] > 0)
            if canvas[..., 3].all():
                yield canvas[..., : 1 if is_grey else 3].copy()
            else:
                yield canvas.copy()
            if frame.disposal == _TO_TRANSPARENT:
                place[:] = 0
            canvas = before


def _palette_length(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks(data: bytes, screen: bytes, position: int) -> Gif:
    """Returns what the blocks after the palette hold; the size is set later."""
    frames, plays, control, is_whole = [], 1, b"\0\0\0\0", False
    xmp, has_comment = None, False
    while position < len(data):
        kind = data[position : position + 1]
        if kind == _IMAGE:
            end = _end_of_image(data, position)
            frames.append(_frame(data[position:end], screen, control))
            position, control = end, b"\0\0\0\0"
        elif kind == _EXTENSION and position + 2 < len(data):
            end = _end_of_blocks(data, position + 2)
            label, application = data[position + 1], data[position + 3 : position + 14]
            if label == _CONTROL:
                control = data[position + 3 : position + 7].ljust(4, b"\0")
            elif label == _COMMENT:
                has_comment = True
            elif label == _APPLICATION and application == b"NETSCAPE2.0":
                repeated = int.from_bytes(data[position + 16 : position + 18], "little")
                plays = repeated and repeated + 1
            elif label == _APPLICATION and application == b"XMP DataXMP":
                xmp = data[position + 14 : end - _AFTER_XMP]
            position = end
        else:
            is_whole = kind == _END
            break
    return Gif(
        size=(0, 0),
        plays=plays,
        is_whole=is_whole,
        images=tuple(frames),
        xmp=xmp,
        has_comment=has_comment,
    )


def _end_of_image(data: bytes, position: int) -> int:
    flags = data[position + 9] if position + 9 < len(data) else 0
    return _end_of_blocks(data, position + 11 + _palette_length(flags))


def _end_of_blocks(data: bytes, position: int) -> int:
    while position < len(data) and (length := data[position]):
        position += 1 + length
    return min(position + 1, len(data))


def _frame(image: bytes, screen: bytes, control: bytes) -> _Frame:
    left, top, width, height = struct.unpack_from("<HHHH", image, 1)
    check_length(len(image), (width, height), _MOST_PIXELS_A_BYTE)
    flags, delay, transparent = struct.unpack("<BHB", control)
    alone = b"GIF89a" + struct.pack("<HH", width, height) + screen
    alone += b"!\xf9\4" + struct.pack("<BHB", flags & 1, 0, transparent) + b"\0"
    alone += _IMAGE + bytes(4) + image[5:] + _END
    return _Frame(
        left=left,
        top=top,
        size=(width, height),
        disposal=flags >> 2 & 7,
        duration=delay * 10,
        content=alone,
    )


def _decoded(frame: _Frame) -> tuple[NDArray[np.uint8], bool]:
    """Returns the frame alone, (height, width, 4), and whether its palette is a scale of greys."""
    with quiet_pillow():
        image: Any = Image.open(io.BytesIO(frame.content), formats=["GIF"])
    with image:
        image.load()
        return np.asarray(image.convert("RGBA")), image.mode in ("1", "L", "LA")
