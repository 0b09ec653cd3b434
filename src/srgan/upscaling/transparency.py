"""Upscales transparency by the network too, as a grey picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import tee
from typing import Any

from numpy.typing import NDArray

from srgan.events import Cancel
from srgan.images.alpha import within_neighbours
from srgan.upscaling.upscaler import Upscaler


def enlarged_masks(
    alphas: Iterable[NDArray[Any] | None], upscaler: Upscaler, cancel: Cancel | None
) -> Iterator[NDArray[Any] | None]:
    """Upscales the transparency of successive pictures.

    Args:
        alphas: (height, width), uint8 or uint16, for each picture; None for one that has none. Taken one at a
            time, when its result is asked for.
        upscaler: the model.
        cancel: asked before every tile whether to stop.

    Yields:
        (scale * height, scale * width) of the same type, or None. What is opaque stays so, see
        :func:`~srgan.images.alpha.within_neighbours`.

    Raises:
        CancelledError: if ``cancel`` says so.
    """
    alphas, given = tee(alphas)
    results = upscaler.frames((alpha for alpha in given if alpha is not None), cancel=cancel)
    for alpha in alphas:
        yield None if alpha is None else within_neighbours(next(results), alpha)
