"""Gives a network from an ``.onnx`` file the same inputs and outputs as srgan's own networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from srgan.engines.precise import keep_precise
from srgan.networks.onnx import OnnxNetwork
from srgan.networks.ranges import SPANS

_LAYERS = {"Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul"}


def build_onnx_model(network: OnnxNetwork, *, is_byte: bool, context: int) -> Any:
    """Builds the graph of a network, with the conversions of type, range, layout and channel order.

    Args:
        network: the network.
        is_byte: whether pictures are uint8 in [0, 255] in and out; else float32 in [0, 1].
        context: pixels at each side of the input that have no result.

    Returns:
        An ``openvino.Model``: (1, H, W, 3) -> (1, s * (H - 2 * context), s * (W - 2 * context), 3); s is the
        scale. If the network has a fixed size, the graph takes only that.
    """
    from openvino import Model, opset13

    inside = network.model.clone()
    height, width = network.info.size or (-1, -1)
    picture = opset13.parameter([1, height, width, 3], np.uint8 if is_byte else np.float32)
    ends = _Ends(opset13, network, 255.0 if is_byte else 1.0)
    takes_bytes = inside.inputs[0].get_element_type().get_type_name() == "u8"
    given = ends.given(picture, takes_bytes=takes_bytes)
    for place in inside.inputs[0].get_target_inputs():
        place.replace_source_output(given.output(0))
    result = ends.result(inside.get_results()[0].input_value(0), network.info.scale * context)
    if is_byte:
        result = opset13.convert(opset13.round(result, "half_to_even"), "u8")
    model = Model([result], [picture], "srgan")
    # The cache tells models apart by names too, and the names in a file need not be unique.
    for index, node in enumerate(model.get_ordered_ops()):
        node.set_friendly_name(f"node{index}")
    _keep_pictures_precise(model)
    return model


class _Ends:
    """Adds what comes before and after a network; ``white`` is the value of white in the pictures outside."""

    def __init__(self, op: Any, network: OnnxNetwork, white: float) -> None:
        self._op = op
        self._network = network
        self._white = white

    def given(self, picture: Any, *, takes_bytes: bool) -> Any:
        """Returns what the network reads for a picture."""
        op = self._op
        x = op.convert(picture, "f32")
        low, span = SPANS[self._network.ranges[0]]
        x = self._sum(self._product(self._ordered(x), span / self._white), low)
        if takes_bytes:
            x = op.convert(op.round(op.clamp(x, 0.0, 255.0), "half_to_even"), "u8")
        return op.transpose(x, [0, 3, 1, 2]) if self._network.layouts[0] == "nchw" else x

    def result(self, output: Any, margin: int) -> Any:
        """Returns the network's result as a picture, clipped, without a margin of its pixels."""
        op = self._op
        y = op.convert(output, "f32")
        if self._network.layouts[1] == "nchw":
            y = op.transpose(y, [0, 2, 3, 1])
        if margin:
            y = op.slice(y, *(np.array(v, np.int64) for v in ([margin] * 2, [-margin] * 2, [1, 1], [1, 2])))
        low, span = SPANS[self._network.ranges[1]]
        y = self._product(self._sum(self._ordered(y), -low), self._white / span)
        return op.clamp(y, 0.0, self._white)

    def _ordered(self, x: Any) -> Any:
        if self._network.order == "rgb":
            return x
        return self._op.gather(x, np.array([2, 1, 0]), np.array(3))

    def _product(self, x: Any, factor: float) -> Any:
        return x if factor == 1 else self._op.multiply(x, np.array(factor, np.float32))

    def _sum(self, x: Any, number: float) -> Any:
        return x if number == 0 else self._op.add(x, np.array(number, np.float32))


def _keep_pictures_precise(model: Any) -> None:
    """Keeps sums, and everything before the first or after the last layer, in float32.

    bf16 would round pictures to steps of a whole level of 255 near white, and would round what goes
    from block to block each time. First layers stay in float32 as well, since they read a picture.
    """
    nodes = [node for node in model.get_ordered_ops() if node.get_type_name() != "Constant"]
    sources = {
        node.get_friendly_name(): {port.get_node().get_friendly_name() for port in node.input_values()}
        for node in nodes
    }
    layers = {node.get_friendly_name() for node in nodes if node.get_type_name() in _LAYERS}
    maps: set[str] = set()  # what depends on the picture; the rest are weights
    deep: set[str] = set()  # what depends on a layer
    needed: set[str] = set()  # what a layer depends on
    for name, its in sources.items():
        if maps & its or not its:
            maps.add(name)
        if deep & its or layers & its:
            deep.add(name)
    for name, its in reversed(sources.items()):
        if name in needed or name in layers:
            needed |= its
    for node in nodes:
        name = node.get_friendly_name()
        is_sum = node.get_type_name() == "Add" and len(maps & sources[name]) == 2
        is_outside = name not in deep or (name not in needed and name not in layers)
        if name in maps and (is_sum or is_outside):
            keep_precise(_resizing(node) if node.get_type_name() == "Interpolate" else node)


def _resizing(node: Any) -> Any:
    """Replaces a resizing of version 11, from which OpenVINO 2026.4 loses the mark, by that of version 4."""
    from openvino import opset13
    from openvino.utils.node_factory import NodeFactory

    if node.get_type_info().version_id != "opset11" or node.get_attributes()["mode"] == "bilinear_pillow":
        return node
    data, lengths, *axes = node.input_values()
    # That version has an input for sizes and one for scales, and ignores one of them.
    count = lengths.get_shape()[0]
    is_scale = node.get_attributes()["shape_calculation_mode"] == "scales"
    unused = opset13.constant(np.ones(count, np.int64 if is_scale else np.float32)).output(0)
    places = [unused, lengths] if is_scale else [lengths, unused]
    new = NodeFactory("opset4").create("Interpolate", [data, *places, *axes], node.get_attributes())
    new.set_friendly_name(node.get_friendly_name())
    for place in node.output(0).get_target_inputs():
        place.replace_source_output(new.output(0))
    return new
