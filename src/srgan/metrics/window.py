"""Weighted means over a window that slides over a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def gaussian(radius: int, sigma: float) -> NDArray[np.float64]:
    """Returns one axis of a Gaussian window: (2 * radius + 1,) weights that sum to 1."""
    window = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    window /= window.sum()
    return window


def window_mean(image: NDArray[np.float64], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Averages over every window that lies inside the picture.

    Args:
        image: (H, W).
        window: (n,), the weights of one axis; the window is their product with themselves.

    Returns:
        (H - n + 1, W - n + 1).
    """
    for axis in (0, 1):
        length = image.shape[axis] - window.size + 1
        shifted = (image.take(range(tap, tap + length), axis) for tap in range(window.size))
        image = sum((weight * part for weight, part in zip(window, shifted, strict=True)), np.zeros(()))
    return image
