"""Draws a picture, upscaled by bicubic and by the model, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from srgan.events import Cancel
from srgan.files import make_folder
from srgan.images.panels import labelled_row
from srgan.images.picture import Picture
from srgan.images.resize import bicubic
from srgan.images.write import to_depth, write_picture

_LARGEST = 384  # low-res pixels a side: panels are for looking at
_BYTE = np.dtype(np.uint8)


class Panels:
    """Draws low-res | bicubic | result as one picture, all at the size of the network's result.

    A :class:`~srgan.jobs.pictures.Watcher`. Shows the middle 384x384 low-res pixels of a large picture, and
    holds no more of the result, which is shown before it is resized or compressed.

    Args:
        target: the file, whose extension names its format; or one open in binary mode, for a PNG.
        name: the model's name, drawn above its result.
    """

    def __init__(self, target: Path | BinaryIO, *, name: str) -> None:
        self._target = target
        self._name = name

    def begin(self, pixels: NDArray[Any], scale: int) -> None:
        """As in ``Watcher``."""
        self._top, left = (max(0, (side - _LARGEST) // 2) for side in pixels.shape[:2])
        self._low_res = to_depth(pixels[self._top : self._top + _LARGEST, left : left + _LARGEST], _BYTE)
        self._columns = slice(scale * left, scale * (left + self._low_res.shape[1]))
        self._scale = scale
        self._seen = 0
        self._shown: list[NDArray[np.uint8]] = []

    def take(self, band: NDArray[Any]) -> None:
        """As in ``Watcher``."""
        first = max(0, self._scale * self._top - self._seen)
        last = max(0, self._scale * (self._top + len(self._low_res)) - self._seen)
        # A copy, so that the rest of the band can go.
        self._shown.append(to_depth(band[first:last, self._columns], _BYTE).copy())
        self._seen += len(band)

    def finish(self, cancel: Cancel | None) -> None:
        """As in ``Watcher``."""
        panels = labelled_row(
            {
                "low-res": self._low_res.repeat(self._scale, axis=0).repeat(self._scale, axis=1),
                "bicubic": bicubic(self._low_res, self._scale),
                f"srgan ({self._name})": np.concatenate(self._shown),
            }
        )
        if isinstance(self._target, Path):
            make_folder(self._target.parent)
        write_picture(
            self._target,
            [panels],
            size=(panels.shape[1], panels.shape[0]),
            source=Picture.from_array(panels),
            file_format=None if isinstance(self._target, Path) else "png",
            cancel=cancel,
        )
