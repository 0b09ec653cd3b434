"""Cuts pictures into tiles with surroundings, so that no seams show. Independent of any model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Run = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class TilePlan:
    """How one picture is cut: every tile has the same shape, the last of each axis moved inwards.

    Tiles begin, and end with their surroundings, at multiples of what the network asks for, so that each
    pixel has the same place in the network's grid whichever way the picture is cut. Where the picture does
    not end at a multiple, tiles reach beyond it; what is made there is cropped.

    Attributes:
        height: the picture's, in pixels.
        width: the picture's, in pixels.
        tile_height: a tile's, without its surroundings.
        tile_width: a tile's, without its surroundings.
        halo: pixels of surroundings on each side of a tile.
        multiple: what ``tile_height``, ``tile_width`` and ``halo`` are multiples of.
    """

    height: int
    width: int
    tile_height: int
    tile_width: int
    halo: int
    multiple: int = 1

    @property
    def tops(self) -> list[int]:
        """Where the rows of tiles begin."""
        return _starts(round_up(self.height, self.multiple), self.tile_height)

    @property
    def lefts(self) -> list[int]:
        """Where the columns of tiles begin."""
        return _starts(round_up(self.width, self.multiple), self.tile_width)

    @property
    def tiles(self) -> int:
        """Number of tiles."""
        return len(self.tops) * len(self.lefts)


def plan_tiles(height: int, width: int, *, halo: int, tile: int | None, multiple: int = 1) -> TilePlan:
    """Chooses the tile shape that costs the least, surroundings included.

    Args:
        height: the picture's, at least 1.
        width: the picture's, at least 1.
        halo: pixels of surroundings on each side; rounded up to a multiple.
        tile: a tile has at most ``tile * tile`` pixels, or the least that ``multiple`` allows; it may be
            longer than wide. None: one tile.
        multiple: the sides of a tile with its surroundings are multiples of this.

    Returns:
        The plan; a picture that fits is one tile of its own size, rounded up.
    """
    halo = round_up(halo, multiple)
    tile_height, tile_width = round_up(height, multiple), round_up(width, multiple)
    if tile is not None and tile_height * tile_width > tile * tile:
        # In units of the multiple; a tile has at least one.
        side = max(tile // multiple, 1)
        _, tile_height, tile_width = min(
            _tilings(tile_height // multiple, tile_width // multiple, side, halo / multiple)
        )
        tile_height, tile_width = tile_height * multiple, tile_width * multiple
    return TilePlan(
        height=height,
        width=width,
        tile_height=tile_height,
        tile_width=tile_width,
        halo=halo,
        multiple=multiple,
    )


def round_up(length: int, multiple: int) -> int:
    """Returns the least multiple that is not below ``length``."""
    return -(-length // multiple) * multiple


def upscale_bands(
    pixels: NDArray[Any], run: Run, plan: TilePlan, *, scale: int, repeats_edge: bool = True
) -> Iterator[NDArray[Any]]:
    """Upscales a picture tile by tile, and hands out each row of tiles as soon as it is finished.

    Beyond its borders the picture continues as its own reflection, the border pixel repeated (``numpy.pad``'s
    ``"symmetric"``), as often as the halo needs, as bicubic downscaling saw it. Without repeating the pixel,
    the outer 4 pixels have two to three times the squared error.

    Args:
        pixels: (plan.height, plan.width, channel).
        run: maps (1, h + 2 * halo, w + 2 * halo, channel) to (1, scale * h, scale * w, channel) of the same
            type, which is copied before the next call unless it is the only one; halo is the plan's.
        plan: how to cut.
        scale: enlargement per side.
        repeats_edge: False reflects without repeating the border pixel (``"reflect"``), as other programs do.

    Yields:
        (rows, scale * plan.width, channel), from top to bottom. Pixels are the same however the picture is
        cut, as long as ``run`` does not depend on more than the halo.
    """

    def enlarged(top: int, left: int) -> NDArray[Any]:
        rows = _reflected(top, top + plan.tile_height, plan.height, plan.halo, repeats_edge)
        columns = _reflected(left, left + plan.tile_width, plan.width, plan.halo, repeats_edge)
        result: NDArray[Any] = run(pixels[np.ix_(rows, columns)][None])[0]
        return result

    if plan.tiles == 1:  # there is nothing to put together
        yield enlarged(0, 0)[: plan.height * scale, : plan.width * scale]
        return
    done = 0
    for top in plan.tops:
        bottom = min(top + plan.tile_height, plan.height)
        band = np.empty(((bottom - done) * scale, plan.width * scale, pixels.shape[2]), pixels.dtype)
        for left in plan.lefts:
            right = min(left + plan.tile_width, plan.width)
            # The last row of tiles was moved inwards: its upper part has been handed out already.
            rows = slice((done - top) * scale, (bottom - top) * scale)
            band[:, left * scale : right * scale] = enlarged(top, left)[rows, : (right - left) * scale]
        yield band
        done = bottom


def _tilings(height: int, width: int, tile: int, halo: float) -> Iterator[tuple[float, int, int]]:
    """Yields the cost, height and width of tiles of at most ``tile * tile``, for each number of rows."""
    area = tile * tile
    for rows in range(math.ceil(height / area), 2 * math.ceil(height / tile) + 1):
        tile_height = math.ceil(height / rows)
        columns = math.ceil(width / (area // tile_height))
        tile_width = math.ceil(width / columns)
        # Layers use up the surroundings one by one: half of them on average, on two sides.
        yield rows * columns * (tile_height + halo) * (tile_width + halo), tile_height, tile_width


def _starts(length: int, tile: int) -> list[int]:
    """Returns where tiles begin that cover ``length``; none reaches beyond it, unless one alone does."""
    return [*range(0, length - tile, tile), max(length - tile, 0)]


def _reflected(start: int, stop: int, length: int, halo: int, repeats_edge: bool) -> NDArray[np.intp]:
    """Returns positions in [0, length) of start - halo ... stop + halo - 1, reflected at both ends."""
    last = 2 * length - 1 if repeats_edge else max(2 * length - 2, 1)
    position = np.arange(start - halo, stop + halo) % (last + 1 if repeats_edge else last)
    return np.minimum(position, last - position)
