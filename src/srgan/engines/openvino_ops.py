"""Adds the operations of networks to an OpenVINO graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.engines.eight_bits import EightBitMaps
from srgan.engines.precise import keep_precise
from srgan.networks.architectures.description import Resampling
from srgan.networks.architectures.folding import Tensors, cells, cells_of_shuffled, fold_norm, layer

_INTERPOLATION = {
    "nearest": ("nearest", "asymmetric"),
    "bilinear": ("linear_onnx", "half_pixel"),
    "bicubic": ("cubic", "half_pixel"),  # its parameter a is -0.75 by default
}
"""OpenVINO's names for how to interpolate, and for where pixels lie."""


@dataclass(frozen=True)
class Map:
    """A node, (N, C, H, W), and the context that is left at each side of it, in its own pixels."""

    node: Any
    context: int


class OpenVinoOps:
    """Adds nodes to a graph; see :class:`~srgan.networks.architectures.description.Ops`.

    Cells are (row, column, RGB). Pictures of bytes stay in [0, 255]: the weights of the first and the last
    convolution are scaled instead.
    """

    def __init__(
        self, op: Any, tensors: Tensors, needs: Mapping[str, int], *, is_byte: bool, narrow: EightBitMaps
    ) -> None:
        self._op = op
        self._tensors = tensors
        self._needs = needs
        self._is_byte = is_byte
        self._narrow = narrow
        self.read: dict[str, Any] = {}  # what convolutions read, except those that read the picture

    def first_convolution(self, picture: Map, name: str) -> Map:
        weight, bias = fold_norm(self._tensors, name, "")
        if self._is_byte:
            weight = weight / np.float32(255.0)
        # bf16 would round the picture itself, to steps of a whole level of 255 near white.
        return self._convolved(picture, name, weight, bias, is_precise=True)

    def convolution(self, x: Map, name: str, norm: str = "") -> Map:
        return self._convolved(x, name, *fold_norm(self._tensors, name, norm))

    def prelu(self, x: Map, name: str) -> Map:
        slope = self._op.constant(self._tensors[f"{name}.weight"])
        return Map(self._op.prelu(x.node, slope), x.context)

    def leaky_relu(self, x: Map, slope: float) -> Map:
        node = (
            self._op.prelu(x.node, self._op.constant(np.array([slope], np.float32)))
            if slope
            else self._op.relu(x.node)
        )
        return Map(node, x.context)

    def sigmoid(self, x: Map) -> Map:
        return Map(self._op.sigmoid(x.node), x.context)

    def add(self, x: Map, y: Map, factor: float = 1.0) -> Map:
        """Keeps what goes from block to block in float32.

        Rounding it to bf16 each time would be most of what bf16 changes. Convolutions round their own copy of
        it, which costs next to nothing.
        """
        context = min(x.context, y.context)
        first = self._cut(x, context)
        if factor != 1:
            first = self._op.multiply(first, self._op.constant(np.array([factor], np.float32)))
        return Map(keep_precise(self._op.add(first, self._cut(y, context))), context)

    def multiply(self, x: Map, y: Map) -> Map:
        context = min(x.context, y.context)
        return Map(self._op.multiply(self._cut(x, context), self._cut(y, context)), context)

    def concat(self, maps: Sequence[Map]) -> Map:
        context = min(each.context for each in maps)
        return Map(self._op.concat([self._cut(each, context) for each in maps], 1), context)

    def tanh(self, x: Map) -> Map:
        return Map(keep_precise(self._op.tanh(x.node)), x.context)

    def clamp(self, x: Map, low: float, high: float) -> Map:
        return Map(self._op.clamp(x.node, low, high), x.context)

    def scaled(self, x: Map, name: str) -> Map:
        return Map(self._scaled(x.node, *layer(self._tensors, name)), x.context)

    def shift(self, picture: Map, name: str) -> Map:
        white = np.float32(255.0 if self._is_byte else 1.0)
        weight = self._tensors.get(f"{name}.weight")
        return Map(self._scaled(picture.node, weight, self._tensors[f"{name}.bias"] * white), picture.context)

    def values(self, picture: Map) -> Map:
        return self._times(picture, 1 / 255)

    def pixels(self, x: Map) -> Map:
        return self._times(x, 255)

    def unshuffle(self, x: Map, side: int) -> Map:
        whole = self._whole(x, side)
        node = keep_precise(self._op.space_to_depth(whole.node, "depth_first", side))
        return Map(node, whole.context // side)

    def enlarge(self, x: Map, side: int) -> Map:
        return Map(self._interpolated(x.node, float(side), "nearest"), side * x.context)

    def resized(self, x: Map, factor: Fraction, kind: Resampling) -> Map:
        whole = self._whole(x, factor.denominator)
        node = keep_precise(self._interpolated(whole.node, float(factor), kind))
        return Map(node, int(factor * whole.context))

    def shuffle(self, x: Map, side: int) -> Map:
        if side == 1:  # OpenVINO 2026.4 cannot compile it
            return x
        return Map(self._op.depth_to_space(x.node, "depth_first", side), side * x.context)

    def last_convolution(self, x: Map, name: str, side: int) -> Map:
        return self._last(x, name, *cells(self._tensors, name, side))

    def last_convolution_of_shuffled(self, x: Map, name: str, side: int) -> Map:
        return self._last(x, name, *cells_of_shuffled(self._tensors, name, side))

    def add_repeated(self, cells: Map, picture: Map, side: int) -> Map:
        cut = keep_precise(self._cut(picture, cells.context))
        repeated = keep_precise(self._op.tile(cut, np.array([1, side**2, 1, 1])))
        return Map(keep_precise(self._op.add(cells.node, repeated)), cells.context)

    def picture(self, cells: Map, side: int) -> Map:
        """(N, side * side * 3, H, W) -> (N, side * H, side * W, 3), clipped; bytes are rounded."""
        op = self._op
        x = op.clamp(cells.node, 0.0, 255.0 if self._is_byte else 1.0)
        if self._is_byte:
            x = op.convert(op.round(x, "half_to_even"), "u8")
        x = op.transpose(x, [0, 2, 3, 1])
        shape = op.shape_of(x, "i64")
        number, height, width = (op.gather(shape, np.array([axis]), np.array(0)) for axis in range(3))
        sides, three, row = (np.array([value], np.int64) for value in (side, 3, 3 * side))
        x = op.reshape(x, op.concat([number, height, width, sides, row], 0), special_zero=False)
        x = op.transpose(x, [0, 1, 3, 2, 4])
        x = op.reshape(
            x,
            op.concat([number, op.multiply(height, sides), op.multiply(width, sides), three], 0),
            special_zero=False,
        )
        # Layers behind a shuffle may use up only part of a low-res pixel of context; the rest is cut here.
        return Map(self._cropped(x, side * cells.context, axes=(1, 2)), 0)

    def _interpolated(self, node: Any, factor: float, kind: Resampling) -> Any:
        mode, places = _INTERPOLATION[kind]
        return self._op.interpolate(
            node,
            self._op.constant(np.array([factor, factor], np.float32)),
            mode,
            "scales",
            coordinate_transformation_mode=places,
            nearest_mode="floor",
            axes=self._op.constant(np.array([2, 3], np.int64)),
        )

    def _scaled(self, node: Any, weight: NDArray[np.float32] | None, bias: NDArray[np.float32]) -> Any:
        if weight is not None:
            node = keep_precise(self._op.multiply(node, self._op.constant(weight.reshape(1, -1, 1, 1))))
        return keep_precise(self._op.add(node, self._op.constant(bias.reshape(1, -1, 1, 1))))

    def _times(self, x: Map, factor: float) -> Map:
        """Multiplies bytes by a factor; leaves floats as they are."""
        if not self._is_byte:
            return x
        constant = self._op.constant(np.array([factor], np.float32))
        return Map(keep_precise(self._op.multiply(x.node, constant)), x.context)

    def _whole(self, x: Map, grain: int) -> Map:
        """Cuts a map so that its context is a multiple of ``grain`` pixels."""
        context = x.context - x.context % grain
        return Map(self._cut(x, context), context)

    def _last(self, x: Map, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> Map:
        if self._is_byte:
            weight, bias = weight * np.float32(255.0), bias * np.float32(255.0)
        return self._convolved(x, name, weight, bias)

    def _convolved(
        self,
        x: Map,
        name: str,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32],
        *,
        is_precise: bool = False,
    ) -> Map:
        """Adds a convolution; it pads only if the context, less what later layers need, is too small."""
        op = self._op
        radius = weight.shape[-1] // 2
        used = max(0, min(radius, x.context - self._needs[name]))
        pads = [radius - used] * 2
        source, weights = x.node, op.constant(weight)
        if not is_precise:
            self.read[name] = source
            if self._narrow.takes(name, source):
                source, weights = self._narrow.inputs(name, source, weight)
        y = op.convolution(source, weights, [1, 1], pads, pads, [1, 1])
        if is_precise:
            keep_precise(y)
        return Map(op.add(y, op.constant(bias.reshape(1, -1, 1, 1))), x.context - used)

    def _cut(self, x: Map, context: int) -> Any:
        """Cuts a map that was made before other layers used up context to the context that they left."""
        return self._cropped(x.node, x.context - context)

    def _cropped(self, node: Any, margin: int, axes: tuple[int, int] = (2, 3)) -> Any:
        if margin == 0:
            return node
        return self._op.slice(
            node, *(np.array(v, np.int64) for v in ([margin] * 2, [-margin] * 2, [1, 1], axes))
        )
