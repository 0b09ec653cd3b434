"""How much of a result is the network's invention, as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from srgan.images.picture import Picture
from srgan.images.read import DEFAULT_MAX_PIXELS, read_picture
from srgan.images.write import to_depth, write_picture
from srgan.upscaling.upscaler import Upscaler

FULL_SCALE = 16.0
"""Levels of 255 that the end of the colour scale stands for; what is above has the same colour."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # BT.601, full range
_WINDOW = 3  # low-res pixels a side
_YELLOW, _RED = np.array([255.0, 225.0, 0.0], np.float32), np.array([225.0, 0.0, 0.0], np.float32)
_LEGEND_HEIGHT = 24


def invention(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of (H, W) over 3x3 windows, which are smaller at the border."""
    padded = np.pad(np.stack((difference, np.ones_like(difference))), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_WINDOW, _WINDOW), (1, 2))
    total, count = windows.sum((-2, -1), dtype=np.float32)
    result: NDArray[np.float32] = total / count
    return result


def write_invented(
    source: Path,
    target: Path,
    upscaler: Upscaler,
    sibling: Upscaler,
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> Path:
    """Draws where a model's result differs from that of its fidelity sibling, over a grey copy of the result.

    The measure is the mean absolute difference of Y (BT.601) in levels of 255, over windows of 12x12 pixels
    of the result. Grey is 0, yellow a little, and full red ``FULL_SCALE`` levels and more. A scale bar stands
    below the picture. Both networks run, which takes their time once more. The map is four times as large as
    the source per side; the grey copy is held in memory whole.

    Args:
        source: the picture that is enlarged; of a moving one, its first frame.
        target: the file to write.
        upscaler: the model.
        sibling: its fidelity sibling.
        max_pixels: a source with more is refused.

    Returns:
        ``target``.

    Raises:
        ImageError: if the source cannot be read or the target not be written.
    """
    pixels = to_depth(read_picture(source, max_pixels=max_pixels).pixels, np.dtype(np.uint8))
    scale = upscaler.scale
    luma = upscaler.stream(pixels, lambda bands: np.concatenate([_luma(band) for band in bands]))

    def difference(bands: Iterator[NDArray[Any]]) -> NDArray[np.float32]:
        done, rows = 0, []
        for band in bands:
            apart = np.abs(_luma(band).astype(np.float32) - luma[done : done + len(band)])
            rows.append(apart.reshape(-1, scale, apart.shape[1] // scale, scale).mean((1, 3)))
            done += len(band)
        return np.concatenate(rows)

    values = invention(sibling.stream(pixels, difference))
    legend = _legend(luma.shape[1])

    def drawn() -> Iterator[NDArray[np.uint8]]:
        for row, line in enumerate(values):
            yield _coloured(luma[row * scale : (row + 1) * scale], np.repeat(line, scale)[None])
        yield legend

    size = (luma.shape[1], luma.shape[0] + len(legend))
    write_picture(target, drawn(), size=size, source=Picture.from_array(legend))
    return target


def _luma(band: NDArray[Any]) -> NDArray[np.uint8]:
    luma: NDArray[np.float32] = band @ _LUMA
    levels: NDArray[np.uint8] = np.rint(luma).astype(np.uint8)
    return levels


def _coloured(grey: NDArray[np.uint8], values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(rows, width) of grey under the colours of values, which may have one row for all."""
    share = np.minimum(values / np.float32(FULL_SCALE), 1)[..., None]
    colour = _YELLOW + share * (_RED - _YELLOW)
    cover = np.float32(0.75) * np.sqrt(share)
    drawn: NDArray[np.uint8] = np.rint(grey[..., None] * (1 - cover) + colour * cover).astype(np.uint8)
    return drawn


def _legend(width: int) -> NDArray[np.uint8]:
    """The colours from 0 to ``FULL_SCALE`` levels, with figures, as wide as the picture."""
    values = np.linspace(0, FULL_SCALE, width, dtype=np.float32)[None]
    image = Image.fromarray(_coloured(np.full((_LEGEND_HEIGHT, width), 128, np.uint8), values))
    draw = ImageDraw.Draw(image)
    for level in (0, 4, 8, 12, 16):
        text = f"{level}" if level < FULL_SCALE else f"{level}+ levels"
        length = draw.textlength(text)
        place = min(max(0.0, level / FULL_SCALE * width - length / 2), width - length)
        draw.text((place, 6), text, fill=(0, 0, 0))
    return np.asarray(image)
