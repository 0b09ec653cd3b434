"""A model, an engine and tiles: pictures in, pictures four times larger per side out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from srgan.engines.engine import Device, EngineName, Precision, open_engine
from srgan.errors import SrganError, UsageError
from srgan.events import Cancel, Event, OnEvent, check
from srgan.networks import DEFAULT_MODEL
from srgan.networks.blend import read_blend
from srgan.upscaling.changes import ChangedParts
from srgan.upscaling.consistency import consistent_bands
from srgan.upscaling.memory import SMALLEST_TILE, auto_tile, free_memory
from srgan.upscaling.tiling import TilePlan, plan_tiles, upscale_bands

Result = TypeVar("Result")
# Enlarges the tile of a number, which has its surroundings around it.
_Compute = Callable[[int, NDArray[Any]], NDArray[Any]]

_TYPES = (np.uint8, np.uint16, np.float32)


class Upscaler:
    """Enlarges pictures four times per side. Threads may share one.

    Args:
        model: name of a shipped model, or path of a ``.safetensors`` file.
        engine: ``"auto"``, ``"openvino"`` or ``"torch"``.
        precision: ``"auto"``, ``"fp32"``, ``"bf16"`` or ``"fp16"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        tile: a tile has at most ``tile * tile`` pixels of the picture; ``"auto"`` follows the free memory,
            ``"off"`` takes the picture as a whole. With the exact halo the result does not depend on it.
        threads: processor threads; None means all.
        detail: from 0, what the model's fidelity sibling shows, to 1, what the model does; None is the model
            as it is. Costs no time per picture.
        consistent: whether results, reduced again, give their input back, see
            :func:`~srgan.upscaling.consistency.consistent_bands`.

    Raises:
        ModelError: if the model is unknown or damaged.
        UsageError: if the options do not go together, or ``detail`` is given for a model without sibling.
        MissingExtraError: if an engine is asked for that is not installed.

    Attributes:
        card: the model's :class:`~srgan.networks.card.ModelCard`.
        engine: the :class:`~srgan.engines.engine.Engine` that was chosen.
        scale: enlargement per side.
        halo: pixels of surroundings that a tile is given on each side.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        device: Device = "auto",
        tile: Literal["auto", "off"] | int = "auto",
        threads: int | None = None,
        detail: float | None = None,
        consistent: bool = False,
    ) -> None:
        if not (tile in ("auto", "off") or (isinstance(tile, int) and tile >= SMALLEST_TILE)):
            raise UsageError(
                f"must be 'auto', 'off' or a number from {SMALLEST_TILE}, not {tile!r}", field="tile"
            )
        self.card, tensors = read_blend(model, detail)
        self.engine = open_engine(
            self.card, tensors, engine=engine, precision=precision, device=device, threads=threads
        )
        self.scale = self.card.generator.SCALE
        self.halo = self.card.generator.halo if self.card.halo is None else self.card.halo
        self._tile = tile
        self._consistent = consistent

    def upscale(
        self, image: NDArray[Any], *, on_event: OnEvent | None = None, cancel: Cancel | None = None
    ) -> NDArray[Any]:
        """Enlarges one picture in memory.

        Args:
            image: (H, W, 3) RGB or (H, W) grey; uint8, uint16, or float32 in [0, 1].
            on_event: takes an event after every tile.
            cancel: asked before every tile whether to stop.

        Returns:
            (4H, 4W, 3) or (4H, 4W), the same type. A picture whose channels are equal stays so.

        Raises:
            UsageError: if the array is no such picture.
            SrganError: if memory runs out even with the smallest tile.
            CancelledError: if ``cancel`` says so.
        """
        return self._collected(image, self._compute, on_event, cancel)

    def frames(
        self, images: Iterable[NDArray[Any]], *, cancel: Cancel | None = None
    ) -> Iterator[NDArray[Any]]:
        """Enlarges pictures that follow each other; what equals the one before is not computed again.

        Where a picture differs from the one before in some places only, these and what they reach are
        computed and the rest is kept, see :class:`~srgan.upscaling.changes.ChangedParts`.

        Args:
            images: as :meth:`upscale` takes them; taken one at a time.
            cancel: asked before every tile whether to stop.

        Yields:
            What :meth:`upscale` makes of each, to the bit. The same array again where a picture is equal to
            the one before: it is not to be changed.

        Raises:
            UsageError, SrganError: as :meth:`upscale` does.
        """
        changed = ChangedParts(
            lambda window: self.engine.upscale(window, self.halo),
            halo=self.halo,
            reach=self.card.generator.halo,
            scale=self.scale,
        )
        before: NDArray[Any] | None = None
        enlarged: NDArray[Any] | None = None
        for image in images:
            if enlarged is None or before is None or not _same(image, before):
                enlarged = self._collected(image, changed.upscale, None, cancel)
                before = image.copy()  # a camera may fill the same array again
            yield enlarged

    def stream(
        self,
        pixels: NDArray[Any],
        sink: Callable[[Iterator[NDArray[Any]]], Result],
        *,
        on_event: OnEvent | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Enlarges one picture, handing out rows as they are finished, so that memory stays flat.

        Args:
            pixels: (H, W, 3) RGB or (H, W) grey; uint8, uint16, or float32 in [0, 1].
            sink: takes an iterator of bands (rows, 4W, 3), from top to bottom, of the picture's type, and
                writes or collects them. Called again, with all bands from the top, if memory ran out and
                the tiles had to become smaller; it must let the iterator's MemoryError through, and
                must not keep anything of a call that failed.
            on_event: takes an event after every tile; the count starts anew with the sink.
            cancel: asked before every tile whether to stop.

        Returns:
            What ``sink`` returns.

        Raises:
            UsageError: if the array is no such picture.
            SrganError: if memory runs out even with the smallest tile.
        """
        return self._streamed(pixels, sink, self._compute, on_event, cancel)

    def _compute(self, _: int, window: NDArray[Any]) -> NDArray[Any]:
        return self.engine.upscale(window, self.halo)

    def _collected(
        self, image: NDArray[Any], compute: _Compute, on_event: OnEvent | None, cancel: Cancel | None
    ) -> NDArray[Any]:
        enlarged = self._streamed(image, _collect, compute, on_event, cancel)
        return enlarged if image.ndim == 3 else np.ascontiguousarray(enlarged[:, :, 0])

    def _streamed(
        self,
        pixels: NDArray[Any],
        sink: Callable[[Iterator[NDArray[Any]]], Result],
        compute: _Compute,
        on_event: OnEvent | None,
        cancel: Cancel | None,
    ) -> Result:
        pixels = as_rgb(pixels)
        height, width = pixels.shape[:2]
        tile = self._first_tile()
        while True:
            plan = plan_tiles(height, width, halo=self.halo, tile=tile)
            try:
                return sink(self._bands(pixels, plan, compute, on_event, cancel))
            except MemoryError:
                # What was tried, which may be less than what was allowed.
                tried = math.isqrt(plan.tile_height * plan.tile_width)
                if tried <= SMALLEST_TILE:
                    raise SrganError(
                        f"not enough memory for {width} x {height} pixels even in small tiles; free some"
                    ) from None
                tile = max(tried // 2, SMALLEST_TILE)
                self.engine.release()

    def _bands(
        self,
        pixels: NDArray[Any],
        plan: TilePlan,
        compute: _Compute,
        on_event: OnEvent | None,
        cancel: Cancel | None,
    ) -> Iterator[NDArray[Any]]:
        done = 0

        def run(batch: NDArray[Any]) -> NDArray[Any]:
            nonlocal done
            check(cancel)
            enlarged = compute(done, batch)
            done += 1
            if on_event is not None:
                on_event(Event(done=done, total=plan.tiles, unit="tiles"))
            return enlarged

        grey = is_grey(pixels)
        bands = upscale_bands(pixels, run, plan, scale=self.scale)
        for band in consistent_bands(bands, pixels) if self._consistent else bands:
            yield make_grey(band) if grey else band

    def _first_tile(self) -> int | None:
        if self._tile == "off":
            return None
        if self._tile != "auto":
            return int(self._tile)
        # The widest layer, and its input or output of a second such size.
        values_per_pixel = 2 * self.card.generator.widest
        return auto_tile(values_per_pixel * (4 if self.engine.precision == "fp32" else 2), free_memory())


def as_rgb(image: NDArray[Any]) -> NDArray[Any]:
    """A picture as (H, W, 3); grey is shown three times without copying.

    Raises:
        UsageError: if it is not (H, W, 3) or (H, W), has no pixels, or is not uint8, uint16 or float32.
    """
    if image.dtype not in _TYPES:
        raise UsageError(f"a picture must be uint8, uint16 or float32, not {image.dtype}")
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)) or image.size == 0:
        raise UsageError(
            f"a picture must have the shape (height, width, 3) or (height, width), not {image.shape}"
        )
    return np.broadcast_to(image[:, :, None], (*image.shape, 3)) if image.ndim == 2 else image


def is_grey(pixels: NDArray[Any]) -> bool:
    """Whether all three channels of (H, W, 3) are equal everywhere."""
    red, green, blue = (pixels[:, :, channel] for channel in range(3))
    return np.array_equal(red, green) and np.array_equal(red, blue)


def make_grey(band: NDArray[Any]) -> NDArray[Any]:
    """(H, W, 3) with each channel replaced by the mean of the three, rounded where the type is an integer."""
    mean = band.mean(axis=2, keepdims=True, dtype=np.float32)
    if np.issubdtype(band.dtype, np.integer):
        mean = np.rint(mean)
    return np.repeat(mean.astype(band.dtype), 3, axis=2)


def _collect(bands: Iterator[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(list(bands))


def _same(image: NDArray[Any], before: NDArray[Any]) -> bool:
    return image.dtype == before.dtype and np.array_equal(image, before)
