"""The kinds of layers that graphs of other programs' networks consist of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from srgan.networks.architectures.description import Ops, Resampling, Shapes, T, convolution_shapes
from srgan.networks.architectures.recognised import UnfitError

_LARGEST = 16  # times the picture's sides; a wrong number must not fill the memory
_FINEST = 16  # the same for what is smaller than the picture


class Extent(NamedTuple):
    """How large a map is: its channels, and its height and width as multiples of the picture's."""

    channels: int
    scale: Fraction


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer. Its tensors are named after it.

    Attributes:
        sources: the numbers of what it takes: 0 is the picture, 1 the first layer's result, and so on.
    """

    sources: tuple[int, ...]

    def shapes(self, name: str) -> Shapes:
        """Shape of each of its tensors."""
        return {}

    def extent(self, given: Sequence[Extent]) -> Extent:
        """The extent of its result.

        Raises:
            UnfitError: if it cannot take maps of these extents.
        """
        (only,) = given
        return only

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """Its result, of what it takes."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Convolution(Layer):
    """A convolution of ``size * size`` with bias, whose result is of the size of what it takes."""

    inputs: int
    outputs: int
    size: int

    def shapes(self, name: str) -> Shapes:
        """See :meth:`Layer.shapes`."""
        return convolution_shapes(name, self.inputs, self.outputs, self.size)

    def extent(self, given: Sequence[Extent]) -> Extent:
        """See :meth:`Layer.extent`."""
        (only,) = given
        if only.channels != self.inputs:
            raise UnfitError(f"a convolution of {self.inputs} channels is given {only.channels}")
        if self.size % 2 == 0:
            raise UnfitError(
                f"it has a convolution of {self.size}x{self.size}, of which no pixel is the middle"
            )
        return Extent(self.outputs, only.scale)

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.convolution(maps[0], name)


@dataclass(frozen=True, kw_only=True)
class PReLU(Layer):
    """A PReLU with one slope, or one for each channel."""

    slopes: int

    def shapes(self, name: str) -> Shapes:
        """See :meth:`Layer.shapes`."""
        return {f"{name}.weight": (self.slopes,)}

    def extent(self, given: Sequence[Extent]) -> Extent:
        """See :meth:`Layer.extent`."""
        return _for_channels(given, self.slopes)

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.prelu(maps[0], name)


@dataclass(frozen=True, kw_only=True)
class LeakyReLU(Layer):
    """What is negative is multiplied by ``slope``; with 0 it is a ReLU."""

    slope: float

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.leaky_relu(maps[0], self.slope)


@dataclass(frozen=True, kw_only=True)
class Sigmoid(Layer):
    """The logistic function."""

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.sigmoid(maps[0])


@dataclass(frozen=True, kw_only=True)
class Tanh(Layer):
    """The hyperbolic tangent."""

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.tanh(maps[0])


@dataclass(frozen=True, kw_only=True)
class Clamp(Layer):
    """Nothing below ``low`` or above ``high``."""

    low: float
    high: float

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.clamp(maps[0], self.low, self.high)


@dataclass(frozen=True, kw_only=True)
class Scale(Layer):
    """Multiplies and adds a number, or one for each channel."""

    count: int

    def shapes(self, name: str) -> Shapes:
        """See :meth:`Layer.shapes`."""
        return {f"{name}.weight": (self.count,), f"{name}.bias": (self.count,)}

    def extent(self, given: Sequence[Extent]) -> Extent:
        """See :meth:`Layer.extent`."""
        return _for_channels(given, self.count)

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.scaled(maps[0], name)


@dataclass(frozen=True, kw_only=True)
class Add(Layer):
    """``factor`` times the first, plus the second."""

    factor: float = 1.0

    def extent(self, given: Sequence[Extent]) -> Extent:
        """See :meth:`Layer.extent`."""
        return _alike(given, 2)

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        if self.factor == 1 and self.sources[0] < self.sources[1]:
            maps = maps[::-1]
        return ops.add(maps[0], maps[1], self.factor)


@dataclass(frozen=True, kw_only=True)
class Multiply(Layer):
    """The product of two maps, value by value."""

    def extent(self, given: Sequence[Extent]) -> Extent:
        """See :meth:`Layer.extent`."""
        return _alike(given, 2)

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.multiply(maps[0], maps[1])


@dataclass(frozen=True, kw_only=True)
class Concat(Layer):
    """The channels of several maps."""

    def extent(self, given: Sequence[Extent]) -> Extent:
        """See :meth:`Layer.extent`."""
        if not given or len({each.scale for each in given}) > 1:
            raise UnfitError("it joins the channels of maps of several sizes")
        return Extent(sum(each.channels for each in given), given[0].scale)

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.concat(maps) if len(maps) > 1 else maps[0]


@dataclass(frozen=True, kw_only=True)
class Shuffle(Layer):
    """PixelShuffle(side)."""

    side: int

    def extent(self, given: Sequence[Extent]) -> Extent:
        """See :meth:`Layer.extent`."""
        (only,) = given
        if self.side < 1 or only.channels % self.side**2:
            raise UnfitError(f"it shuffles {only.channels} channels by {self.side}")
        return _resized(Extent(only.channels // self.side**2, only.scale), Fraction(self.side))

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.shuffle(maps[0], self.side)


@dataclass(frozen=True, kw_only=True)
class Unshuffle(Layer):
    """PixelUnshuffle(side)."""

    side: int

    def extent(self, given: Sequence[Extent]) -> Extent:
        """See :meth:`Layer.extent`."""
        (only,) = given
        if self.side < 1:
            raise UnfitError(f"it shuffles {only.channels} channels by {self.side}")
        return _resized(Extent(only.channels * self.side**2, only.scale), Fraction(1, self.side))

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        return ops.unshuffle(maps[0], self.side)


@dataclass(frozen=True, kw_only=True)
class Resize(Layer):
    """``times / parts`` times as high and wide; ``nearest`` makes a square of each value."""

    times: int
    parts: int = 1
    kind: Resampling

    @property
    def factor(self) -> Fraction:
        """How many times as high and wide its result is."""
        return Fraction(self.times, self.parts)

    def extent(self, given: Sequence[Extent]) -> Extent:
        """See :meth:`Layer.extent`."""
        (only,) = given
        # Factors must be exact in binary, for engines to agree on the number of pixels.
        if self.times < 1 or self.parts not in (1, 2, 4, 8) or (self.kind == "nearest" and self.parts > 1):
            raise UnfitError(f"it resizes a map by {self.times}/{self.parts}, which cannot be done here")
        return _resized(only, self.factor)

    def forward(self, ops: Ops[T], maps: Sequence[T], name: str) -> T:
        """See :meth:`Layer.forward`."""
        if self.kind == "nearest":
            return ops.enlarge(maps[0], self.times)
        return ops.resized(maps[0], self.factor, self.kind)


def _for_channels(given: Sequence[Extent], count: int) -> Extent:
    (only,) = given
    if count not in (1, only.channels):
        raise UnfitError(f"it has {count} numbers for {only.channels} channels")
    return only


def _alike(given: Sequence[Extent], count: int) -> Extent:
    if len(given) != count or given[0] != given[1]:
        raise UnfitError("it adds or multiplies maps of several sizes")
    return given[0]


def _resized(extent: Extent, factor: Fraction) -> Extent:
    scale = extent.scale * factor
    if scale > _LARGEST or scale.denominator > _FINEST:
        raise UnfitError(f"it makes a map {scale} times the picture's height and width, which is too much")
    return Extent(extent.channels, scale)
