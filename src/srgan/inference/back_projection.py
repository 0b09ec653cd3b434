"""Bicubic reduction and its correction along one axis, as matrices: what makes results consistent."""

from __future__ import annotations

from copy import copy
from functools import cache

import numpy as np
from numpy.typing import NDArray

from srgan.images.resize import bicubic_taps
from srgan.inference.squares import Floats

SCALE = 4
_RADIUS = 6  # the inverse below is smaller than 4e-4 beyond
# A picture is cut into squares; the margins around them are as far as their matrices reach.
LR_SQUARE, LR_MARGIN = 16, 3 + _RADIUS
SQUARE, MARGIN = SCALE * LR_SQUARE, 12


class Axis:
    """Reduction and correction along one axis as matrices, one for each square of the axis.

    Args:
        length: of the axis, in low-res pixels.

    Attributes:
        reduction: (squares, 16, 64 + 24), from pixels of the result, margins included.
        correction: (squares, 64, 16 + 18), from a residual, margins included.
    """

    def __init__(self, length: int) -> None:
        reduction = bicubic_taps(SCALE * length, length, 1 / SCALE)
        self.reduction = _matrices(*reduction, LR_SQUARE, SQUARE, MARGIN)
        # Sharpened by the inverse of what enlarging and reducing do to a picture; its taps go on mirrored.
        positions, weights = bicubic_taps(length, SCALE * length, SCALE)
        spread = positions[:, :, None] + np.arange(-_RADIUS, _RADIUS + 1)
        spread %= 2 * length
        spread = np.minimum(spread, 2 * length - 1 - spread)
        self.correction = _matrices(
            spread.reshape(len(positions), -1),
            (weights[:, :, None] * _inverse()).reshape(len(positions), -1),
            SQUARE,
            LR_SQUARE,
            LR_MARGIN,
        )

    def part(self, rows: slice) -> Axis:
        """Some of the squares."""
        result = copy(self)
        result.reduction, result.correction = self.reduction[rows], self.correction[rows]
        return result


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
