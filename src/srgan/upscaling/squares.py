"""Pictures cut into squares that overlap by their margins, and matrices on the squares' rows and columns."""

from __future__ import annotations

from types import EllipsisType
from typing import Any, TypeVar

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Chosen = tuple[NDArray[np.intp], ...] | EllipsisType
"""Channels, rows and columns of some squares; or all squares, which then are not copied."""

_Scalar = TypeVar("_Scalar", bound=np.generic)


def framed(shape: tuple[int, int], size: int, margin: int, kind: Any = np.float32) -> NDArray[Any]:
    """Zeros for rows and columns of squares, (3, size * rows + 2 * margin, size * columns + 2 * margin)."""
    rows, columns = shape
    return np.zeros((3, size * rows + 2 * margin, size * columns + 2 * margin), kind)


def squares(image: NDArray[_Scalar], size: int, margin: int) -> NDArray[_Scalar]:
    """Returns a view of framed squares without their margins, (3, rows, columns, size, size)."""
    inside = image[:, margin:-margin, margin:-margin]
    _, height, width = inside.shape
    return inside.reshape(3, height // size, size, width // size, size).swapaxes(2, 3)


def windows(image: NDArray[_Scalar], size: int, margin: int) -> NDArray[_Scalar]:
    """Returns a view of framed squares with margins, (3, rows, columns, size + 2 * margin, the same)."""
    side = size + 2 * margin
    rows, columns = ((length - 2 * margin) // size for length in image.shape[1:])
    plane, row, column = image.strides
    return as_strided(
        image,
        (3, rows, columns, side, side),
        (plane, size * row, size * column, row, column),
        writeable=False,
    )


def products(
    image: Floats, size: int, margin: int, vertical: Floats, horizontal: Floats, chosen: Chosen
) -> Floats:
    """Multiplies the rows and columns of chosen squares and their margins by matrices.

    Args:
        image: framed squares.
        size: a square's side.
        margin: margin around a square.
        vertical: a matrix for each row of squares, (rows, outputs, size + 2 * margin).
        horizontal: a matrix for each column of squares, (columns, outputs, size + 2 * margin).
        chosen: the squares.

    Returns:
        (3, rows, columns, outputs, outputs), or (number, outputs, outputs) of those chosen.
    """
    across = horizontal.swapaxes(1, 2)
    if chosen is ...:
        down = np.matmul(vertical[:, None], windows(image, size, margin))
    else:
        _, rows, columns = chosen
        down = np.matmul(vertical[rows], windows(image, size, margin)[chosen])
        across = across[columns]
    result: Floats = np.matmul(down, across)
    return result
