"""Values that options of several commands take."""

from __future__ import annotations

from enum import StrEnum


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
