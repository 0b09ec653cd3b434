"""Bicubic reduction and its correction along one axis, as matrices: what makes results consistent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from srgan.images.resize import bicubic_taps
from srgan.upscaling.squares import Floats

SCALE = 4
_RADIUS = 6  # the inverse below is smaller than 4e-4 beyond
# A picture is cut into squares; the margins around them are as far as their matrices reach.
LR_SQUARE, LR_MARGIN = 16, 3 + _RADIUS
SQUARE, MARGIN = SCALE * LR_SQUARE, 12


@dataclass(frozen=True)
class Axis:
    """Reduction and correction along one axis as matrices, one for each square of the axis.

    Attributes:
        reduction: (squares, 16, 64 + 24), from pixels of the result, margins included.
        correction: (squares, 64, 16 + 18), from a residual, margins included.
    """

    reduction: Floats
    correction: Floats

    @classmethod
    def of(cls, length: int) -> Axis:
        """An axis of ``length`` low-res pixels."""
        # All squares have the same matrices but the first and the last two, near which the axis ends.
        left_out = max(-(-length // LR_SQUARE) - 5, 0)
        ends = _short_axis(length - left_out * LR_SQUARE)
        square = np.arange(len(ends.reduction) + left_out)
        return ends.part(np.maximum(np.minimum(square, 2), square - left_out))

    def part(self, squares: slice | NDArray[np.intp]) -> Axis:
        """Some of the squares."""
        return Axis(self.reduction[squares], self.correction[squares])


@cache  # for at most 80 lengths
def _short_axis(length: int) -> Axis:
    reduction = bicubic_taps(SCALE * length, length, 1 / SCALE)
    # Sharpened by the inverse of what enlarging and reducing do to a picture; its taps go on mirrored.
    positions, weights = bicubic_taps(length, SCALE * length, SCALE)
    spread = positions[:, :, None] + np.arange(-_RADIUS, _RADIUS + 1)
    spread %= 2 * length
    spread = np.minimum(spread, 2 * length - 1 - spread)
    spread = spread.reshape(len(positions), -1)
    sharpened = (weights[:, :, None] * _inverse()).reshape(len(positions), -1)
    return Axis(
        _matrices(*reduction, LR_SQUARE, SQUARE, MARGIN),
        _matrices(spread, sharpened, SQUARE, LR_SQUARE, LR_MARGIN),
    )


@cache
def _inverse() -> NDArray[np.float64]:
    """The filter of ``2 * _RADIUS + 1`` taps that undoes enlarging and reducing, far from borders."""
    length = 4 * _RADIUS + 1
    reduction = _matrices(*bicubic_taps(SCALE * length, length, 1 / SCALE), length, SCALE * length, 0)
    enlargement = _matrices(*bicubic_taps(length, SCALE * length, SCALE), SCALE * length, length, 0)
    both = reduction[0].astype(np.float64) @ enlargement[0].astype(np.float64)
    middle = np.linalg.inv(both)[2 * _RADIUS, _RADIUS : 3 * _RADIUS + 1]
    return middle.astype(np.float64)


def _matrices(
    positions: NDArray[np.intp], weights: NDArray[np.float64], outputs: int, inputs: int, margin: int
) -> Floats:
    """For every ``outputs`` samples made, the matrix from ``inputs`` samples and their margins."""
    squares = -(-len(positions) // outputs)
    made = np.arange(len(positions))
    square = made // outputs
    matrices = np.zeros((squares, outputs, inputs + 2 * margin))
    taken = positions - (square * inputs - margin)[:, None]
    np.add.at(matrices, (square[:, None], (made % outputs)[:, None], taken), weights)
    return matrices.astype(np.float32)
