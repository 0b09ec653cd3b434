"""ncnn layers that have weights or take more than reading a number, as layers of ours."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from srgan.networks.architectures.description import Resampling
from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.layered_builder import LayeredBuilder
from srgan.networks.architectures.layers import Clamp, LeakyReLU, Resize, Sigmoid
from srgan.networks.architectures.recognised import UnfitError
from srgan.networks.ncnn.file import NcnnLayer, NcnnWeights

_SAME = (-233, -234)  # a padding that keeps the size
_KINDS: dict[int, Resampling] = {1: "nearest", 2: "bilinear", 3: "bicubic"}
LIMIT = 1e38
"""Stands for no limit."""


def convolution(build: LayeredBuilder, weights: NcnnWeights, x: int, border: int, layer: NcnnLayer) -> int:
    """Converts a convolution, with its built-in activation.

    Args:
        build: takes the layer.
        weights: gives its weights.
        x: number of its input.
        border: pixels that a layer before it adds at each side of its input.
        layer: its line in the file.

    Raises:
        UnfitError: if it shrinks its map, or its kind is unknown.
    """
    outputs, size, count = layer.whole(0), layer.whole(1), layer.whole(6)
    if border + _border(layer, size) != size // 2:
        raise UnfitError("it has a convolution whose output size differs from its input size")
    inputs = build.extent(x).channels
    if min(outputs, size) < 1 or count != outputs * inputs * size**2:
        raise UnfitError(f"it has a convolution of {count} weights that does not fit {inputs} channels")
    weight = weights.marked(count).reshape(outputs, inputs, size, size)
    bias = weights.plain(outputs) if layer.whole(5) else np.zeros(outputs, np.float32)
    return _activated(build, build.convolution(x, weight, bias), layer)


def _border(layer: NcnnLayer, size: int) -> int:
    """Returns the pixels that a convolution adds at each side of its input."""
    steps = [layer.whole(key, layer.whole(other, 1)) for key, other in ((2, 2), (3, 3), (12, 2), (13, 3))]
    if steps != [1] * 4 or layer.whole(11, size) != size:
        raise UnfitError("it has a convolution with a stride, dilation or a kernel that is not square")
    if layer.whole(8) or layer.whole(19):
        raise UnfitError("it has a convolution with weights of 8 bits, or computed as it runs")
    left, top = layer.whole(4), layer.whole(14, layer.whole(4))
    sides = [left, top, layer.whole(15, left), layer.whole(16, top)]
    return size // 2 if sides[0] in _SAME else same_at_all_sides(sides)


def _activated(build: LayeredBuilder, x: int, layer: NcnnLayer) -> int:
    match layer.whole(9), layer.numbers(10):
        case 0, _:
            return x
        case 1, _:
            return build.put(LeakyReLU(sources=(x,), slope=0.0))
        case 2, (slope,):
            return build.put(LeakyReLU(sources=(x,), slope=slope))
        case 3, (low, high):
            return clamped(build, x, low, high)
        case 4, _:
            return build.put(Sigmoid(sources=(x,)))
    raise UnfitError(f"it has an activation of number {layer.whole(9)}, which is not supported")


def clamped(build: LayeredBuilder, x: int, low: float, high: float) -> int:
    """Converts a Clip."""
    return build.put(Clamp(sources=(x,), low=low, high=high))


def resized(build: LayeredBuilder, x: int, layer: NcnnLayer) -> int:
    """Converts an Interp.

    Raises:
        UnfitError: if its kind is unknown, or it gives a fixed size.
    """
    kind, factor = _KINDS.get(layer.whole(0)), Fraction(layer.number(1, 1))
    is_fixed = any(layer.whole(key) for key in (3, 4, 5)) or 9 in layer.params
    if kind is None or is_fixed or layer.whole(6) or factor != Fraction(layer.number(2, 1)):
        raise UnfitError("it has an Interp to a fixed size, or of a kind that is not supported")
    return build.put(Resize(sources=(x,), times=factor.numerator, parts=factor.denominator, kind=kind))


def normed(build: LayeredBuilder, weights: NcnnWeights, x: int, layer: NcnnLayer) -> int:
    """Converts a batch norm."""
    slope, mean, variance, bias = (weights.plain(layer.whole(0)) for _ in range(4))
    gain = slope / np.sqrt(variance + np.float32(layer.number(1)))
    return build.scale(x, gain, bias - mean * gain)


def scaled(build: LayeredBuilder, weights: NcnnWeights, x: int, layer: NcnnLayer) -> int:
    """Converts a Scale."""
    factors = weights.plain(layer.whole(0))
    return build.scale(x, factors, weights.plain(factors.size) if layer.whole(1) else None)


def constant(weights: NcnnWeights, layer: NcnnLayer) -> Array:
    """Converts a MemoryData: one number, or one for each channel.

    Raises:
        UnfitError: if it is a map.
    """
    width, height, channels = (layer.whole(key) for key in range(3))
    if max(width, height) > 1 and max(height, channels) > 1:
        raise UnfitError("it has a constant map, which is not supported")
    return weights.plain(max(width, channels, 1))


def same_at_all_sides(sides: list[int]) -> int:
    """Returns the number of pixels at each of four sides.

    Raises:
        UnfitError: if they differ.
    """
    if len({*sides}) > 1 or sides[0] < 0:
        raise UnfitError("it has padding that is not the same at all sides")
    return sides[0]
