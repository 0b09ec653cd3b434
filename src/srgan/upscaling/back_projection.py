"""Bicubic downscaling and its correction along one axis, as matrices, which make results consistent.

For whole-number scales from 2; at 1 nothing is downscaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from srgan.images.resize import bicubic_taps
from srgan.upscaling.squares import Floats

_RADIUS = 6  # the inverse below is smaller than 4e-4 beyond
# A picture is cut into squares; the margins around them are as wide as their matrices reach.
LR_SQUARE, LR_MARGIN = 16, 3 + _RADIUS
_MARGIN = 3  # of squares of the result, in low-res pixels


@dataclass(frozen=True)
class Axis:
    """Downscaling and correction along one axis as matrices, one for each square of the axis.

    Attributes:
        reduction: (squares, 16, square + 2 * margin), from pixels of the result, margins included.
        correction: (squares, square, 16 + 18), from a residual, margins included.
        scale: enlargement, a whole number from 2.
    """

    reduction: Floats
    correction: Floats
    scale: int

    @property
    def square(self) -> int:
        """Pixels of the result on a square's side."""
        return self.scale * LR_SQUARE

    @property
    def margin(self) -> int:
        """Pixels of the result around a square."""
        return self.scale * _MARGIN

    @classmethod
    def of(cls, length: int, scale: int) -> Axis:
        """Returns an axis of ``length`` low-res pixels, upscaled by ``scale``."""
        # All squares have the same matrices but the first and the last two, near which the axis ends.
        left_out = max(-(-length // LR_SQUARE) - 5, 0)
        ends = _short_axis(length - left_out * LR_SQUARE, scale)
        square = np.arange(len(ends.reduction) + left_out)
        return ends.part(np.maximum(np.minimum(square, 2), square - left_out))

    def part(self, squares: slice | NDArray[np.intp]) -> Axis:
        """Selects some of the squares."""
        return Axis(self.reduction[squares], self.correction[squares], self.scale)


@cache  # for at most 80 lengths of each scale
def _short_axis(length: int, scale: int) -> Axis:
    reduction = bicubic_taps(scale * length, length, 1 / scale)
    # Sharpened by the inverse of what up- and downscaling do to a picture; its taps continue mirrored.
    positions, weights = bicubic_taps(length, scale * length, scale)
    spread = positions[:, :, None] + np.arange(-_RADIUS, _RADIUS + 1)
    spread %= 2 * length
    spread = np.minimum(spread, 2 * length - 1 - spread)
    spread = spread.reshape(len(positions), -1)
    sharpened = (weights[:, :, None] * _inverse(scale)).reshape(len(positions), -1)
    return Axis(
        _matrices(*reduction, LR_SQUARE, scale * LR_SQUARE, scale * _MARGIN),
        _matrices(spread, sharpened, scale * LR_SQUARE, LR_SQUARE, LR_MARGIN),
        scale,
    )


@cache
def _inverse(scale: int) -> NDArray[np.float64]:
    """Returns the filter of ``2 * _RADIUS + 1`` taps that undoes up- and downscaling, far from borders."""
    length = 4 * _RADIUS + 1
    reduction = _matrices(*bicubic_taps(scale * length, length, 1 / scale), length, scale * length, 0)
    enlargement = _matrices(*bicubic_taps(length, scale * length, scale), scale * length, length, 0)
    both = reduction[0].astype(np.float64) @ enlargement[0].astype(np.float64)
    middle = np.linalg.inv(both)[2 * _RADIUS, _RADIUS : 3 * _RADIUS + 1]
    return middle.astype(np.float64)


def _matrices(
    positions: NDArray[np.intp], weights: NDArray[np.float64], outputs: int, inputs: int, margin: int
) -> Floats:
    """Returns, for every ``outputs`` samples, the matrix from ``inputs`` samples and their margins."""
    squares = -(-len(positions) // outputs)
    made = np.arange(len(positions))
    square = made // outputs
    matrices = np.zeros((squares, outputs, inputs + 2 * margin))
    taken = positions - (square * inputs - margin)[:, None]
    np.add.at(matrices, (square[:, None], (made % outputs)[:, None], taken), weights)
    return matrices.astype(np.float32)
