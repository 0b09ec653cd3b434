"""Cuts pictures into tiles with surroundings, so that the seams cannot show. Knows no model."""

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

    Attributes:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        tile_height: of a tile, without its surroundings.
        tile_width: of a tile, without its surroundings.
        halo: pixels of surroundings on each side of a tile.
    """

    height: int
    width: int
    tile_height: int
    tile_width: int
    halo: int

    @property
    def tiles(self) -> int:
        """Number of tiles."""
        return len(_starts(self.height, self.tile_height)) * len(_starts(self.width, self.tile_width))


def plan_tiles(height: int, width: int, *, halo: int, tile: int | None) -> TilePlan:
    """Chooses the tile shape that costs the least, surroundings included.

    Args:
        height: of the picture, at least 1.
        width: of the picture, at least 1.
        halo: pixels of surroundings on each side.
        tile: a tile has at most ``tile * tile`` pixels; it may be longer than wide. None: one tile.

    Returns:
        The plan; a picture that fits is one tile of its own size.
    """
    if tile is None or height * width <= tile * tile:
        return TilePlan(height=height, width=width, tile_height=height, tile_width=width, halo=halo)
    area = tile * tile
    plans = []
    for rows in range(math.ceil(height / area), 2 * math.ceil(height / tile) + 1):
        tile_height = math.ceil(height / rows)
        columns = math.ceil(width / (area // tile_height))
        tile_width = math.ceil(width / columns)
        # Layer by layer the surroundings are used up: half of them on average, on two sides.
        cost = rows * columns * (tile_height + halo) * (tile_width + halo)
        plans.append((cost, tile_height, tile_width))
    _, tile_height, tile_width = min(plans)
    return TilePlan(height=height, width=width, tile_height=tile_height, tile_width=tile_width, halo=halo)


def upscale_bands(pixels: NDArray[Any], run: Run, plan: TilePlan, *, scale: int) -> Iterator[NDArray[Any]]:
    """Enlarges a picture tile by tile, and hands out each row of tiles as soon as it is finished.

    Beyond its borders the picture goes on as its own reflection, the border pixel repeated (``numpy.pad``'s
    ``"symmetric"``), as often as the halo needs it, which is how bicubic reduction saw it. With the pixel not
    repeated, the outer 4 pixels have two to three times the squared error.

    Args:
        pixels: (plan.height, plan.width, channel).
        run: maps (1, h + 2 * halo, w + 2 * halo, channel) to (1, scale * h, scale * w, channel) of the same
            type, which is copied before the next call.
        plan: how to cut.
        scale: enlargement per side.

    Yields:
        (rows, scale * plan.width, channel), from top to bottom. Rows and tiles are the same whichever way
        the picture is cut, as far as ``run`` does not depend on more than the halo.
    """
    lefts = _starts(plan.width, plan.tile_width)
    done = 0
    for top in _starts(plan.height, plan.tile_height):
        bottom = top + plan.tile_height
        rows = _reflected(top, bottom, plan.height, plan.halo)
        band = np.empty(((bottom - done) * scale, plan.width * scale, pixels.shape[2]), pixels.dtype)
        for left in lefts:
            right = left + plan.tile_width
            columns = _reflected(left, right, plan.width, plan.halo)
            enlarged = run(pixels[np.ix_(rows, columns)][None])[0]
            # The last row of tiles was moved inwards: its upper part has been handed out already.
            band[:, left * scale : right * scale] = enlarged[(done - top) * scale :]
        yield band
        done = bottom


def _starts(length: int, tile: int) -> list[int]:
    """Where tiles begin that cover ``length``; none reaches beyond it."""
    return [*range(0, length - tile, tile), length - tile]


def _reflected(start: int, stop: int, length: int, halo: int) -> NDArray[np.intp]:
    """Positions in [0, length) of start - halo ... stop + halo - 1, reflected at both ends."""
    position = np.arange(start - halo, stop + halo) % (2 * length)
    return np.minimum(position, 2 * length - 1 - position)
