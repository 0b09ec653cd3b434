"""Parts of pictures, and the one in which results differ most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srgan.metrics.fidelity import luma


@dataclass(frozen=True, kw_only=True)
class Region:
    """A part of a picture, in pixels: its upper left corner and its size."""

    x: int
    y: int
    width: int
    height: int

    def of(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Returns the part, as a view."""
        return image[self.y : self.y + self.height, self.x : self.x + self.width]


def region_of_difference(images: Sequence[NDArray[np.uint8]], side: int, scale: int) -> tuple[Region, float]:
    """Returns the square in which pictures differ most.

    Args:
        images: at least one, (H, W, 3), RGB, uint8, all of one size.
        side: of the square in pixels; less where the picture is smaller.
        scale: of the pictures; the square begins where a low-res pixel does.

    Returns:
        The region, and the standard deviation of Y over the pictures, averaged over its pixels. Of equal
        pictures it is the upper left corner.
    """
    difference = np.std([luma(image) for image in images], axis=0)
    height, width = (min(side, length) for length in difference.shape)
    sums = np.pad(difference.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    windows = (
        sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    )
    windows = windows[::scale, ::scale]
    row, column = np.unravel_index(windows.argmax(), windows.shape)
    region = Region(x=int(column) * scale, y=int(row) * scale, width=width, height=height)
    return region, float(windows[row, column]) / (width * height)
