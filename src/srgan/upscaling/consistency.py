"""Results that give their input back when downscaled: nothing is changed, only detail filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from srgan.errors import UsageError
from srgan.upscaling.back_projection import LR_MARGIN, LR_SQUARE, Axis
from srgan.upscaling.squares import Chosen, Flags, Floats, framed, products, squares, windows

# For each pass: how far it goes, and what may be missing, in levels of 255. Rounding to bytes adds a third.
_PASSES = ((1, 0.0), (7, 0.5), (1, 0.5), (1, 0.5))
_CLIPPED_LITTLE = 0.3  # of a level: clipping by no more than this leaves a negligible residual
_CELLS = 4  # on a square's side: what is done in one of them hardly reaches beyond the next
_BLOCK = 48  # squares: with fewer at a time, calls take longer than what they compute
_LITTLE = 2**19  # pixels: with fewer, handing work over to a thread takes longer than it saves

_Item = TypeVar("_Item")
_Scalar = TypeVar("_Scalar", bound=np.generic)


def check_scale(scale: int) -> None:
    """Checks that results of a scale can be made consistent: those of any whole number from 2.

    Raises:
        UsageError: if it is 1: the only consistent result would be the input.
    """
    if scale < 2:
        raise UsageError(
            "results can be consistent with their input only if they are larger; this model keeps the size",
            field="consistent",
        )


def consistent_bands(
    bands: Iterator[NDArray[Any]], lr_image: NDArray[Any], *, scale: int
) -> Iterator[NDArray[Any]]:
    """Corrects an upscaled picture so that downscaling it by MATLAB's bicubic gives its input back.

    Iterated back-projection (Irani and Peleg 1991): what the downscaled result lacks is upscaled and added.
    The upscaling is bicubic, sharpened so that one pass gives the input back exactly; where the result then
    lies outside black and white, it is clipped, and three more passes go over the places where that matters:
    the first of them several times as far as seems needed, since most of it is clipped again.

    Guaranteed within 1/255, rounding included, wherever the first pass clips nothing. Near saturated places
    the other passes are needed; in pictures that were themselves downscaled, they leave single values off, if
    any. Sharp black on white at the size of a pixel, or noise, may have no high-res picture between black and
    white at all: there the result comes as near as four passes bring it.

    Args:
        bands: (rows, scale * W, 3), from top to bottom, scale * H rows altogether; uint8, uint16, or float32
            in [0, 1].
        lr_image: (H, W, 3), the input, of the same type.
        scale: enlargement per side, a whole number from 2.

    Yields:
        Bands of the same type. They do not depend on how the picture was cut, and lag by some 200 rows of the
        input, more where it is narrow; memory does not grow with the height.
    """
    is_float = lr_image.dtype == np.float32
    level = np.float32((1.0 if is_float else np.iinfo(lr_image.dtype).max) / 255)
    height, width = (side * scale for side in lr_image.shape[:2])
    blocks = _blocks(bands, lr_image, level, scale)
    with ThreadPoolExecutor(1, thread_name_prefix="consistent") as thread:
        apply = partial(_one_ahead, thread) if height * width > _LITTLE else map
        for strength, enough in _PASSES:
            measured = map(partial(_measured, enough=enough), _with_neighbours(blocks))
            back_project = partial(_back_projected, strength=strength)
            blocks = apply(back_project, _with_neighbours(measured))
        for block in blocks:
            rows = min(height, block.vertical.square * len(block.vertical.reduction))
            height -= rows
            margin = block.vertical.margin
            inside = block.pixels[:, margin : margin + rows, margin : margin + width]
            pixels = inside.transpose(1, 2, 0) * level
            yield pixels if is_float else np.rint(pixels, out=pixels).astype(lr_image.dtype)


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Rows of squares, filled up with zeros to whole ones; all arrays have margins at their four sides.

    Attributes:
        vertical: matrices of its rows of squares.
        horizontal: matrices of its columns.
        target: (3, 16 * rows + 18, 16 * columns + 18), the input, in levels from 0 to 255; float32.
        pixels: (3, square * rows + 2 * margin, square * columns + 2 * margin), the result.
        is_open: (3, 4 * rows + 2, 4 * columns + 2), cells of 4x4 low-res pixels that may need further passes.
        residual: as ``target``, what the downscaled result lacks; zero where that is little.
        is_lacking: as ``is_open``, where the residual is not zero.
    """

    vertical: Axis
    horizontal: Axis
    target: Floats
    pixels: Floats
    is_open: Flags
    residual: Floats
    is_lacking: Flags


_Near = tuple[_Block | None, _Block, _Block | None]


def _blocks(
    bands: Iterator[NDArray[Any]], lr_image: NDArray[Any], level: np.float32, scale: int
) -> Iterator[_Block]:
    vertical, horizontal = (Axis.of(side, scale) for side in lr_image.shape[:2])
    columns = len(horizontal.reduction)
    rows = max(1, _BLOCK // columns)
    for start, band in zip(
        range(0, len(vertical.reduction), rows), _in_blocks(bands, rows * vertical.square), strict=True
    ):
        part = vertical.part(slice(start, start + rows))
        shape = len(part.reduction), columns
        target = framed(shape, LR_SQUARE, LR_MARGIN)
        lr_band = lr_image[start * LR_SQUARE : (start + rows) * LR_SQUARE]
        target[_inside(lr_band, LR_MARGIN)] = lr_band.transpose(2, 0, 1) / level
        pixels = framed(shape, part.square, part.margin)
        inside = pixels[_inside(band, part.margin)]
        inside[...] = band.transpose(2, 0, 1)
        if level != 1:
            inside /= level
        cells = framed(shape, _CELLS, 1, np.bool_)
        yield _Block(
            vertical=part,
            horizontal=horizontal,
            target=target,
            pixels=pixels,
            is_open=np.ones_like(cells),
            residual=np.zeros_like(target),
            is_lacking=cells,
        )


def _inside(band: NDArray[Any], margin: int) -> tuple[slice, ...]:
    """Returns where a band lies in framed squares."""
    return (slice(None), *(slice(margin, margin + side) for side in band.shape[:2]))


def _measured(near: _Near, enough: float) -> _Block:
    """Measures the residual near open cells."""
    block = near[1]
    square, margin = block.vertical.square, block.vertical.margin
    pixels = _met(near, lambda each: each.pixels, margin)
    chosen = _beside(_met(near, lambda each: each.is_open, 1))
    down, across = block.vertical.reduction, block.horizontal.reduction
    missing = squares(block.target, LR_SQUARE, LR_MARGIN)[chosen] - products(
        pixels, square, margin, down, across, chosen
    )
    is_much = np.abs(missing) > enough
    missing *= is_much
    residual, is_lacking = np.zeros_like(block.residual), np.zeros_like(block.is_lacking)
    squares(residual, LR_SQUARE, LR_MARGIN)[chosen] = missing
    squares(is_lacking, _CELLS, 1)[chosen] = _in_cells(is_much)
    return replace(block, residual=residual, is_lacking=is_lacking)


def _back_projected(near: _Near, strength: float) -> _Block:
    """Adds the upscaled residual, as far as that is possible between black and white."""
    block = near[1]
    residual = _met(near, lambda each: each.residual, LR_MARGIN)
    chosen = _beside(_met(near, lambda each: each.is_lacking, 1))
    down, across = np.float32(strength) * block.vertical.correction, block.horizontal.correction
    pixels = squares(block.pixels, block.vertical.square, block.vertical.margin)
    corrected = products(residual, LR_SQUARE, LR_MARGIN, down, across, chosen)
    corrected += pixels[chosen]
    # A stronger pass may have gone too far where nothing was clipped after all.
    is_open = np.zeros_like(block.is_open) if strength == 1 else block.is_lacking.copy()
    squares(is_open, _CELLS, 1)[chosen] |= _clipped(corrected)
    # In place: all residuals that these pixels are a part of have been measured.
    pixels[chosen] = np.clip(corrected, 0, 255, out=corrected)
    return replace(block, is_open=is_open)


def _met(near: _Near, part: Callable[[_Block], NDArray[_Scalar]], margin: int) -> NDArray[_Scalar]:
    """Returns a part of the middle block, its upper and lower margin filled from the blocks there, if any."""
    above, block, below = near
    own = part(block)
    if above is not None:
        own[:, :margin] = part(above)[:, -2 * margin : -margin]
    if below is not None:
        own[:, -margin:] = part(below)[:, margin : 2 * margin]
    return own


def _beside(flags: Flags) -> Chosen:
    """Returns the squares in which a cell, or one that touches it, has the flag."""
    near: Flags = np.logical_or.reduce(windows(flags, _CELLS, 1), axis=(-2, -1))
    return ... if near.all() else near.nonzero()


def _clipped(pixels: Floats) -> Flags:
    """Returns the cells of squares, (..., 4, 4), in which clipping will change more than a little."""
    lowest, highest = pixels.min(axis=(-2, -1)), pixels.max(axis=(-2, -1))
    some = (lowest < -_CLIPPED_LITTLE) | (highest > 255 + _CLIPPED_LITTLE)
    result = np.zeros((*some.shape, _CELLS, _CELLS), np.bool_)
    result[some] = _in_cells(np.abs(pixels[some] - 127.5) > 127.5 + _CLIPPED_LITTLE)
    return result


def _in_cells(flags: Flags) -> Flags:
    """Reduces squares of flags, (..., side, side), to cells in which one is set, (..., 4, 4)."""
    *number, side, _ = flags.shape
    down = np.logical_or.reduce(flags.reshape(*number, _CELLS, side // _CELLS, side), axis=-2)
    result: Flags = np.logical_or.reduce(down.reshape(*number, _CELLS, _CELLS, side // _CELLS), axis=-1)
    return result


def _one_ahead(
    thread: ThreadPoolExecutor, work: Callable[[_Near], _Block], items: Iterator[_Near]
) -> Iterator[_Block]:
    """Yields the thread's result for each item, once the next one is under way."""
    futures = (thread.submit(work, item) for item in items)
    for _, future, _ in _with_neighbours(futures):
        yield future.result()


def _with_neighbours(items: Iterator[_Item]) -> Iterator[tuple[_Item | None, _Item, _Item | None]]:
    before, item = None, next(items, None)
    while item is not None:
        after = next(items, None)
        yield before, item, after
        before, item = item, after


def _in_blocks(bands: Iterator[NDArray[Any]], rows: int) -> Iterator[NDArray[Any]]:
    """Yields the same rows in bands of one height; the last may be lower."""
    left: NDArray[Any] | None = None
    for band in bands:
        left = band if left is None else np.concatenate((left, band))
        while len(left) >= rows:
            yield left[:rows]
            left = left[rows:]
    if left is not None and len(left):
        yield left
