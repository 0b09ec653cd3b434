"""A network as an OpenVINO graph, built from its description and parameters: no ONNX, no PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from srgan.engines.eight_bits import EightBitMaps
from srgan.engines.openvino_ops import Map, OpenVinoOps
from srgan.engines.precise import keep_precise
from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.trace import trace
from srgan.networks.network import Network


def build_model(
    network: Network, *, is_byte: bool, context: int, peaks: Mapping[str, Array] | None = None
) -> Any:
    """Builds the graph of a network for any number of pictures of any size.

    Args:
        network: the network.
        is_byte: whether pictures are uint8 in [0, 255] in and out; else float32 in [0, 1].
        context: pixels at each side of the input that have no result. Convolutions use them instead of
            padding, from the last layer backwards, which saves up to half of the work on them.
        peaks: ranges of the layers in 8 bits, see :class:`~srgan.networks.eight_bits.EightBits`.

    Returns:
        An ``openvino.Model``: (N, H, W, 3) -> (N, s * (H - 2 * context), s * (W - 2 * context), 3); s is the
        scale.

    Raises:
        ModelError: if the ranges do not fit the network.
    """
    from openvino import Model

    parameter, result, _ = _build(network, is_byte=is_byte, context=context, peaks=peaks or {})
    model = Model([result], [parameter], "srgan")
    # The cache tells models apart by names too, and default names count up over the life of the process.
    for index, node in enumerate(model.get_ordered_ops()):
        node.set_friendly_name(f"node{index}")
    model.input().set_names({"picture"})
    model.output().set_names({"result"})
    return model


def build_peak_meter(network: Network) -> tuple[list[str], Any]:
    """Builds a graph that measures how far each map goes below and above zero.

    Returns:
        The names of all convolutions except those that read the picture; and an ``openvino.Model`` that takes
        pictures, (N, H, W, 3), uint8, and gives for each convolution how far the channels that it reads go
        below and above zero, (2, channels), float32, both as positive numbers.
    """
    from openvino import Model, opset13

    parameter, _, read = _build(network, is_byte=True, context=0, peaks={})
    axes = np.array([0, 2, 3])
    peaks = []
    for node in read.values():
        parts = (opset13.relu(part) for part in (opset13.negative(node), node))
        ends = [opset13.reduce_max(part, axes, keep_dims=False) for part in parts]
        peaks.append(opset13.concat([opset13.unsqueeze(end, 0) for end in ends], 0))
    return list(read), Model(peaks, [parameter], "peaks")


def _build(
    network: Network, *, is_byte: bool, context: int, peaks: Mapping[str, Array]
) -> tuple[Any, Any, dict[str, Any]]:
    """Returns the graph's input, its result, and what each convolution reads, by the convolution's name."""
    from openvino import opset13

    parameter = opset13.parameter([-1, -1, -1, 3], np.uint8 if is_byte else np.float32)
    x = opset13.convert(parameter, "f32") if is_byte else parameter
    picture = Map(keep_precise(opset13.transpose(x, [0, 3, 1, 2])), context)
    architecture = network.architecture
    needs = trace(architecture).needs
    ops = OpenVinoOps(opset13, network.tensors, needs, is_byte=is_byte, narrow=EightBitMaps(opset13, peaks))
    return parameter, architecture.forward(ops, picture).node, ops.read
