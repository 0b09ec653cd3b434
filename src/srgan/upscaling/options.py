"""Checks the options of an upscaler."""

from __future__ import annotations

from typing import Any

from srgan.errors import UsageError
from srgan.networks.info import NetworkInfo
from srgan.upscaling.memory import SMALLEST_TILE
from srgan.upscaling.numbers import is_number, is_whole


def check_options(*, tile: Any, threads: Any, detail: Any, denoise: Any, halo: Any) -> None:
    """Refuses values that no upscaler can have; those that depend on the model are checked with it.

    Raises:
        UsageError: naming the field.
    """
    if not (tile in ("auto", "off") if isinstance(tile, str) else is_whole(tile, SMALLEST_TILE)):
        raise UsageError(
            f"tile must be 'auto', 'off' or a whole number from {SMALLEST_TILE}, not {tile!r}", field="tile"
        )
    if threads is not None and not is_whole(threads, 1):
        raise UsageError(f"threads must be a whole number from 1, not {threads!r}", field="threads")
    for name, share in (("detail", detail), ("denoise", denoise)):
        if share is not None and not (is_number(share) and 0 <= share <= 1):
            raise UsageError(f"{name} must be a number from 0 to 1, not {share!r}", field=name)
    if halo is not None and not is_whole(halo, 0):
        raise UsageError(f"halo must be a whole number from 0, not {halo!r}", field="halo")


def check_size(info: NetworkInfo) -> None:
    """Refuses a halo that fills all of a network's fixed size.

    Raises:
        UsageError: naming the field.
    """
    if info.size is not None and 2 * info.halo >= min(info.size):
        taken = f"{info.size[1]}x{info.size[0]}"
        raise UsageError(
            f"halo must be less than half of the {taken} pixels that this network takes", field="halo"
        )
