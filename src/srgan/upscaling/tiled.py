"""A network for pictures of any size: tile by tile, in smaller tiles if memory runs out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from srgan.engines.protocol import Engine
from srgan.errors import OutOfMemoryError
from srgan.events import Cancel, Event, OnEvent, check
from srgan.networks.info import NetworkInfo
from srgan.upscaling.changes import ChangedParts
from srgan.upscaling.consistency import consistent_bands
from srgan.upscaling.memory import SMALLEST_TILE, auto_tile, free_memory
from srgan.upscaling.tiling import TilePlan, plan_tiles, round_up, upscale_bands

Tile = Literal["auto", "off"] | int
Compute = Callable[[int, NDArray[Any], int], NDArray[Any]]
"""Upscales the tile with a number and a halo of the given width."""

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class TiledNetwork:
    """Upscales arrays of any size.

    Attributes:
        engine: runs the network.
        info: all that is known of the network.
        tile, consistent: see :class:`~srgan.upscaling.upscaler.Upscaler`.
    """

    engine: Engine
    info: NetworkInfo
    tile: Tile
    consistent: bool

    def compute(self, _: int, window: NDArray[Any], halo: int) -> NDArray[Any]:
        """Upscales one tile."""
        return self.engine.upscale(window, halo)

    def changed_parts(self) -> Compute:
        """Returns a function that upscales the tiles of successive pictures."""

        @cache
        def parts(halo: int) -> ChangedParts:
            return ChangedParts(
                lambda window: self.engine.upscale(window, halo),
                halo=halo,
                radius=self.info.radius,
                scale=self.info.scale,
                multiple=self.info.multiple,
            )

        return lambda place, window, halo: parts(halo).upscale(place, window)

    def stream(
        self,
        pixels: NDArray[Any],
        sink: Callable[[Iterator[NDArray[Any]]], Result],
        *,
        compute: Compute | None = None,
        on_event: OnEvent | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Upscales one picture; see :meth:`~srgan.upscaling.upscaler.Upscaler.stream`.

        Args:
            pixels: (H, W, 3); uint8, uint16, or float32 in [0, 1].
            sink: takes the bands.
            compute: upscales a tile instead of :meth:`compute`.
            on_event: takes an event after every tile.
            cancel: asked before every tile.

        Raises:
            OutOfMemoryError: if memory runs out even with the smallest tile.
            CancelledError: if ``cancel`` says so.
        """
        height, width = pixels.shape[:2]
        smallest = max(SMALLEST_TILE, self.info.multiple)
        tile = self._first_tile(pixels.dtype)
        while True:
            plan = self._plan(height, width, tile)
            try:
                return sink(self._bands(pixels, plan, compute or self.compute, on_event, cancel))
            except MemoryError:
                # What was tried, which may be less than what was allowed.
                tried = math.isqrt(plan.tile_height * plan.tile_width)
                if tried <= smallest or self.info.size is not None:
                    raise OutOfMemoryError(
                        f"not enough memory for {width}x{height} pixels even in small tiles; free some"
                    ) from None
                tile = max(tried // 2, smallest)
                self.engine.release()

    def _plan(self, height: int, width: int, tile: int | None) -> TilePlan:
        if self.info.size is None:
            plan = plan_tiles(height, width, halo=self._halo, tile=tile, multiple=self.info.multiple)
            return replace(plan, halo=self._border) if plan.tiles == 1 else plan
        tile_height, tile_width = (side - 2 * self._halo for side in self.info.size)
        return TilePlan(
            height=height, width=width, tile_height=tile_height, tile_width=tile_width, halo=self._halo
        )

    @property
    def _halo(self) -> int:
        return round_up(self.info.halo, self.info.multiple)

    @property
    def _border(self) -> int:
        border = self.info.border
        return self._halo if border is None else round_up(border, self.info.multiple)

    def _first_tile(self, dtype: DTypeLike) -> int | None:
        if self.tile == "off":
            return None
        if self.tile != "auto":
            return int(self.tile)
        share = 1 if self.engine.precision_for(dtype) == "fp32" else 2
        free = self.engine.free_memory()
        return auto_tile(self.info.bytes_per_pixel // share, free_memory() if free is None else free)

    def _bands(
        self,
        pixels: NDArray[Any],
        plan: TilePlan,
        compute: Compute,
        on_event: OnEvent | None,
        cancel: Cancel | None,
    ) -> Iterator[NDArray[Any]]:
        done = 0

        def run(window: NDArray[Any]) -> NDArray[Any]:
            nonlocal done
            check(cancel)
            enlarged = compute(done, window, plan.halo)
            done += 1
            if on_event is not None:
                on_event(Event(done=done, total=plan.tiles, unit="tiles"))
            return enlarged

        grey = is_grey(pixels)
        bands = upscale_bands(pixels, run, plan, scale=self.info.scale, repeats_edge=self.info.repeats_edge)
        if self.consistent:
            bands = consistent_bands(bands, pixels, scale=self.info.scale)
        for band in bands:
            yield make_grey(band) if grey else band


def is_grey(pixels: NDArray[Any]) -> bool:
    """Returns whether all three channels of (H, W, 3) are equal everywhere."""
    red, green, blue = (pixels[:, :, channel] for channel in range(3))
    return np.array_equal(red, green) and np.array_equal(red, blue)


def make_grey(band: NDArray[Any]) -> NDArray[Any]:
    """Replaces each channel of (H, W, 3) by the mean of the three, rounded if the type is an integer."""
    mean = band.mean(axis=2, keepdims=True, dtype=np.float32)
    if np.issubdtype(band.dtype, np.integer):
        mean = np.rint(mean)
    return np.repeat(mean.astype(band.dtype), 3, axis=2)
