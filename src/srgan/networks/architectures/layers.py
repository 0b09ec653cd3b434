"""The kinds of layers that graphs of other programs' networks consist of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from srgan.networks.architectures.description import Resampling, Shapes, convolution_shapes, prelu_shapes
from srgan.networks.architectures.recognised import UnfitError

# Limits of maps: a wrong number must not fill the memory.
_MOST_CHANNELS = 65536
_LARGEST = 16  # times the picture's sides
_FINEST = 16  # the same for what is smaller than the picture


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer.

    Attributes:
        sources: the numbers of its inputs: 0 is the picture, 1 the first layer's result, and so on.
    """

    sources: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Convolution(Layer):
    """A convolution of ``size * size`` with bias, whose result has the size of its input."""

    inputs: int
    outputs: int
    size: int


@dataclass(frozen=True, kw_only=True)
class PReLU(Layer):
    """A PReLU with one slope, or one for each channel."""

    slopes: int


@dataclass(frozen=True, kw_only=True)
class LeakyReLU(Layer):
    """Multiplies negative values by ``slope``; with 0 it is a ReLU."""

    slope: float


@dataclass(frozen=True, kw_only=True)
class Sigmoid(Layer):
    """The logistic function."""


@dataclass(frozen=True, kw_only=True)
class Tanh(Layer):
    """The hyperbolic tangent."""


@dataclass(frozen=True, kw_only=True)
class Clamp(Layer):
    """Limits values to at least ``low`` and at most ``high``."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Scale(Layer):
    """Multiplies by a number and adds another, the same for all channels or one for each."""

    count: int


@dataclass(frozen=True, kw_only=True)
class Add(Layer):
    """``factor`` times the first, plus the second."""

    factor: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Multiply(Layer):
    """The product of two maps, value by value."""


@dataclass(frozen=True, kw_only=True)
class Concat(Layer):
    """The channels of several maps."""


@dataclass(frozen=True, kw_only=True)
class Shuffle(Layer):
    """PixelShuffle(side)."""

    side: int


@dataclass(frozen=True, kw_only=True)
class Unshuffle(Layer):
    """PixelUnshuffle(side)."""

    side: int


@dataclass(frozen=True, kw_only=True)
class Resize(Layer):
    """``times / parts`` times as high and wide; ``nearest`` makes a square of each value."""

    times: int
    parts: int = 1
    kind: Resampling


class Extent(NamedTuple):
    """How large a map is: its channels, and its height and width as multiples of the picture's."""

    channels: int
    scale: Fraction


PICTURE = Extent(3, Fraction(1))


def layer_shapes(layer: Layer, name: str) -> Shapes:
    """Returns the shape of each of a layer's tensors, by names that begin with the layer's."""
    match layer:
        case Convolution(inputs=inputs, outputs=outputs, size=size):
            return convolution_shapes(name, inputs, outputs, size)
        case PReLU(slopes=slopes):
            return prelu_shapes(name, slopes)
        case Scale(count=count):
            return {f"{name}.weight": (count,), f"{name}.bias": (count,)}
    return {}


def extents(layers: Sequence[Layer]) -> list[Extent]:
    """Computes the extents of the picture and of all layers' results.

    Raises:
        UnfitError: if layers do not fit together.
    """
    found = [PICTURE]
    for layer in layers:
        found.append(next_extent(layer, found))
    return found


def next_extent(layer: Layer, found: Sequence[Extent]) -> Extent:
    """Returns the extent of a layer's result.

    Args:
        layer: any layer.
        found: extents of the picture and of all results before it.

    Raises:
        UnfitError: if it does not fit them, or is too large.
    """
    if not all(0 <= source < len(found) for source in layer.sources):
        raise UnfitError("one of its layers uses a missing result")
    given = [found[source] for source in layer.sources]
    match layer, given:
        case Concat(), [first, *_] if len({each.scale for each in given}) == 1:
            extent = Extent(sum(each.channels for each in given), first.scale)
        case Add() | Multiply(), [first, second] if first == second:
            extent = first
        case Add() | Multiply() | Concat(), _:
            raise UnfitError("it combines maps of different sizes")
        case _, [only]:
            extent = _changed(layer, only)
        case _:
            raise UnfitError("one of its layers has too few or too many inputs")
    if not 1 <= extent.channels <= _MOST_CHANNELS:
        raise UnfitError(f"it has a map of {extent.channels} channels")
    if extent.scale > _LARGEST or extent.scale.denominator > _FINEST:
        raise UnfitError(f"it has a map {extent.scale} times as high and wide as the picture")
    return extent


def _changed(layer: Layer, given: Extent) -> Extent:
    channels, scale = given
    match layer:
        case Convolution(inputs=inputs, outputs=outputs, size=size):
            if inputs != channels:
                raise UnfitError(f"it has a convolution for {inputs} channels that receives {channels}")
            if size % 2 == 0:
                raise UnfitError(f"it has a convolution with an even kernel, {size}x{size}")
            return Extent(outputs, scale)
        case PReLU(slopes=count) | Scale(count=count) if count not in (1, channels):
            raise UnfitError(f"it has a layer for {count} channels that receives {channels}")
        case Shuffle(side=side):
            if side < 1 or channels % side**2:
                raise UnfitError(f"it has a PixelShuffle({side}) of {channels} channels")
            return Extent(channels // side**2, scale * side)
        case Unshuffle(side=side):
            if not 1 <= side <= _FINEST or channels != 3:
                raise UnfitError(f"it has a PixelUnshuffle({side}) of {channels} channels")
            return Extent(channels * side**2, scale / side)
        case Resize(times=times, parts=parts, kind=kind):
            # Exact in binary, so that all engines agree on the number of pixels.
            if times < 1 or parts not in ((1,) if kind == "nearest" else (1, 2, 4, 8)):
                raise UnfitError(f"it resizes a map by {times / parts:g}, which is not supported")
            return Extent(channels, scale * Fraction(times, parts))
    return given
