"""What an upscaler can be told, checked, and the network and engine that it then has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from srgan.engines.engine import Engine, open_engine
from srgan.errors import UsageError
from srgan.networks.blend import read_blend
from srgan.networks.card import ModelCard
from srgan.networks.info import NetworkInfo
from srgan.upscaling.memory import SMALLEST_TILE
from srgan.upscaling.numbers import is_number, is_whole


def check_options(*, tile: Any, threads: Any, detail: Any) -> None:
    """Refuses values that no upscaler can have; what depends on the model is checked with it.

    Raises:
        UsageError: naming the field.
    """
    if not (tile in ("auto", "off") if isinstance(tile, str) else is_whole(tile, SMALLEST_TILE)):
        raise UsageError(
            f"tile must be 'auto', 'off' or a whole number from {SMALLEST_TILE}, not {tile!r}", field="tile"
        )
    if threads is not None and not is_whole(threads, 1):
        raise UsageError(f"threads must be a whole number from 1, not {threads!r}", field="threads")
    if detail is not None and not (is_number(detail) and 0 <= detail <= 1):
        raise UsageError(f"detail must be a number from 0 to 1, not {detail!r}", field="detail")


def open_network(
    model: str | Path, detail: float | None, **how: Any
) -> tuple[ModelCard, NetworkInfo, Engine]:
    """Reads a model and makes it ready to run.

    Args:
        model: name of a shipped model, or path of a file.
        detail: see :class:`~srgan.upscaling.upscaler.Upscaler`.
        how: what :func:`~srgan.engines.engine.open_engine` takes besides.

    Raises:
        ModelError, UsageError, MissingExtraError: see :class:`~srgan.upscaling.upscaler.Upscaler`.
    """
    card, tensors = read_blend(model, detail)
    generator = card.generator
    info = NetworkInfo(
        scale=generator.SCALE,
        radius=generator.halo,
        halo=generator.halo if card.halo is None else card.halo,
        bytes_per_pixel=2 * 4 * generator.widest,  # the widest layer, and its input or output of such a size
    )
    return card, info, open_engine(card, tensors, **how)
