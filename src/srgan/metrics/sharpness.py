"""How much fine detail a single picture has."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from srgan.metrics.artifacts import laplacian
from srgan.metrics.fidelity import luma

_ROWS = 256  # at a time: Y of the largest pictures would fill the memory
_FULL_RANGE = 255 / 219  # Y's 16..235 as the 0..255 for which the figure is usually given


def sharpness(image: NDArray[np.uint8]) -> float:
    """Returns the variance of the Laplacian of luminance, in levels squared (Pech-Pacheco et al. 2000).

    The Laplacian is a pixel's four neighbours less four times itself; luminance is BT.601's in 0..255, as for
    ``cv2.Laplacian(grey, cv2.CV_64F).var()``, which also counts the border. COCO's photographs have some
    hundreds to some ten thousands, blurred ones less; noise raises it, and so does downscaling.

    Args:
        image: (H, W, 3), RGB, uint8.

    Returns:
        At least 0; nan for a picture of less than 3 pixels a side.
    """
    height, width = image.shape[:2]
    if min(height, width) < 3:
        return math.nan
    total = squares = 0.0
    for top in range(0, height - 2, _ROWS):
        detail = laplacian(luma(image[top : top + _ROWS + 2])) * _FULL_RANGE
        total += float(detail.sum())
        squares += float(np.square(detail).sum())
    count = (height - 2) * (width - 2)
    # Y of a flat picture has rounding errors of 1e-14.
    return float(max(0.0, round(squares / count - (total / count) ** 2, 9)))
