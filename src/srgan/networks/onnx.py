"""Networks in ``.onnx`` files: what such a file may leave open, and what is found in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from srgan.networks.card import ModelCard
from srgan.networks.info import NetworkInfo
from srgan.networks.ranges import Range

Layout = Literal["nchw", "nhwc"]
Order = Literal["rgb", "bgr"]


@dataclass(frozen=True, kw_only=True)
class OnnxForm:
    """The input and output of an ``.onnx`` network, as far as the user states them.

    Attributes:
        layout: where the channels are; None to detect it.
        range: values of black and white, in floats; None to detect it. Bytes are from 0 to 255.
        order: of the channels; it cannot be detected.
    """

    layout: Layout | None = None
    range: Range | None = None
    order: Order = "rgb"


@dataclass(frozen=True, kw_only=True)
class OnnxNetwork:
    """A network from an ``.onnx`` file, which OpenVINO reads and runs.

    Attributes:
        card: what is known about it.
        info: as for any network.
        model: the ``openvino.Model``, with one input and one output of one picture in float32 or bytes; not
            to be changed.
        layouts: of its input and its output.
        ranges: of both.
        order: of the channels of both.
    """

    card: ModelCard
    info: NetworkInfo
    model: Any
    layouts: tuple[Layout, Layout]
    ranges: tuple[Range, Range]
    order: Order


def is_onnx(path: Path) -> bool:
    """Returns whether a file is named like an ONNX network; the format has no magic number."""
    return path.suffix.lower() == ".onnx"


def onnx_card(path: Path) -> ModelCard:
    """Returns a card for a file without reading it."""
    return ModelCard(name=path.stem, generator=None, summary="ONNX; by another program.", licence="unknown")
