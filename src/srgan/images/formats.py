"""The formats that pictures are written in, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from srgan.errors import ImageError, UsageError


@dataclass(frozen=True, kw_only=True)
class Format:
    """How libvips writes one format.

    Attributes:
        saver: the method of ``pyvips.Image``.
        options: its arguments.
        limit: the most pixels a side can have.
        quality: the default of a lossy format, 1 to 100.
        deep: holds 16-bit samples.
        grey: holds a single channel.
        alpha: holds transparency.
        iptc: holds IPTC records.
        apart: encoded in a process of its own, for nothing else stops the encoder.
    """

    saver: str
    options: dict[str, Any] = field(default_factory=dict)
    limit: int
    quality: int | None = None
    deep: bool = False
    grey: bool = True
    alpha: bool = True
    iptc: bool = False
    apart: bool = False


_JPEG = {"subsample_mode": "off"}
_TIFF = {"compression": "deflate", "predictor": "horizontal"}
_AVIF = {"compression": "av1", "effort": 2, "bitdepth": 8, "subsample_mode": "off"}

FORMATS = {
    # Paeth at level 3: half the size of no filter and four times as fast as level 6, on photographs.
    "png": Format(
        saver="pngsave", options={"compression": 3, "filter": "paeth"}, limit=10_000_000, deep=True
    ),
    "jpg": Format(
        saver="jpegsave", options={"subsample_mode": "off"}, limit=65_535, quality=95, alpha=False, iptc=True
    ),
    "tiff": Format(saver="tiffsave", options=_TIFF, limit=10_000_000, deep=True, iptc=True),
    "webp": Format(saver="webpsave", limit=16_383, quality=90, grey=False),
    "avif": Format(saver="heifsave", options=_AVIF, limit=16_384, quality=80, grey=False, apart=True),
}
"""The formats by their name, which is also the usual extension."""

_ALIASES = {"jpeg": "jpg", "jfif": "jpg", "tif": "tiff"}


def format_of(path: Path, name: str | None) -> str:
    """Returns the format a name or else a file's extension asks for.

    Raises:
        UsageError: if it is not one that can be written.
    """
    wanted = (name or path.suffix.removeprefix(".")).lower()
    wanted = _ALIASES.get(wanted, wanted)
    if wanted not in FORMATS:
        problem = f"cannot write the format '{wanted}'" if wanted else "its name does not tell the format"
        raise UsageError(f"{path}: {problem}; choose one of {', '.join(FORMATS)}", field="file_format")
    return wanted


def check_side(path: Path, size: tuple[int, int], limit: int, others: str) -> None:
    """Refuses a (width, height) that a format cannot hold.

    Raises:
        ImageError: naming the ``others`` that can.
    """
    if max(size) > limit:
        raise ImageError(
            f"{path}: {size[0]}x{size[1]} is too large for {path.suffix or 'this format'}, which holds "
            f"{limit} pixels per side; write {others}"
        )
