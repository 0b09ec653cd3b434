"""What upscaling may do to a picture besides missing its detail: grids, shifted colours, other content."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from srgan.images.resize import bicubic
from srgan.metrics.fidelity import luma


def grid_index(image: NDArray[np.uint8], *, period: int) -> float:
    """Measures how unevenly detail lies on a grid: 0.02 in photographs, 0.24 after bicubic upscaling by 4.

    The mean absolute Laplacian of Y (a pixel's four neighbours less four times itself) is taken at each of
    the ``period * period`` positions modulo ``period``; the index is the standard deviation of these means
    over their mean. A network that draws dots or a checkerboard has a high one.

    Args:
        image: (H, W, 3), RGB, uint8; at least ``period + 2`` pixels a side.
        period: of the grid, in pixels: the scale.

    Returns:
        At least 0; nan for a picture without any detail.

    Raises:
        ValueError: if the picture is smaller than that.
    """
    if min(image.shape[:2]) < period + 2:
        raise ValueError(f"a grid of {period} pixels needs {period + 2} pixels a side, got {image.shape[:2]}")
    detail = np.abs(laplacian(luma(image)))
    means = np.array(
        [detail[row::period, column::period].mean() for row, column in np.ndindex(period, period)]
    )
    # Y of a flat picture has rounding errors of 1e-14.
    return float(means.std() / means.mean()) if means.mean() > 1e-9 else math.nan


def laplacian(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns each pixel's four neighbours less four times itself: (H, W) to (H - 2, W - 2)."""
    return y[:-2, 1:-1] + y[2:, 1:-1] + y[1:-1, :-2] + y[1:-1, 2:] - 4 * y[1:-1, 1:-1]


def colour_shift(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Returns the largest difference of the mean red, green or blue of two pictures, in levels of 255.

    Args:
        first: (H, W, 3), RGB, uint8.
        second: another, of any size.
    """
    difference = first.mean(axis=(0, 1)) - second.mean(axis=(0, 1))
    return float(np.abs(difference).max())


def consistency(sr_image: NDArray[np.uint8], lr_image: NDArray[np.uint8]) -> tuple[float, float]:
    """Measures whether a result, downscaled again, matches its input.

    Args:
        sr_image: (s * h, s * w, 3), RGB, uint8, s a whole number.
        lr_image: (h, w, 3): what it was upscaled from.

    Returns:
        The largest and the mean absolute difference, in levels of 255, between the low-res picture and the
        result downscaled by bicubic (MATLAB's, rounded to levels).

    Raises:
        ValueError: if the result is not a whole number of times as large as its input.
    """
    scale = sr_image.shape[0] // lr_image.shape[0]
    if sr_image.shape != (lr_image.shape[0] * scale, lr_image.shape[1] * scale, 3):
        raise ValueError(f"{sr_image.shape} is not a multiple of {lr_image.shape}")
    reduced = bicubic(sr_image, 1 / scale)
    difference = np.abs(reduced.astype(np.int16) - lr_image)
    return float(difference.max()), float(difference.mean())
