"""Writes an animated GIF or WebP."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from srgan.errors import VideoError
from srgan.events import Cancel
from srgan.images.animation import check_animation, write_frames
from srgan.video.colour import Colour
from srgan.video.options import VideoOptions
from srgan.video.pictures import losses_of, picture_size
from srgan.video.reading.reader import VideoReader
from srgan.video.writing.encoding import USUAL_SETTINGS, Encoding
from srgan.video.writing.output import Segmented
from srgan.video.writing.segments import WorkFolder

# In milliseconds: the unit of times, and the shortest time for which browsers show a frame. Anything shorter
# they show for a tenth of a second.
_UNITS = {"gif": 10, "webp": 1}
_SHORTEST = {"gif": 20, "webp": 11}
_LEFT_OUT = -1
_SRGB = Colour(matrix=6, tagged_matrix=2, full_range=True, range_tag=0, primaries=2, transfer=2, depth=8)


class AnimatedPicture(Segmented):
    """A GIF or WebP that repeats forever, see :class:`~srgan.video.writing.output.Output`.

    Segments are kept without loss; the picture is made from them at the end, a frame at a time.

    Args:
        reader: the input.
        target: the file; its extension is ``.gif`` or ``.webp``.
        options: size and quality.

    Raises:
        ImageError: if the format cannot hold the size.
    """

    is_upright = keeps_alpha = holds_alpha = True

    def __init__(self, reader: VideoReader, target: Path, options: VideoOptions) -> None:
        size = picture_size(reader, options)
        self._name = check_animation(target, size, frames=reader.frames_expected or 1)
        encoding = Encoding(
            codec="ffv1",
            settings=USUAL_SETTINGS["ffv1"],
            pixel_format="bgra",
            size=size,
            rate=reader.rate.limit_denominator(65535),
            colour=_SRGB,
            aspect=None,
        )
        super().__init__(encoding, reader.colour)
        self._target, self._time_base = target, reader.time_base
        self._quality = options.quality
        self.notes = losses_of(reader)

    def finish(self, folder: WorkFolder, times: array[int], cancel: Cancel | None) -> None:
        """As in ``Output``."""
        starts, end = _schedule(times, self._time_base, self._name)
        shown = [start for start in starts if start != _LEFT_OUT]
        write_frames(
            self._target,
            _shown(folder, starts),
            size=self.size,
            durations=[later - start for start, later in pairwise([*shown, end])],
            quality=self._quality,
            cancel=cancel,
        )
        if left_out := len(starts) - len(shown):
            self.notes.append(f"has more frames than a {self._name} can show in time; left out: {left_out}")


def _schedule(times: array[int], time_base: Fraction, name: str) -> tuple[array[int], int]:
    """Returns the start of each frame, None if it is left out, and the end of the last, in milliseconds."""
    unit, shortest = _UNITS[name], _SHORTEST[name]
    stamps = (unit * round((time - times[0]) * time_base * 1000 / unit) for time in times)
    starts, last = array("q"), -shortest
    for stamp in stamps:
        is_time = stamp - last >= shortest
        starts.append(stamp if is_time else _LEFT_OUT)
        last = stamp if is_time else last
    end = starts.pop()
    return starts, max(starts) + shortest if end == _LEFT_OUT else end


def _shown(folder: WorkFolder, starts: array[int]) -> Iterator[NDArray[np.uint8]]:
    """Yields the frames that are not left out, (height, width, 4)."""
    number = 0
    for path in folder.segments():
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                if number < len(starts) and starts[number] != _LEFT_OUT:
                    pixels: NDArray[Any] = frame.to_ndarray(format="rgba")
                    yield pixels
                number += 1
    if number != len(starts):
        raise VideoError(
            f"{folder.path}: holds {number} of {len(starts)} frames; start over without resuming",
            field="resume",
        )
