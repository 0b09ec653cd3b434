"""Options of several commands, and the values they take."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from srgan.errors import UsageError

if TYPE_CHECKING:
    from srgan.networks.onnx import OnnxForm

output = partial(typer.Option, rich_help_panel="Output")
computing = partial(typer.Option, rich_help_panel="Computing")
_onnx = partial(typer.Option, rich_help_panel="Networks in FILE.onnx")


def tile_of(text: str) -> Literal["auto", "off"] | int:
    """Returns how pictures are tiled: ``auto``, ``off``, or the side of the tiles in pixels.

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
    int8 = "int8"


class Format(StrEnum):
    """File formats of results."""

    auto = "auto"
    png = "png"
    jpg = "jpg"
    webp = "webp"
    tiff = "tiff"
    avif = "avif"


class Layout(StrEnum):
    """The position of the channels in a network's pictures."""

    nchw = "nchw"
    nhwc = "nhwc"


class Range(StrEnum):
    """The values of black and white."""

    unit = "0..1"
    byte = "0..255"
    signed = "-1..1"


class Order(StrEnum):
    """The order of channels."""

    rgb = "rgb"
    bgr = "bgr"


EngineOption = Annotated[EngineName, computing("--engine", help="Engine that runs the network.")]
PrecisionOption = Annotated[
    Precision,
    computing(
        "--precision", help="Number format to compute in; auto: the fastest that costs next to nothing."
    ),
]
DeviceOption = Annotated[
    DeviceName, computing("--device", help="Device to compute on; auto: a GPU if PyTorch can use one.")
]
JsonOption = Annotated[bool, output("--json", help="Print one JSON object.")]
ModelLayout = Annotated[
    Layout | None, _onnx("--model-layout", help="Position of the channels. Default: found by trying.")
]
ModelRange = Annotated[
    Range | None, _onnx("--model-range", help="Values of black and white. Default: found by trying.")
]
ModelOrder = Annotated[Order, _onnx("--model-order", help="Order of the channels.")]
Halo = Annotated[
    int | None,
    computing(
        "--halo",
        min=0,
        help="Surroundings of a tile in pixels; fewer is faster. Default: the model's own.",
    ),
]


def onnx_form(layout: Layout | None, values: Range | None, order: Order) -> OnnxForm:
    """Returns the three options as one value."""
    from srgan.networks.onnx import OnnxForm

    return OnnxForm(
        layout=None if layout is None else layout.value,
        range=None if values is None else values.value,
        order=order.value,
    )
