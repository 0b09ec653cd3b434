"""How an architecture describes itself, and the operations in which it does."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar, Literal, Protocol, TypeVar

Shapes = dict[str, tuple[int, ...]]
Resampling = Literal["nearest", "bilinear", "bicubic"]

T = TypeVar("T")


class OwnOps(Protocol[T]):
    """The operations that the forward passes of srgan's own architectures are written in.

    ``T`` is whatever stands for feature maps: a node of a graph, an array, a record of what was done. Layers
    are named by their tensors. All convolutions have a stride of 1, and keep the size of their input.
    """

    def first_convolution(self, picture: T, name: str) -> T:
        """The convolution that reads the picture."""
        ...

    def convolution(self, x: T, name: str, norm: str = "") -> T:
        """A convolution, with the batch norm after it if the network has one named ``norm``."""
        ...

    def prelu(self, x: T, name: str) -> T:
        """``x`` where it is positive, elsewhere ``x`` times a learned slope, for all channels or for each."""
        ...

    def leaky_relu(self, x: T, slope: float) -> T:
        """``x`` where it is positive, elsewhere ``slope * x``; with 0 a ReLU."""
        ...

    def add(self, x: T, y: T, factor: float = 1.0) -> T:
        """``factor * x + y``; ``y`` was made earlier."""
        ...

    def shuffle(self, x: T, side: int) -> T:
        """PixelShuffle(side): ``side`` times as high and wide, of ``side**2`` times fewer channels."""
        ...

    def last_convolution(self, x: T, name: str, side: int) -> T:
        """The convolution that makes the picture, as cells: each value is one of ``side * side`` pixels."""
        ...

    def last_convolution_of_shuffled(self, x: T, name: str, side: int) -> T:
        """The same of ``shuffle(x, side)``; engines can compute it without shuffling ``x``."""
        ...

    def add_repeated(self, cells: T, picture: T, side: int) -> T:
        """Adds to every pixel of each cell the input pixel in the cell's place."""
        ...

    def picture(self, cells: T, side: int) -> T:
        """The picture that is made of cells: PixelShuffle(side)."""
        ...


class Ops(OwnOps[T], Protocol[T]):
    """All operations that forward passes are written in; an engine builds a network by implementing them."""

    def multiply(self, x: T, y: T) -> T:
        """The product of two maps, value by value."""
        ...

    def sigmoid(self, x: T) -> T:
        """``1 / (1 + exp(-x))``."""
        ...

    def tanh(self, x: T) -> T:
        """The hyperbolic tangent."""
        ...

    def clamp(self, x: T, low: float, high: float) -> T:
        """``x``, but no less than ``low`` and no more than ``high``."""
        ...

    def scaled(self, x: T, name: str) -> T:
        """``x`` times ``NAME.weight``, plus ``NAME.bias``: one number, or one for each channel."""
        ...

    def concat(self, maps: Sequence[T]) -> T:
        """All channels of the first map, then those of the second, and so on."""
        ...

    def shift(self, picture: T, name: str) -> T:
        """The network's input times the colour ``NAME.weight``, if there is one, plus ``NAME.bias``."""
        ...

    def values(self, picture: T) -> T:
        """The network's input as a map of values in [0, 1], for operations that are not made for pictures."""
        ...

    def pixels(self, x: T) -> T:
        """A map of RGB in about [0, 1] as cells of one pixel each."""
        ...

    def unshuffle(self, x: T, side: int) -> T:
        """PixelUnshuffle(side) of RGB or the network's input, whose sides are multiples of ``side``."""
        ...

    def enlarge(self, x: T, side: int) -> T:
        """``side`` times as high and wide: each value as a square."""
        ...

    def resized(self, x: T, factor: Fraction, kind: Resampling) -> T:
        """A map or the network's input ``factor`` times as high and wide, as exactly as pictures need.

        Pixels are squares, whose centres meet; bicubic is Keys' with a = -0.75, and there is no antialiasing.
        """
        ...


class Architecture(Protocol):
    """A network's architecture with its dimensions, without its weights."""

    def shapes(self) -> Shapes:
        """Shape of every tensor by name, in the order of use."""
        ...

    def forward(self, ops: Ops[T], picture: T) -> T:
        """The network's result for an RGB picture in [0, 1]; around [0, 1], not clipped."""
        ...


class OwnArchitecture(Architecture, Protocol):
    """An architecture of srgan's own, whose models can be blended.

    Attributes:
        blends_shift_colours: whether a blend of two sets of weights gives a flat picture another colour than
            either, so that it needs :func:`~srgan.networks.colour.correct_colours`.
    """

    blends_shift_colours: ClassVar[bool]

    def forward(self, ops: OwnOps[T], picture: T) -> T:
        """See :meth:`Architecture.forward`."""
        ...


def convolution_shapes(name: str, inputs: int, outputs: int, size: int) -> Shapes:
    """The tensors of a convolution of ``size * size`` with bias."""
    return {f"{name}.weight": (outputs, inputs, size, size), f"{name}.bias": (outputs,)}


def prelu_shapes(name: str, slopes: int = 1) -> Shapes:
    """The tensor of a PReLU with one slope for all channels, or one for each."""
    return {f"{name}.weight": (slopes,)}


def norm_shapes(name: str, channels: int) -> Shapes:
    """The tensors of a batch norm."""
    statistics = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{statistic}": (channels,) for statistic in statistics} | {
        f"{name}.num_batches_tracked": ()
    }
