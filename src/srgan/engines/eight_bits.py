"""Convolutions in 8 bits in an OpenVINO graph, in a form that oneDNN runs with its 8-bit kernels.

Each channel of a map has its own step: its measured peak divided by the largest number. The weights that read
the channel are multiplied by that step. This costs no time, and quiet channels keep their details beside loud
ones, as in SmoothQuant (arXiv 2211.10438). Weights have a step for each output. Sums of products are exact:
processors that would sum some of them in 16 bits get weights of 7 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.cpu import sums_eight_bits_exactly
from srgan.errors import ModelError
from srgan.networks.architectures.folding import Array

_LEVELS = 256
_MIDDLE = 128
_ZEROS = range(4, 253, 4)  # numbers that may stand for zero if values lie on both sides of it
_MOST_WEIGHT = 127  # of either sign: weights reach as far below zero as above
_MOST_WEIGHT_IN_PAIRS = 64  # 2 x 255 x 64 fits in the 16 bits in which AVX2 sums pairs of products
_QUIETEST = 1e-3
"""Least peak of a channel, relative to the map's: a channel that was always zero may not stay so."""
_TINIEST = 1e-6  # least peak if a whole map is zero


class EightBitMaps:
    """Adds nodes that bring maps and weights to 8 bits. Each map is converted once for each set of ranges.

    Args:
        op: OpenVINO's operations, such as ``openvino.opset13``.
        peaks: see :class:`~srgan.networks.eight_bits.EightBits`.
    """

    def __init__(self, op: Any, peaks: Mapping[str, Array]) -> None:
        self._op = op
        self._peaks = peaks
        self._made: dict[tuple[str, int, bytes], tuple[Any, Array]] = {}

    def takes(self, name: str, node: Any) -> bool:
        """Returns whether the convolution ``name``, which reads the map ``node``, is computed in 8 bits.

        It is if it has ranges, unless it reads a sum that ends a convolution of more bits: OpenVINO 2026.4
        has no kernel for that, and fails.
        """
        return name in self._peaks and not _is_wide_sum(node)

    def inputs(self, name: str, node: Any, weight: Array) -> tuple[Any, Any]:
        """Returns what a convolution reads instead of a map and its weight, as two nodes.

        Args:
            name: the convolution's name.
            node: the map, (N, in, H, W).
            weight: (out, in, k, k), float32.

        Raises:
            ModelError: if the ranges belong to another network.
        """
        peaks = self._peaks[name]
        if peaks.shape != (2, weight.shape[1]):
            raise ModelError(f"the ranges for 8 bits do not fit '{name}'; calibrate the network again")
        narrow, steps = self._narrowed(node, peaks, _zero(node, peaks, weight))
        return narrow, self._weight(weight * steps.reshape(1, -1, 1, 1))

    def _narrowed(self, node: Any, peaks: Array, zero: int) -> tuple[Any, Array]:
        """Returns a map in 8 bits, and the step of each channel, (channels,).

        Operations that only move values move them in 8 bits, so maps are converted where they are smallest.
        Layers that agree on the ranges of a map share the converted one.
        """
        key = node.get_name(), zero, peaks.tobytes()
        if key not in self._made:
            move = _MOVES.get(node.get_type_name(), EightBitMaps._quantised)
            self._made[key] = move(self, node, peaks, zero)
        return self._made[key]

    def _quantised(self, node: Any, peaks: Array, zero: int) -> tuple[Any, Array]:
        steps = _steps(peaks, zero)
        low, high = np.float32(-zero), np.float32(_LEVELS - 1 - zero)
        each, whole = steps.reshape(1, -1, 1, 1), np.ones((1, 1, 1, 1), np.float32)
        ends = [self._op.constant(end) for end in (low * each, high * each, low * whole, high * whole)]
        return self._op.fake_quantize(node, *ends, _LEVELS), steps

    def _concatenated(self, node: Any, peaks: Array, zero: int) -> tuple[Any, Array]:
        parts, steps, start = [], [], 0
        for source in _sources(node):
            channels = source.output(0).get_partial_shape()[1].get_length()
            part, part_steps = self._narrowed(source, peaks[:, start : start + channels], zero)
            parts.append(part)
            steps.append(part_steps)
            start += channels
        return self._op.concat(parts, 1), np.concatenate(steps)

    def _shuffled(self, node: Any, peaks: Array, zero: int) -> tuple[Any, Array]:
        side = node.get_attributes()["block_size"]
        before, steps = self._narrowed(_sources(node)[0], np.repeat(peaks, side**2, axis=1), zero)
        return self._op.depth_to_space(before, "depth_first", side), steps[:: side**2]

    def _enlarged(self, node: Any, peaks: Array, zero: int) -> tuple[Any, Array]:
        attributes = node.get_attributes()
        if attributes["mode"] != "nearest":
            return self._quantised(node, peaks, zero)
        source, factors, axes = _sources(node)
        before, steps = self._narrowed(source, peaks, zero)
        kept = ("coordinate_transformation_mode", "nearest_mode")
        how = {name: attributes[name] for name in kept}
        return self._op.interpolate(before, factors, "nearest", "scales", axes=axes, **how), steps

    def _cut(self, node: Any, peaks: Array, zero: int) -> tuple[Any, Array]:
        source, *where = _sources(node)
        before, steps = self._narrowed(source, peaks, zero)
        return self._op.slice(before, *where), steps

    def _weight(self, weight: Array) -> Any:
        """Returns a weight as whole numbers times a step for each output."""
        largest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
        most = _MOST_WEIGHT if sums_eight_bits_exactly() else _MOST_WEIGHT_IN_PAIRS
        steps = np.maximum(largest, np.finfo(np.float32).tiny) / np.float32(most)
        whole: NDArray[np.int8] = np.rint(weight / steps).astype(np.int8)
        return self._op.multiply(self._op.convert(self._op.constant(whole), "f32"), self._op.constant(steps))


_Move = Callable[[EightBitMaps, Any, Array, int], tuple[Any, Array]]
_MOVES: dict[str, _Move] = {
    "Concat": EightBitMaps._concatenated,
    "DepthToSpace": EightBitMaps._shuffled,
    "Interpolate": EightBitMaps._enlarged,
    "Slice": EightBitMaps._cut,
}
"""Operations that move values, or may do so, by OpenVINO's names."""


def _zero(node: Any, peaks: Array, weight: Array) -> int:
    """Returns which of the 256 numbers stands for zero: the one with which rounding changes results least.

    After an activation, more lies above zero than below. In sums and concatenated maps, both sides are alike,
    and several layers read them: with the same zero they can share a map.
    """
    if node.get_type_name() in ("Add", "Concat"):
        return _MIDDLE
    if not peaks[0].any():
        return 0
    importance = np.square(weight).sum(axis=(0, 2, 3))
    return min(_ZEROS, key=lambda zero: float(importance @ np.square(_steps(peaks, zero))))


def _steps(peaks: Array, zero: int) -> Array:
    """Returns the step of each channel, (channels,), that gives its lowest and highest values a number."""
    floor = max(float(peaks.max()) * _QUIETEST, _TINIEST)
    high = np.maximum(peaks[1], floor) / np.float32(_LEVELS - 1 - zero)
    steps: Array = high if zero == 0 else np.maximum(np.maximum(peaks[0], floor) / np.float32(zero), high)
    return steps.astype(np.float32)


def _is_wide_sum(node: Any) -> bool:
    """Returns whether this is a sum whose first part is a convolution of more than 8 bits."""
    if node.get_type_name() in _MOVES:
        return any(map(_is_wide_sum, _sources(node)))
    if node.get_type_name() != "Add":
        return False
    first = _sources(node)[0]
    if first.get_type_name() == "Multiply":
        first = _sources(first)[0]
    return first.get_type_name() == "Add" and _is_wide_convolution(_sources(first)[0])


def _is_wide_convolution(node: Any) -> bool:
    return node.get_type_name() == "Convolution" and _sources(node)[1].get_type_name() == "Constant"


def _sources(node: Any) -> list[Any]:
    return [port.get_source_output().get_node() for port in node.inputs()]
