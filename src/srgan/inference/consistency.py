"""Results that, reduced again, give their input back: nothing that was there is changed, only filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from srgan.inference.back_projection import LR_MARGIN, LR_SQUARE, MARGIN, SCALE, SQUARE, Axis, Floats

_STRENGTHS = (1, 1.5, 2, 4, 1)  # of the passes, see consistent_bands
_ENOUGH = 0.5  # of a level of 255: rounding to bytes adds a third at most
_CLIPPED_LITTLE = 0.3  # of a level: clipping that takes away no more leaves less than enough missing
# Multiplications that OpenBLAS does in one thread; more threads would get in the way of the network's.
_PRODUCT = 200_000

_Flags = NDArray[np.bool_]


def consistent_bands(bands: Iterator[NDArray[Any]], lr_image: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Corrects an enlarged picture so that MATLAB's bicubic reduction of it is the picture it was made from.

    Iterated back-projection (Irani and Peleg 1991): what the reduction lacks is enlarged and added. The
    enlargement is bicubic, sharpened such that one pass gives the input back exactly; where the result then
    leaves black and white behind, it is clipped, and more passes go over the places where that matters:
    farther and farther than they seem to need, since much of it is clipped again, and the last just as far.

    Guaranteed within 1/255, rounding included, wherever one pass clips nothing. Beside saturated places that
    takes more passes, of which there are five: for photographs that the shipped networks enlarged, tests find
    1/255 everywhere; from a worse start, single pixels are a few levels off. Sharp black on white at the size
    of a pixel, or noise, can be what no picture between black and white is reduced to: there the result comes
    as near as five passes bring it.

    Args:
        bands: (rows, 4W, 3), from top to bottom, (4H, 4W, 3) altogether; uint8, uint16, or float32 in [0, 1].
        lr_image: (H, W, 3), the input, of the same type.

    Yields:
        Bands of the same type. They do not depend on how the picture was cut, and are held back by some 180
        rows of the input; memory does not grow with the height.
    """
    is_float = lr_image.dtype == np.float32
    level = np.float32((1.0 if is_float else np.iinfo(lr_image.dtype).max) / 255)
    height, width = (side * SCALE for side in lr_image.shape[:2])
    vertical, horizontal = Axis(lr_image.shape[0]), Axis(lr_image.shape[1])
    blocks: Iterator[_Block] = (_first(band, level) for band in _in_blocks(bands, SQUARE))
    for strength in _STRENGTHS:
        blocks = _back_projected(blocks, lr_image, level, vertical, horizontal, strength=strength)
    for number, block in enumerate(blocks):
        pixels = block.pixels[:, : height - number * SQUARE, MARGIN : MARGIN + width].transpose(1, 2, 0)
        pixels = pixels * level
        yield pixels if is_float else np.rint(pixels, out=pixels).astype(lr_image.dtype)


@dataclass(frozen=True)
class _Block:
    """A row of squares, filled up with zeros to whole ones and with margins at its left and right ends.

    Attributes:
        pixels: (3, 64, 64 * squares + 24), of the result, in levels from 0 to 255; float32.
        residual: (3, 16, 16 * squares + 26), what is missing in its reduction; zero where that is little.
        is_settled: (squares,), whether no more passes are needed for their sake.
        is_lacking: (squares,), whether their residual is not zero.
    """

    pixels: Floats
    residual: Floats
    is_settled: _Flags
    is_lacking: _Flags


def _first(band: NDArray[Any], level: np.float32) -> _Block:
    rows, columns = band.shape[:2]
    squares = -(-columns // SQUARE)
    pixels = np.zeros((3, SQUARE, squares * SQUARE + 2 * MARGIN), np.float32)
    inside = pixels[:, :rows, MARGIN : MARGIN + columns]
    inside[...] = band.transpose(2, 0, 1)
    if level != 1:
        inside /= level
    residual = np.zeros((3, LR_SQUARE, squares * LR_SQUARE + 2 * LR_MARGIN), np.float32)
    return _Block(pixels, residual, np.zeros(squares, np.bool_), np.zeros(squares, np.bool_))


def _back_projected(
    blocks: Iterator[_Block],
    lr_image: NDArray[Any],
    level: np.float32,
    vertical: Axis,
    horizontal: Axis,
    *,
    strength: float,
) -> Iterator[_Block]:
    """One pass over the picture."""

    def measured() -> Iterator[_Block]:
        for number, (before, block, after) in enumerate(_with_neighbours(blocks)):
            target = np.zeros_like(block.residual)
            inside = lr_image[number * LR_SQUARE :][:LR_SQUARE].transpose(2, 0, 1)
            target[:, : inside.shape[1], LR_MARGIN : LR_MARGIN + inside.shape[2]] = inside / level
            residual, is_lacking = np.zeros_like(target), np.zeros_like(block.is_lacking)
            for run in _runs(before, block, after, lambda each: ~each.is_settled):
                pixels = _joined(before, block, after, lambda each: each.pixels, SQUARE, MARGIN, run)
                reduced = _across(
                    _down(vertical.reduction[number], pixels), horizontal.reduction[run], SQUARE
                )
                missing = _squares(target, LR_SQUARE, LR_MARGIN, run) - reduced
                lacking = np.abs(missing).max(axis=(1, 2, 3)) > _ENOUGH
                is_lacking[run] = lacking
                _squares(residual, LR_SQUARE, LR_MARGIN, run)[lacking] = missing[lacking]
            yield _Block(block.pixels, residual, block.is_settled, is_lacking)

    for number, (before, block, after) in enumerate(_with_neighbours(measured())):
        is_settled = np.ones_like(block.is_settled)
        for run in _runs(before, block, after, lambda each: each.is_lacking):
            residual = _joined(before, block, after, lambda each: each.residual, LR_SQUARE, LR_MARGIN, run)
            missing = _down(np.float32(strength) * vertical.correction[number], residual)
            pixels = _squares(block.pixels, SQUARE, MARGIN, run)
            corrected = pixels + _across(missing, horizontal.correction[run], LR_SQUARE)
            flat = corrected.reshape(len(corrected), -1)
            is_kept = (flat.min(axis=1) >= -_CLIPPED_LITTLE) & (flat.max(axis=1) <= 255 + _CLIPPED_LITTLE)
            # A stronger pass may have gone too far where nothing was clipped after all.
            is_settled[run] = is_kept & (strength == 1)
            # In place: all residuals that this block's pixels are a part of have been measured.
            np.clip(corrected, 0, 255, out=pixels)
        yield _Block(block.pixels, block.residual, is_settled, block.is_lacking)


def _runs(
    before: _Block | None, block: _Block, after: _Block | None, flags: Callable[[_Block], _Flags]
) -> Iterator[slice]:
    """The squares of a block that have the flag or touch one that has, in runs without a gap."""
    flagged = np.logical_or.reduce([flags(each) for each in (before, block, after) if each is not None])
    near = flagged.copy()
    near[1:] |= flagged[:-1]
    near[:-1] |= flagged[1:]
    edges = np.flatnonzero(np.diff(near, prepend=False, append=False))
    return (slice(first, last) for first, last in edges.reshape(-1, 2))


def _joined(
    before: _Block | None,
    block: _Block,
    after: _Block | None,
    part: Callable[[_Block], Floats],
    size: int,
    margin: int,
    run: slice,
) -> Floats:
    """A part of the squares of a run and of the margin around them; zeros beyond the picture."""
    columns = slice(run.start * size, run.stop * size + 2 * margin)
    own = part(block)[..., columns]
    nothing = np.zeros_like(own[:, :margin])
    above = nothing if before is None else part(before)[:, -margin:, columns]
    below = nothing if after is None else part(after)[:, :margin, columns]
    return np.concatenate((above, own, below), axis=1)


def _squares(image: Floats, size: int, margin: int, run: slice) -> Floats:
    """A view of the squares of a run, (squares, 3, size, size)."""
    columns = image[..., margin + run.start * size : margin + run.stop * size]
    return columns.reshape(3, size, -1, size).transpose(2, 0, 1, 3)


def _down(matrix: Floats, image: Floats) -> Floats:
    """A matrix on the rows."""
    result = np.empty((len(image), len(matrix), image.shape[2]), np.float32)
    step = _PRODUCT // matrix.size
    for start in range(0, image.shape[2], step):
        np.matmul(matrix, image[..., start : start + step], out=result[..., start : start + step])
    return result


def _across(image: Floats, matrices: Floats, size: int) -> Floats:
    """Each square's matrix on its columns and their margin, (squares, 3, rows, columns)."""
    windows = sliding_window_view(image, matrices.shape[2], axis=2)[:, :, ::size]
    product: Floats = windows.transpose(2, 0, 1, 3) @ matrices[:, None].transpose(0, 1, 3, 2)
    return product


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
