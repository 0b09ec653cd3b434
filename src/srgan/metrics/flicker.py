"""Flicker: how much a video's picture changes from frame to frame where nothing in it does."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from srgan.metrics.fidelity import luma
from srgan.metrics.window import window_mean

_AROUND = np.full(7, 1 / 7)


def still_pixels(
    first: NDArray[np.uint8], second: NDArray[np.uint8], *, tolerance: float = 4.0
) -> NDArray[np.bool_]:
    """Returns where two frames show the same except for noise.

    A pixel is still if the absolute difference of Y, averaged over the 7x7 pixels around it, is at most
    ``tolerance``. Where Y has Gaussian noise of standard deviation s, two frames differ by 2 s / sqrt(pi),
    that is 1.13 s, on average: the default covers noise up to 3.

    Args:
        first: (H, W, 3), RGB, uint8, at least 7 pixels a side.
        second: the frame after it, of the same shape.
        tolerance: in levels of Y, which goes from 16 to 235.

    Returns:
        (H, W). Pixels within 3 of the border, whose surroundings are not known, are not still.

    Raises:
        ValueError: if the shapes differ or are too small.
    """
    if first.shape != second.shape or min(first.shape[:2]) < _AROUND.size:
        raise ValueError(f"two frames of at least 7x7 are needed, got {first.shape} and {second.shape}")
    still = np.zeros(first.shape[:2], np.bool_)
    difference = window_mean(np.abs(luma(second) - luma(first)), _AROUND)
    still[3:-3, 3:-3] = difference <= tolerance
    return still


def flicker(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    *,
    still: NDArray[np.bool_] | None = None,
    motion: tuple[int, int] = (0, 0),
) -> float:
    """Computes the mean absolute difference of Y between two frames where they should be equal.

    With ``motion`` this is the warping error of Lai et al. (2018, "Learning Blind Video Temporal
    Consistency", ECCV), with an absolute instead of a squared difference and a known motion, the same
    everywhere, instead of an estimated one; without, that of what stands still. Noise in the input
    flickers in any result: a figure means something only beside that of bicubic upscaling of the same frames.

    Args:
        first: (H, W, 3), RGB, uint8: a frame of a result.
        second: the frame after it.
        still: (H / s, W / s), s a whole number: the pixels of the input that are looked at, as
            :func:`still_pixels` finds them; None means all. Where they are in ``first``, if there is motion.
        motion: how many rows down and columns to the right everything moved from ``first`` to ``second``;
            what came in or went out is left out.

    Returns:
        In levels of Y; nan if there is no pixel to look at.

    Raises:
        ValueError: if the shapes do not go together.
    """
    height, width = first.shape[:2]
    looked_at = np.ones((height, width), np.bool_) if still is None else _enlarged(still, (height, width))
    if first.shape != second.shape:
        raise ValueError(f"the frames have two shapes, {first.shape} and {second.shape}")
    down, right = motion
    before = slice(max(0, -down), height - max(0, down)), slice(max(0, -right), width - max(0, right))
    after = slice(max(0, down), height - max(0, -down)), slice(max(0, right), width - max(0, -right))
    difference = np.abs(luma(second[after]) - luma(first[before]))[looked_at[before]]
    return float(difference.mean()) if difference.size else math.nan


def _enlarged(still: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    scale = size[0] // still.shape[0]
    if (still.shape[0] * scale, still.shape[1] * scale) != size:
        raise ValueError(f"a frame of {size} is not a multiple of {still.shape}")
    return still.repeat(scale, axis=0).repeat(scale, axis=1)
