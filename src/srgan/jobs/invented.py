"""Draws how much of a result the network invented."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from srgan.events import Cancel
from srgan.files import make_folder
from srgan.images.picture import Picture
from srgan.images.write import to_depth, write_picture
from srgan.upscaling.upscaler import Upscaler

FULL_SCALE = 16.0
"""Levels of 255 at the end of the colour scale; anything above has the same colour."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # BT.601, full range
_WINDOW = 3  # low-res pixels a side
_YELLOW, _RED = np.array([255.0, 225.0, 0.0], np.float32), np.array([225.0, 0.0, 0.0], np.float32)
_LEGEND_HEIGHT = 24


def invention(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """Averages (H, W) over 3x3 windows, which are smaller at the border."""
    padded = np.pad(np.stack((difference, np.ones_like(difference))), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_WINDOW, _WINDOW), (1, 2))
    total, count = windows.sum((-2, -1), dtype=np.float32)
    result: NDArray[np.float32] = total / count
    return result


class InventionMap:
    """Draws where a model's result differs from that of its fidelity sibling, over a grey copy of the result.

    A :class:`~srgan.jobs.pictures.Watcher`. The measure is the mean absolute difference of Y (BT.601) in
    levels of 255, over windows of 3x3 low-res pixels. Grey is 0, yellow a little, and full red
    ``FULL_SCALE`` levels and more. A scale bar is drawn below the picture. The sibling's time adds to the
    model's. The map is as large as the network's result; its grey copy is held in memory whole.

    Args:
        target: the PNG to write, or a file open in binary mode.
        sibling: the fidelity sibling of the model whose result is watched.
    """

    def __init__(self, target: Path | BinaryIO, sibling: Upscaler) -> None:
        self._target = target
        self._sibling = sibling

    def begin(self, pixels: NDArray[Any], scale: int) -> None:
        """As in ``Watcher``."""
        self._pixels = pixels
        self._scale = scale
        self._seen: list[NDArray[np.uint8]] = []

    def take(self, band: NDArray[Any]) -> None:
        """As in ``Watcher``."""
        self._seen.append(_luma(band))

    def finish(self, cancel: Cancel | None) -> None:
        """As in ``Watcher``."""
        scale, luma = self._scale, np.concatenate(self._seen)

        def difference(bands: Iterator[NDArray[Any]]) -> NDArray[np.float32]:
            done, rows = 0, []
            for band in bands:
                apart = np.abs(_luma(band).astype(np.float32) - luma[done : done + len(band)])
                rows.append(apart.reshape(-1, scale, apart.shape[1] // scale, scale).mean((1, 3)))
                done += len(band)
            return np.concatenate(rows)

        values = invention(self._sibling.stream(self._pixels, difference, cancel=cancel))
        legend = _legend(luma.shape[1])

        def drawn() -> Iterator[NDArray[np.uint8]]:
            for row, line in enumerate(values):
                yield _coloured(luma[row * scale : (row + 1) * scale], np.repeat(line, scale)[None])
            yield legend

        if isinstance(self._target, Path):
            make_folder(self._target.parent)
        write_picture(
            self._target,
            drawn(),
            size=(luma.shape[1], luma.shape[0] + len(legend)),
            source=Picture.from_array(legend),
            file_format="png",
            cancel=cancel,
        )


def _luma(band: NDArray[Any]) -> NDArray[np.uint8]:
    luma: NDArray[np.float32] = to_depth(band, np.dtype(np.uint8)) @ _LUMA
    levels: NDArray[np.uint8] = np.rint(luma).astype(np.uint8)
    return levels


def _coloured(grey: NDArray[np.uint8], values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lays the colours of values, which may have one row, over (rows, width) of grey."""
    share = np.minimum(values / np.float32(FULL_SCALE), 1)[..., None]
    colour = _YELLOW + share * (_RED - _YELLOW)
    cover = np.float32(0.75) * np.sqrt(share)
    drawn: NDArray[np.uint8] = np.rint(grey[..., None] * (1 - cover) + colour * cover).astype(np.uint8)
    return drawn


def _legend(width: int) -> NDArray[np.uint8]:
    """Draws the colour scale from 0 to ``FULL_SCALE`` levels, as wide as the picture."""
    values = np.linspace(0, FULL_SCALE, width, dtype=np.float32)[None]
    image = Image.fromarray(_coloured(np.full((_LEGEND_HEIGHT, width), 128, np.uint8), values))
    draw = ImageDraw.Draw(image)
    for level in (0, 4, 8, 12, 16):
        text = f"{level}" if level < FULL_SCALE else f"{level}+ levels"
        length = draw.textlength(text)
        place = min(max(0.0, level / FULL_SCALE * width - length / 2), width - length)
        draw.text((place, 6), text, fill=(0, 0, 0))
    return np.asarray(image)
