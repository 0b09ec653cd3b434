"""Options of a video."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from srgan.errors import UsageError
from srgan.images import MOST_PIXELS
from srgan.upscaling.size import OutputSize

_FASTEST = 1000  # frames per second


@dataclass(frozen=True, kw_only=True)
class VideoOptions(OutputSize):
    """How a video is cut, sized and encoded; the size as in :class:`~srgan.upscaling.size.OutputSize`.

    Attributes:
        codec: an encoder's name, for example ``"libx265"``; None is the container's usual one.
        crf: constant quality, smaller is better; None is the encoder's usual one (17 for libx264).
        preset: the encoder's trade of speed for size; None is its own.
        start: seconds from the beginning at which the result begins.
        end: seconds from the beginning at which it ends; None is the end.
        fps: frames per second of an image sequence that is read; None is 25.
        quality: 1 to 100, of image sequences and animated pictures that are written with loss; None is the
            format's usual one.
        resume: whether to continue an interrupted run of the same command.
        max_pixels: inputs whose frames have more are refused.
    """

    codec: str | None = None
    crf: int | None = None
    preset: str | None = None
    start: Fraction | float = 0
    end: Fraction | float | None = None
    fps: Fraction | None = None
    quality: int | None = None
    resume: bool = True
    max_pixels: int = MOST_PIXELS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fps is not None and not 0 < self.fps <= _FASTEST:
            raise UsageError(f"must be above 0 and at most {_FASTEST}, not {self.fps}", field="fps")
        if self.start < 0 or (self.end is not None and self.end <= self.start):
            raise UsageError(f"there is nothing between {self.start} and {self.end} seconds", field="end")

    def output_size(self, width: int, height: int) -> tuple[int, int]:
        """Returns the result's (width, height) for an input's, even as 4:2:0 video requires."""
        wide, high = super().output_size(width, height)
        return max(2, wide // 2 * 2), max(2, high // 2 * 2)


def parse_time(text: str, *, field: str | None = None) -> Fraction:
    """Parses a time to seconds: written as ``90``, ``90.5``, ``1:30`` or ``0:01:30.5``.

    Args:
        text: the time.
        field: the option that it was given for.

    Raises:
        UsageError: if it is written in another way.
    """
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d+)?", text):
        raise UsageError(
            f"'{text}' is not a time; write seconds or h:m:s, for example 0:01:30.5", field=field
        )
    seconds = Fraction(0)
    for part in text.split(":"):
        seconds = seconds * 60 + Fraction(part)
    return seconds


def parse_rate(text: str) -> Fraction:
    """Parses a frame rate: frames per second, written as ``24``, ``23.976`` or ``30000/1001``.

    Raises:
        UsageError: if it is written in another way.
    """
    if not re.fullmatch(r"\d+(\.\d+)?|\d+/0*[1-9]\d*", text):
        raise UsageError(f"'{text}' is not a rate; write 24, 23.976 or 30000/1001, for example", field="fps")
    return Fraction(text)
