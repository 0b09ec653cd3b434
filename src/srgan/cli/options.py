"""Values that options of several commands take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Literal

from srgan.errors import UsageError


def named_path(text: str) -> Path:
    """A path with a name: an empty one would stand for the current folder.

    Raises:
        UsageError: if it is empty.
    """
    if not text:
        raise UsageError("the name of an output is empty; it may come from a variable that is")
    return Path(text)


def tile_of(text: str) -> Literal["auto", "off"] | int:
    """How pictures are cut: ``auto``, ``off``, or the side of the tiles in pixels.

    Raises:
        UsageError: if it is none of these.
    """
    if text == "auto":
        return "auto"
    if text == "off":
        return "off"
    if not text.isdecimal():
        raise UsageError(f"tile must be auto, off or a number of pixels, not {text}", field="tile")
    return int(text)


class DeviceName(StrEnum):
    """Where to compute."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


class EngineName(StrEnum):
    """What computes."""

    auto = "auto"
    openvino = "openvino"
    torch = "torch"


class Precision(StrEnum):
    """The type the network computes in."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


class Format(StrEnum):
    """File formats of results."""

    auto = "auto"
    png = "png"
    jpg = "jpg"
    webp = "webp"
    tiff = "tiff"
    avif = "avif"
