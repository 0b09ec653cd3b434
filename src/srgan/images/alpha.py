"""Transparency: colours for invisible pixels, and limits for a mask that a network upscaled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Pixels = NDArray[Any]


def _halved(image: Pixels, known: NDArray[np.bool_]) -> tuple[Pixels, NDArray[np.bool_]]:
    """Returns every 2x2 block as the mean of its known pixels, and whether it has any."""
    height, width = known.shape
    shape = ((height + 1) // 2, (width + 1) // 2)
    is_float = np.issubdtype(image.dtype, np.floating)
    total = np.zeros((*shape, image.shape[2]), image.dtype if is_float else np.uint32)
    count = np.zeros((*shape, 1), np.uint32)
    for top in (0, 1):
        for left in (0, 1):
            mask = known[top::2, left::2, None]
            rows, columns = mask.shape[:2]
            total[:rows, :columns] += image[top::2, left::2] * mask
            count[:rows, :columns] += mask
    count_or_one = np.maximum(count, 1)
    mean = total / count_or_one if is_float else total // count_or_one
    return mean.astype(image.dtype), count[..., 0] > 0


def _filled(image: Pixels, known: NDArray[np.bool_]) -> Pixels:
    """Fills unknown pixels with the mean of the smallest block around them that holds a known one."""
    if known.all():
        return image
    coarse = _filled(*_halved(image, known))
    height, width = known.shape
    enlarged = coarse.repeat(2, axis=0)[:height].repeat(2, axis=1)[:, :width]
    return np.where(known[..., None], image, enlarged)


def fill_transparent(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Gives fully transparent pixels the colours near them, so that theirs do not bleed into upscaled edges.

    Args:
        pixels: (height, width, channel), uint8, uint16 or a float type.
        alpha: (height, width); 0 is transparent.

    Returns:
        An array like ``pixels``, unchanged wherever alpha is above 0, and unchanged altogether where
        nothing is visible.
    """
    visible = alpha > 0
    return _filled(pixels, visible) if visible.any() else pixels


def within_neighbours(enlarged: Pixels, alpha: Pixels) -> Pixels:
    """Limits an upscaled mask: no pixel leaves the range of the pixels it came from.

    So opaque pixels stay opaque and transparent ones transparent, except within two pixels of ``alpha`` of
    an edge.

    Args:
        enlarged: (s * height, s * width), of the same type as ``alpha``, s whole.
        alpha: (height, width).

    Returns:
        An array like ``enlarged``.
    """
    scale = enlarged.shape[0] // alpha.shape[0]
    result = np.empty_like(enlarged)
    padded = np.pad(alpha, 2, "edge")
    for row in range(alpha.shape[0]):
        rows = padded[row : row + 5]
        low = sliding_window_view(rows.min(axis=0), 5).min(axis=1)
        high = sliding_window_view(rows.max(axis=0), 5).max(axis=1)
        band = slice(scale * row, scale * (row + 1))
        np.clip(enlarged[band], low.repeat(scale), high.repeat(scale), out=result[band])
    return result
