"""Results that, reduced again, give their input back: nothing that was there is changed, only filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.images.resize import bicubic_taps

_SCALE = 4
_BLOCK = 16  # low-res rows and columns that one matrix handles
_STRENGTHS = (1, 2, 2, 2, 2, 1)  # of the passes, see consistent_bands
_ENOUGH = 0.5  # of a level of 255: rounding to bytes adds a third at most
_RADIUS = 10  # the inverse below is smaller than 2e-5 beyond
_REACH_OF_REDUCTION = 12  # pixels of the result around those that one low-res pixel covers
_REACH_OF_CORRECTION = 3 + _RADIUS  # low-res pixels; must not be more than _BLOCK
# Multiplications that OpenBLAS does in one thread; more threads would get in the way of the network's.
_PRODUCT = 200_000

_Floats = NDArray[np.float32]
_Matrices = list[tuple[slice, _Floats]]


def consistent_bands(bands: Iterator[NDArray[Any]], lr_image: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Corrects an enlarged picture so that MATLAB's bicubic reduction of it is the picture it was made from.

    Iterated back-projection (Irani and Peleg 1991): what the reduction lacks is enlarged and added. The
    enlargement is bicubic, sharpened such that one pass gives the input back exactly; where the result then
    leaves black and white behind, it is clipped, and more passes go over the places where that matters: four
    twice as far as it seems to need, since half of it is clipped again, and one just as far.

    Guaranteed within 1/255, rounding included, wherever one pass clips nothing. Beside saturated places that
    takes more passes, of which there are six: for photographs that the shipped networks enlarged, tests find
    1/255 everywhere; from a worse start, single pixels are a few levels off. Sharp black on white at the size
    of a pixel, or noise, can be what no picture between black and white is reduced to: there the result comes
    as near as six passes bring it.

    Args:
        bands: (rows, 4W, 3), from top to bottom, (4H, 4W, 3) altogether; uint8, uint16, or float32 in [0, 1].
        lr_image: (H, W, 3), the input, of the same type.

    Yields:
        Bands of the same type. They do not depend on how the picture was cut, and are held back by some 200
        rows of the input; memory does not grow with the height.
    """
    is_float = lr_image.dtype == np.float32
    level = np.float32((1.0 if is_float else np.iinfo(lr_image.dtype).max) / 255)
    vertical, horizontal = _Axis(lr_image.shape[0]), _Axis(lr_image.shape[1])
    blocks: Iterator[_Block] = (
        _Block((band / level).astype(np.float32, copy=False)) for band in _in_blocks(bands, _BLOCK * _SCALE)
    )
    for strength in _STRENGTHS:
        blocks = _back_projected(blocks, lr_image, level, vertical, horizontal, strength=strength)
    for block in blocks:
        pixels = block.pixels * level
        yield pixels if is_float else np.rint(pixels, out=pixels).astype(lr_image.dtype)


@dataclass(frozen=True)
class _Block:
    """Rows of the result, in levels from 0 to 255.

    Attributes:
        pixels: (up to 64, 4W, 3), float32.
        is_settled: no more passes are needed for its sake.
        residual: (up to 16, 3, W), what is missing in its reduction; None where that is nothing.
    """

    pixels: _Floats
    is_settled: bool = False
    residual: _Floats | None = None


class _Axis:
    """Reduction and correction along one axis as matrices, each for one block of the axis.

    Args:
        length: of the axis, in low-res pixels.
    """

    def __init__(self, length: int) -> None:
        reduction = bicubic_taps(_SCALE * length, length, 1 / _SCALE)
        self.reduction = _matrices(*reduction, _SCALE * length, _BLOCK, _REACH_OF_REDUCTION)
        # Sharpened by the inverse of what enlarging and reducing do to a picture; its taps go on mirrored.
        positions, weights = bicubic_taps(length, _SCALE * length, _SCALE)
        spread = positions[:, :, None] + np.arange(-_RADIUS, _RADIUS + 1)
        spread %= 2 * length
        spread = np.minimum(spread, 2 * length - 1 - spread)
        self.correction = _matrices(
            spread.reshape(len(positions), -1),
            (weights[:, :, None] * _inverse()).reshape(len(positions), -1),
            length,
            _BLOCK * _SCALE,
            _REACH_OF_CORRECTION,
        )


@cache
def _inverse() -> NDArray[np.float64]:
    """The filter of ``2 * _RADIUS + 1`` taps that undoes enlarging and reducing, far from borders."""
    length = 4 * _RADIUS + 1
    reduction = _matrices(*bicubic_taps(_SCALE * length, length, 1 / _SCALE), _SCALE * length, length, 0)
    enlargement = _matrices(*bicubic_taps(length, _SCALE * length, _SCALE), length, _SCALE * length, 0)
    both = reduction[0][1].astype(np.float64) @ enlargement[0][1].astype(np.float64)
    middle = np.linalg.inv(both)[2 * _RADIUS, _RADIUS : 3 * _RADIUS + 1]
    return middle.astype(np.float64)


def _matrices(
    positions: NDArray[np.intp], weights: NDArray[np.float64], length: int, size: int, reach: int
) -> _Matrices:
    """For every ``size`` outputs, the stretch of the inputs they depend on and the matrix from it to them."""
    result = []
    for first in range(0, len(positions), size):
        rows = positions[first : first + size]
        start = max(0, first * length // len(positions) - reach)
        stop = min(length, (first + len(rows)) * length // len(positions) + reach)
        matrix = np.zeros((len(rows), stop - start))
        np.add.at(matrix, (np.arange(len(rows))[:, None], rows - start), weights[first : first + size])
        result.append((slice(start, stop), matrix.astype(np.float32)))
    return result


def _back_projected(
    blocks: Iterator[_Block],
    lr_image: NDArray[Any],
    level: np.float32,
    vertical: _Axis,
    horizontal: _Axis,
    *,
    strength: float,
) -> Iterator[_Block]:
    """One pass over the picture."""

    def measured() -> Iterator[_Block]:
        for number, (before, block, after) in enumerate(_with_neighbours(blocks)):
            if all(each is None or each.is_settled for each in (before, block, after)):
                yield block
                continue
            pixels = _joined(before, block, after, lambda each: each.pixels, _REACH_OF_REDUCTION)
            reduced = np.ascontiguousarray(_down(vertical.reduction[number][1], pixels).transpose(0, 2, 1))
            target = lr_image[number * _BLOCK : (number + 1) * _BLOCK].transpose(0, 2, 1) / level
            parts = [reduced[..., part] @ matrix.T for part, matrix in horizontal.reduction]
            residual = (target - np.concatenate(parts, axis=2)).astype(np.float32)
            yield replace(block, residual=residual if np.abs(residual).max() > _ENOUGH else None)

    for number, (before, block, after) in enumerate(_with_neighbours(measured())):
        if all(each is None or each.residual is None for each in (before, block, after)):
            yield _Block(block.pixels, is_settled=True)
            continue
        residual: _Floats = _joined(before, block, after, _residual_or_zero, _REACH_OF_CORRECTION)
        pixels, right = block.pixels.copy(), 0
        for part, matrix in horizontal.correction:
            left, right = right, right + len(matrix)
            nearby = residual[..., part]
            if np.abs(nearby).max() > _ENOUGH:
                missing = np.float32(strength) * (nearby @ matrix.T).transpose(0, 2, 1)
                pixels[:, left:right] += _down(vertical.correction[number][1], missing)
        is_clipped = bool(pixels.min() < 0 or pixels.max() > 255)
        # A stronger pass may have gone too far where nothing was clipped after all.
        is_settled = strength == 1 and not is_clipped
        yield _Block(np.clip(pixels, 0, 255, out=pixels) if is_clipped else pixels, is_settled=is_settled)


def _residual_or_zero(block: _Block) -> _Floats:
    if block.residual is not None:
        return block.residual
    rows, columns = (side // _SCALE for side in block.pixels.shape[:2])
    return np.zeros((rows, 3, columns), np.float32)


def _joined(
    before: _Block | None, block: _Block, after: _Block | None, part: Callable[[_Block], _Floats], reach: int
) -> _Floats:
    """A part of a block with ``reach`` rows of the same part of its neighbours."""
    parts = [part(block)]
    if before is not None:
        parts.insert(0, part(before)[-reach:])
    if after is not None:
        parts.append(part(after)[:reach])
    return np.concatenate(parts)


def _down(matrix: _Floats, rows: _Floats) -> _Floats:
    """A matrix on the first axis."""
    flat = rows.reshape(rows.shape[0], -1)
    result = np.empty((matrix.shape[0], flat.shape[1]), np.float32)
    step = _PRODUCT // matrix.size
    for start in range(0, flat.shape[1], step):
        np.matmul(matrix, flat[:, start : start + step], out=result[:, start : start + step])
    return result.reshape(-1, *rows.shape[1:])


def _with_neighbours(blocks: Iterator[_Block]) -> Iterator[tuple[_Block | None, _Block, _Block | None]]:
    before, block = None, next(blocks, None)
    while block is not None:
        after = next(blocks, None)
        yield before, block, after
        before, block = block, after


def _in_blocks(bands: Iterator[NDArray[Any]], rows: int) -> Iterator[NDArray[Any]]:
    """The same rows in bands of one height; the last may be lower."""
    left: NDArray[Any] | None = None
    for band in bands:
        left = band if left is None else np.concatenate((left, band))
        while len(left) >= rows:
            yield left[:rows]
            left = left[rows:]
    if left is not None and len(left):
        yield left
