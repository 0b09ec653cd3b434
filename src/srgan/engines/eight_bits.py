"""Convolutions in 8 bits in an OpenVINO graph, such that oneDNN computes them with its 8-bit kernels.

Each channel of a map has a step of its own: its peak, as measured, over the largest number. The steps become
factors of the weights that read the channel, so that they cost nothing, and quiet channels keep their details
beside loud ones; it is what SmoothQuant (arXiv 2211.10438) does, taken to its end. Weights have a step for
each output. Sums of products are exact, in 32 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.errors import ModelError
from srgan.networks.architectures.folding import Array

_LEVELS = 256
_MIDDLE = 128
_ZEROS = range(4, 253, 4)  # what may stand for zero, where there are values on both sides of it
_MOST_WEIGHT = 127  # of either sign: weights are as large below zero as above
_QUIETEST = 1e-3
"""The least peak of a channel, as a part of the map's: a channel that was always zero may not be so later."""
_TINIEST = 1e-6  # where a whole map is zero


class EightBitMaps:
    """Adds the nodes that bring maps and weights to 8 bits; each map once, whatever reads it.

    Args:
        op: OpenVINO's operations.
        peaks: see :class:`~srgan.networks.eight_bits.EightBits`.
    """

    def __init__(self, op: Any, peaks: Mapping[str, Array]) -> None:
        self._op = op
        self._peaks = peaks
        self._made: dict[tuple[str, int, bytes], tuple[Any, Array]] = {}

    def takes(self, name: str, node: Any) -> bool:
        """Whether a convolution is computed in 8 bits, which has ranges and reads a map.

        Not behind a sum that a convolution of more bits makes: OpenVINO 2026.4 has no kernel that gives it in
        8 bits, and fails.
        """
        return name in self._peaks and not _is_wide_sum(node)

    def inputs(self, name: str, node: Any, weight: Array) -> tuple[Any, Any]:
        """What a convolution reads instead of a map and its weight.

        Args:
            name: of the convolution.
            node: the map.
            weight: (out, in, k, k).

        Raises:
            ModelError: if the peaks are those of another network.
        """
        peaks = self._peaks[name]
        if peaks.shape != (2, weight.shape[1]):
            raise ModelError(f"the ranges for 8 bits do not fit '{name}'; calibrate the network again")
        narrow, steps = self._narrowed(node, peaks, _zero(node, peaks, weight))
        return narrow, self._weight(weight * steps.reshape(1, -1, 1, 1))

    def _narrowed(self, node: Any, peaks: Array, zero: int) -> tuple[Any, Array]:
        """A map in 8 bits, and the step of each channel.

        What only moves values moves them in 8 bits, so that maps are brought to them where they are smallest.
        Layers that read a map share one where they agree on its ranges.
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
        """A weight as whole numbers times a step for each output."""
        largest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
        steps = np.maximum(largest, np.finfo(np.float32).tiny) / np.float32(_MOST_WEIGHT)
        whole: NDArray[np.int8] = np.rint(weight / steps).astype(np.int8)
        return self._op.multiply(self._op.convert(self._op.constant(whole), "f32"), self._op.constant(steps))


_Move = Callable[[EightBitMaps, Any, Array, int], tuple[Any, Array]]
_MOVES: dict[str, _Move] = {
    "Concat": EightBitMaps._concatenated,
    "DepthToSpace": EightBitMaps._shuffled,
    "Interpolate": EightBitMaps._enlarged,
    "Slice": EightBitMaps._cut,
}
"""By OpenVINO's names: what moves values, or may."""


def _zero(node: Any, peaks: Array, weight: Array) -> int:
    """Which of the 256 numbers stands for zero: the one with which rounding changes the results least.

    Behind an activation there is more above zero than below. Sums and maps put together have as much of both,
    and are read by several layers, which share a map if they agree.
    """
    if node.get_type_name() in ("Add", "Concat"):
        return _MIDDLE
    if not peaks[0].any():
        return 0
    importance = np.square(weight).sum(axis=(0, 2, 3))
    return min(_ZEROS, key=lambda zero: float(importance @ np.square(_steps(peaks, zero))))


def _steps(peaks: Array, zero: int) -> Array:
    """The step of each channel, (channels,), with which its lowest and its highest value have a number."""
    floor = max(float(peaks.max()) * _QUIETEST, _TINIEST)
    high = np.maximum(peaks[1], floor) / np.float32(_LEVELS - 1 - zero)
    steps: Array = high if zero == 0 else np.maximum(np.maximum(peaks[0], floor) / np.float32(zero), high)
    return steps.astype(np.float32)


def _is_wide_sum(node: Any) -> bool:
    """Whether this is a sum, and what was made last of it, its first part, a convolution of more bits."""
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
