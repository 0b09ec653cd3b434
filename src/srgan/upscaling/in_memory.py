"""Whole pictures in memory: samples, alpha and batches of them, upscaled into one array."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.errors import OutOfMemoryError
from srgan.events import Cancel, OnEvent
from srgan.images.alpha import fill_transparent, within_neighbours
from srgan.upscaling.tiled import Compute, TiledNetwork

_Array = NDArray[Any]


def enlarge(
    network: TiledNetwork,
    samples: _Array,
    *,
    compute: Compute | None = None,
    on_event: OnEvent | None = None,
    cancel: Cancel | None = None,
) -> _Array:
    """Upscales one picture, or each of a batch.

    Args:
        network: upscales RGB.
        samples: see :class:`~srgan.upscaling.forms.Given`.
        compute: upscales a tile instead of the network.
        on_event: takes an event after every tile.
        cancel: asked before every tile.

    Returns:
        An array of the same type and number of dimensions.

    Raises:
        OutOfMemoryError: if there is no memory for the result, or for the smallest tile.
        CancelledError: if ``cancel`` says so.
    """
    try:
        result = np.empty(_enlarged_shape(samples, network.info.scale), samples.dtype)
        batch = [(samples, result)] if samples.ndim < 4 else list(zip(samples, result, strict=True))
        for number, (picture, enlarged) in enumerate(batch):
            pixels, alpha = _pixels_of(picture)
            report = _part_of(on_event, number, len(batch))
            put = partial(_put_pixels, enlarged)
            network.stream(pixels, put, compute=compute, on_event=report, cancel=cancel)
            if alpha is not None:
                enlarged[..., -1] = within_neighbours(enlarge(network, alpha, cancel=cancel), alpha)
    except MemoryError:
        raise OutOfMemoryError(f"not enough memory to upscale an array of {samples.shape}") from None
    return result


def _enlarged_shape(samples: _Array, scale: int) -> tuple[int, ...]:
    top = 1 if samples.ndim == 4 else 0
    height, width = samples.shape[top : top + 2]
    return (*samples.shape[:top], height * scale, width * scale, *samples.shape[top + 2 :])


def _pixels_of(samples: _Array) -> tuple[_Array, _Array | None]:
    """Converts one picture's samples, (H, W) or (H, W, 1 to 4), to a network's input and alpha.

    Returns:
        (H, W, 3), uint8, uint16 or float32, whose fully transparent pixels have the colours near them; and
        (H, W) of the same type, or None.
    """
    colours, alpha = _split(samples.astype(np.float32) if samples.dtype == np.float64 else samples)
    if alpha is not None:
        colours = fill_transparent(colours, alpha)
    return np.broadcast_to(colours, (*colours.shape[:2], 3)), alpha


def _put_pixels(result: _Array, bands: Iterator[_Array]) -> None:
    """Fills the colours of a result, (sH, sW) or (sH, sW, 1 to 4), from bands (rows, sW, 3)."""
    colours, top = _split(result)[0], 0
    for band in bands:
        colours[top : top + len(band)] = band[..., : colours.shape[2]]
        top += len(band)


def _split(samples: _Array) -> tuple[_Array, _Array | None]:
    """Splits samples into views of the colours, (H, W, 1 or 3), and of the alpha, (H, W)."""
    if samples.ndim == 2:
        return samples[..., None], None
    if samples.shape[2] in (2, 4):
        return samples[..., :-1], samples[..., -1]
    return samples, None


def _part_of(on_event: OnEvent | None, number: int, count: int) -> OnEvent | None:
    """Takes the events of one picture as those of one of ``count`` such pictures."""
    if on_event is None or count == 1:
        return on_event
    return lambda event: on_event(
        replace(event, done=number * (event.total or 0) + event.done, total=count * (event.total or 0))
    )
