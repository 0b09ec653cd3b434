"""A network as an ONNX graph, built from its description and parameters: no PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from srgan.errors import ModelError
from srgan.networks.architectures.description import Resampling
from srgan.networks.architectures.folding import Tensors, cells, cells_of_shuffled, fold_norm
from srgan.networks.network import Network

OPSET = 17
"""The oldest opset with all that networks need here, so that old programs can read the files."""

_IR_VERSION = 8  # of the same age
_SIDES = ("height", "width")
_FLOAT = onnx.TensorProto.FLOAT
_RESAMPLING: dict[Resampling, dict[str, Any]] = {
    "nearest": {
        "mode": "nearest",
        "coordinate_transformation_mode": "asymmetric",
        "nearest_mode": "floor",
    },
    "bilinear": {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
    "bicubic": {"mode": "cubic", "coordinate_transformation_mode": "half_pixel", "cubic_coeff_a": -0.75},
}


def build_onnx(network: Network, *, is_half: bool, has_pictures: bool) -> onnx.ModelProto:
    """Builds the graph of a network for any number of pictures of any size.

    Args:
        network: the network.
        is_half: whether parameters and what is computed with them are float16 instead of float32.
        has_pictures: whether it takes and gives uint8 (N, H, W, 3) in [0, 255], instead of float32
            (N, 3, H, W) in [0, 1]; RGB either way, clipped.

    Returns:
        A model from ``picture`` to ``result``, which is larger by the network's scale.

    Raises:
        ModelError: if a parameter is too large for float16.
    """
    ops = _OnnxOps(network.tensors, np.float16 if is_half else np.float32)
    taken = ops.taken("picture", has_pictures=has_pictures)
    made = network.architecture.forward(ops, taken)
    ops.give(made, "result", has_pictures=has_pictures)
    kind = onnx.TensorProto.UINT8 if has_pictures else onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        ops.nodes,
        "srgan",
        [helper.make_tensor_value_info("picture", kind, _shape(_SIDES, has_pictures))],
        [helper.make_tensor_value_info("result", kind, _shape(_larger(network.info.scale), has_pictures))],
        ops.constants,
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION, producer_name="srgan"
    )


def _larger(scale: int) -> tuple[str, str]:
    height, width = (side if scale == 1 else f"{scale}*{side}" for side in _SIDES)
    return height, width


def _shape(sides: tuple[str, str], has_pictures: bool) -> list[str | int]:
    return ["batch", *sides, 3] if has_pictures else ["batch", 3, *sides]


class _OnnxOps:
    """Adds nodes to a graph; see :class:`~srgan.networks.architectures.description.Ops`.

    What stands for a map is the name of the node that makes it, (N, C, H, W). Cells are (row, column, RGB).
    """

    def __init__(self, tensors: Tensors, dtype: type[np.float16] | type[np.float32]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._tensors = tensors
        self._dtype = dtype

    def taken(self, name: str, *, has_pictures: bool) -> str:
        """Returns the network's input as the layers need it."""
        x = name
        if has_pictures:
            x = self._node("Cast", [self._node("Transpose", [x], perm=[0, 3, 1, 2])], to=_FLOAT)
            x = self._node("Div", [x, self._constant("white", np.float32(255))])
        return self._cast(x, onnx.TensorProto.FLOAT16) if self._is_half else x

    def give(self, made: str, name: str, *, has_pictures: bool) -> None:
        """Makes a map the graph's output, clipped."""
        x = self._cast(made, _FLOAT) if self._is_half else made
        bounds = [self._constant(each, np.float32(value)) for each, value in (("black", 0), ("one", 1))]
        if not has_pictures:
            self._node("Clip", [x, *bounds], result=name)
            return
        x = self._node("Mul", [self._node("Clip", [x, *bounds]), self._constant("levels", np.float32(255))])
        x = self._node("Cast", [self._node("Round", [x])], to=onnx.TensorProto.UINT8)
        self._node("Transpose", [x], result=name, perm=[0, 2, 3, 1])

    def first_convolution(self, picture: str, name: str) -> str:
        return self.convolution(picture, name)

    def convolution(self, x: str, name: str, norm: str = "") -> str:
        return self._convolved(x, name, *fold_norm(self._tensors, name, norm))

    def prelu(self, x: str, name: str) -> str:
        slope = self._tensors[f"{name}.weight"].reshape(-1, 1, 1)
        return self._node("PRelu", [x, self._parameter(f"{name}.weight", slope)])

    def leaky_relu(self, x: str, slope: float) -> str:
        return self._node("LeakyRelu", [x], alpha=slope) if slope else self._node("Relu", [x])

    def sigmoid(self, x: str) -> str:
        return self._node("Sigmoid", [x])

    def tanh(self, x: str) -> str:
        return self._node("Tanh", [x])

    def clamp(self, x: str, low: float, high: float) -> str:
        bounds = [self._constant(f"bound_{each:g}", self._within(each)) for each in (low, high)]
        return self._node("Clip", [x, *bounds])

    def scaled(self, x: str, name: str) -> str:
        weight, bias = (self._tensors[f"{name}.{part}"].reshape(-1, 1, 1) for part in ("weight", "bias"))
        x = self.multiply(x, self._parameter(f"{name}.weight", weight))
        return self._node("Add", [x, self._parameter(f"{name}.bias", bias)])

    def add(self, x: str, y: str, factor: float = 1.0) -> str:
        if factor != 1:
            x = self.multiply(x, self._parameter(f"factor_{factor:g}", np.array(factor)))
        return self._node("Add", [x, y])

    def multiply(self, x: str, y: str) -> str:
        return self._node("Mul", [x, y])

    def concat(self, maps: Sequence[str]) -> str:
        return self._node("Concat", [*maps], axis=1)

    def values(self, picture: str) -> str:
        return picture

    def pixels(self, x: str) -> str:
        return x

    def shift(self, picture: str, name: str) -> str:
        if f"{name}.weight" in self._tensors:
            return self.scaled(picture, name)
        colour = self._tensors[f"{name}.bias"].reshape(-1, 1, 1)
        return self._node("Add", [picture, self._parameter(f"{name}.bias", colour)])

    def unshuffle(self, x: str, side: int) -> str:
        """Uses a convolution: ONNX's own operation orders the channels differently, and is rarely fast."""
        weight = np.eye(3 * side**2).reshape(3 * side**2, 3, side, side)
        name = self._parameter(f"unshuffle_{side}", weight)
        return self._node("Conv", [x, name], strides=[side, side])

    def enlarge(self, x: str, side: int) -> str:
        return self.resized(x, Fraction(side), "nearest")

    def resized(self, x: str, factor: Fraction, kind: Resampling) -> str:
        scales = np.array([1, 1, factor, factor], np.float32)
        inputs = [x, "", self._constant(f"scales_{float(factor):g}", scales)]
        return self._node("Resize", inputs, **_RESAMPLING[kind])

    def shuffle(self, x: str, side: int) -> str:
        return self._node("DepthToSpace", [x], blocksize=side, mode="CRD")

    def last_convolution(self, x: str, name: str, side: int) -> str:
        return self._convolved(x, name, *cells(self._tensors, name, side))

    def last_convolution_of_shuffled(self, x: str, name: str, side: int) -> str:
        return self._convolved(x, name, *cells_of_shuffled(self._tensors, name, side))

    def add_repeated(self, cells: str, picture: str, side: int) -> str:
        return self._node("Add", [cells, self.concat([picture] * side**2)])

    def picture(self, cells: str, side: int) -> str:
        return cells if side == 1 else self._node("DepthToSpace", [cells], blocksize=side, mode="DCR")

    @property
    def _is_half(self) -> bool:
        return self._dtype is np.float16

    def _convolved(self, x: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        named = [self._parameter(f"{name}.weight", weight), self._parameter(f"{name}.bias", bias)]
        return self._node("Conv", [x, *named], pads=[weight.shape[-1] // 2] * 4)

    def _within(self, value: float) -> np.floating:
        """Returns a number, or the one nearest to it that the type holds."""
        limits = np.finfo(self._dtype)
        return self._dtype(np.clip(value, limits.min, limits.max))

    def _cast(self, x: str, kind: int) -> str:
        return self._node("Cast", [x], to=kind)

    def _parameter(self, name: str, values: NDArray[np.floating]) -> str:
        if np.abs(values).max() > np.finfo(self._dtype).max:
            raise ModelError(f"the parameter '{name}' is too large for fp16; choose fp32", field="precision")
        return self._constant(name, values.astype(self._dtype))

    def _constant(self, name: str, values: NDArray[np.generic] | np.generic) -> str:
        if all(constant.name != name for constant in self.constants):
            self.constants.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def _node(self, kind: str, inputs: list[str], result: str = "", **attributes: Any) -> str:
        result = result or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [result], name=result, **attributes))
        return result
