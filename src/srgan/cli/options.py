"""Values that options of several commands take."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from srgan.errors import UsageError

output = partial(typer.Option, rich_help_panel="Output")
computing = partial(typer.Option, rich_help_panel="Computing")


def named_path(text: str) -> Path:
    """A path with a name: an empty one would stand for the current folder.

    Raises:
        UsageError: if it is empty.
    """
    if not text:
        raise UsageError("the output has an empty name; check the variable that it may come from")
    return Path(text)


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


EngineOption = Annotated[EngineName, computing("--engine", help="Engine that runs the network.")]
PrecisionOption = Annotated[
    Precision,
    computing("--precision", help="Number format to compute in; auto: the fastest that the device has."),
]
DeviceOption = Annotated[
    DeviceName, computing("--device", help="Device to compute on; auto: a GPU if PyTorch can use one.")
]
JsonOption = Annotated[bool, output("--json", help="Print one JSON object.")]
