"""A network as a graph of layers, for files that hold one: known kinds of layers, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from srgan.networks.architectures.description import Ops, Shapes, T
from srgan.networks.architectures.folding import Tensors
from srgan.networks.architectures.layers import (
    Add,
    Clamp,
    Concat,
    Convolution,
    Layer,
    LeakyReLU,
    Multiply,
    PReLU,
    Resize,
    Scale,
    Shuffle,
    Sigmoid,
    Tanh,
    Unshuffle,
    extents,
    layer_shapes,
)
from srgan.networks.architectures.recognised import Recognised, UnfitError

_HIGHEST = 8  # scale of a network


@dataclass(frozen=True)
class Layered:
    """A graph of layers, from the picture to the last layer's result, which is the upscaled picture.

    Attributes:
        layers: each takes results of earlier ones.

    Raises:
        UnfitError: if they do not fit together, some lead nowhere, or the result is not a picture.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        channels, scale = extents(self.layers)[-1]
        used = {number for layer in self.layers for number in layer.sources}
        if {*range(len(self.layers))} - used:
            raise UnfitError("some of its layers are not connected to its result")
        if not any(isinstance(layer, Convolution) for layer in self.layers):
            raise UnfitError("it has no convolution")
        if channels != 3:
            raise UnfitError(f"its result has {channels} channels and is not an RGB picture")
        if scale.denominator > 1 or not 1 <= scale <= _HIGHEST:
            raise UnfitError(f"its scale is {scale}; only whole numbers from 1 to {_HIGHEST} are supported")

    def shapes(self) -> Shapes:
        """See :meth:`~srgan.networks.architectures.description.Architecture.shapes`."""
        return {
            name: shape
            for number, layer in enumerate(self.layers, 1)
            for name, shape in layer_shapes(layer, tensor_name(number)).items()
        }

    def forward(self, ops: Ops[T], picture: T) -> T:
        """See :meth:`~srgan.networks.architectures.description.Architecture.forward`."""
        end = self._end()
        if end is None:
            x = self._result(ops, picture, len(self.layers))
            return ops.picture(ops.pixels(x), 1)
        x = self._result(ops, picture, end.source)
        cells = ops.last_convolution(x, end.name, end.side)
        if end.adds_picture:
            cells = ops.add_repeated(cells, picture, end.side)
        return ops.picture(cells, end.side)

    def _result(self, ops: Ops[T], picture: T, wanted: int) -> T:
        """Returns the result of a numbered layer; drops on the way what is no longer needed."""
        last_use = self._last_uses(wanted)
        pictures = self._pictures()
        maps = {0: picture}
        for number in sorted(last_use.keys() - {0}):
            layer, name = self._layer(number), tensor_name(number)
            if layer.sources[0] in pictures and isinstance(layer, _OF_PICTURES):
                maps[number] = _of_picture(ops, layer, name, maps[layer.sources[0]])
            else:
                given = [
                    ops.values(maps[source]) if source in pictures else maps[source]
                    for source in layer.sources
                ]
                maps[number] = _made(ops, layer, name, given)
            for source in {*layer.sources}:
                if last_use[source] == number:
                    del maps[source]
        return ops.values(maps[wanted]) if wanted in pictures else maps[wanted]

    def _layer(self, number: int) -> Layer:
        return self.layers[number - 1]

    def _pictures(self) -> set[int]:
        """Numbers of results that are still the picture, in other colours or as cells: they may be bytes."""
        found = {0}
        for number, layer in enumerate(self.layers, 1):
            if isinstance(layer, (Scale, Unshuffle)) and layer.sources[0] in found:
                found.add(number)
        return found

    def _last_uses(self, wanted: int) -> dict[int, int]:
        """Returns the last layer that uses each result on the way to a layer."""
        last_use = {wanted: wanted + 1}
        for number in range(wanted, 0, -1):
            if number in last_use:
                for source in self._layer(number).sources:
                    last_use.setdefault(source, number)
        return last_use

    def _end(self) -> _End | None:
        """Returns the last layers if engines can compute them at low resolution."""
        number, side = len(self.layers), None
        last = self._layer(number)
        if isinstance(last, Add) and last.factor == 1:
            for details, base in (last.sources, last.sources[::-1]):
                if (repeated := self._repeats_picture(base)) is not None:
                    number, side = details, repeated
        shuffle = self._layer(number) if number else None
        shuffled = 1
        if isinstance(shuffle, Shuffle):
            number, shuffled = shuffle.sources[0], shuffle.side
        convolution = self._layer(number) if number else None
        if not isinstance(convolution, Convolution) or side not in (None, shuffled):
            return None
        (source,) = convolution.sources
        if source in self._pictures() or convolution.outputs != 3 * shuffled**2:
            return None
        return _End(source, tensor_name(number), shuffled, adds_picture=side is not None)

    def _repeats_picture(self, number: int) -> int | None:
        """Returns how often a result repeats each input pixel, per side; None if it does not."""
        if number == 0:
            return 1
        match self._layer(number):
            case Resize(sources=(0,), kind="nearest", times=times):
                return times
        return None


_OF_PICTURES = (Convolution, Scale, Unshuffle, Resize)


def _of_picture(ops: Ops[T], layer: Layer, name: str, picture: T) -> T:
    """Returns the result of a layer that takes the picture itself, as exactly as pictures need."""
    match layer:
        case Convolution():
            return ops.first_convolution(picture, name)
        case Scale():
            return ops.shift(picture, name)
        case Unshuffle(side=side):
            return ops.unshuffle(picture, side)
        case Resize(times=times, parts=parts, kind=kind):
            return ops.resized(ops.values(picture), Fraction(times, parts), kind)
    raise TypeError(layer)


def _made(ops: Ops[T], layer: Layer, name: str, given: Sequence[T]) -> T:
    """Returns a layer's result from its inputs."""
    x = given[0]
    match layer:
        case Convolution():
            return ops.convolution(x, name)
        case PReLU():
            return ops.prelu(x, name)
        case LeakyReLU(slope=slope):
            return ops.leaky_relu(x, slope)
        case Sigmoid():
            return ops.sigmoid(x)
        case Tanh():
            return ops.tanh(x)
        case Clamp(low=low, high=high):
            return ops.clamp(x, low, high)
        case Scale():
            return ops.scaled(x, name)
        case Add(sources=(first, second), factor=1.0) if first < second:
            return ops.add(given[1], x)
        case Add(factor=factor):
            return ops.add(x, given[1], factor)
        case Multiply():
            return ops.multiply(x, given[1])
        case Concat():
            return ops.concat(given)
        case Shuffle(side=side):
            return ops.shuffle(x, side)
        case Unshuffle(side=side):
            return ops.unshuffle(x, side)
        case Resize(times=times, kind="nearest"):
            return ops.enlarge(x, times)
        case Resize(times=times, parts=parts, kind=kind):
            return ops.resized(x, Fraction(times, parts), kind)
    raise TypeError(layer)


@dataclass(frozen=True)
class _End:
    """How a network ends.

    Attributes:
        source: number of its last convolution's input.
        name: that convolution's.
        side: of the shuffle after it; 1 for none.
        adds_picture: whether the repeated picture is then added.
    """

    source: int
    name: str
    side: int
    adds_picture: bool


def tensor_name(number: int) -> str:
    """Returns the prefix of the names of a layer's tensors; the first layer has the number 1."""
    return f"layer{number}"


def recognised_graph(architecture: Layered, tensors: Tensors) -> Recognised:
    """Describes a graph of layers: its blocks are convolutions, its channels those of the first."""
    convolutions = [layer for layer in architecture.layers if isinstance(layer, Convolution)]
    return Recognised(
        name="graph of layers",
        blocks=len(convolutions),
        channels=convolutions[0].outputs,
        architecture=architecture,
        tensors=tensors,
    )
