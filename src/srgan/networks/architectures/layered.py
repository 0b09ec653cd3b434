"""A network as a graph of layers, for files that hold one: any order of the kinds that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from srgan.networks.architectures.description import Ops, Shapes, T
from srgan.networks.architectures.folding import Tensors
from srgan.networks.architectures.layers import (
    Add,
    Concat,
    Convolution,
    Extent,
    Layer,
    Multiply,
    Resize,
    Scale,
    Shuffle,
    Unshuffle,
)
from srgan.networks.architectures.recognised import Recognised, UnfitError

_HIGHEST = 8  # scale of a network
_MOST_CHANNELS = 65536  # of any map; a wrong number must not fill the memory
PICTURE = Extent(3, Fraction(1))
"""The extent of what every network takes."""


@dataclass(frozen=True)
class Layered:
    """A graph of layers, from the picture to the last layer's result, which is the picture made of it.

    Attributes:
        layers: each takes results of earlier ones.

    Raises:
        UnfitError: if they do not go together, some lead nowhere, or the result is no picture.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        channels, scale = extents(self.layers)[-1]
        used = {number for layer in self.layers for number in layer.sources}
        if {*range(len(self.layers))} - used:
            raise UnfitError("some of its layers lead nowhere")
        if not any(isinstance(layer, Convolution) for layer in self.layers):
            raise UnfitError("it has no convolution")
        if channels != 3:
            raise UnfitError(f"it does not give RGB pictures, but maps of {channels} channels")
        if scale.denominator > 1 or not 1 <= scale <= _HIGHEST:
            raise UnfitError(f"it enlarges {scale} times; whole numbers from 1 to {_HIGHEST} can be")

    def shapes(self) -> Shapes:
        """See :meth:`~srgan.networks.architectures.description.Architecture.shapes`."""
        return {
            name: shape
            for number, layer in enumerate(self.layers, 1)
            for name, shape in layer.shapes(tensor_name(number)).items()
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
        """The result of the layer of a number; what is needed no more is dropped on the way."""
        last_use = self._last_uses(wanted)
        pictures = self._pictures()
        maps = {0: picture}
        for number in sorted(last_use.keys() - {0}):
            layer, name = self._layer(number), tensor_name(number)
            maps[number] = self._apply(ops, layer, name, maps, pictures)
            for source in {*layer.sources}:
                if last_use[source] == number:
                    del maps[source]
        return ops.values(maps[wanted]) if wanted in pictures else maps[wanted]

    def _apply(self, ops: Ops[T], layer: Layer, name: str, maps: dict[int, T], pictures: set[int]) -> T:
        """One layer's result. What reads the picture itself is done as pictures need it."""
        given = [maps[source] for source in layer.sources]
        if layer.sources[0] in pictures:
            match layer:
                case Convolution():
                    return ops.first_convolution(given[0], name)
                case Scale():
                    return ops.shift(given[0], name)
                case Unshuffle(side=side):
                    return ops.unshuffle(given[0], side)
                case Resize(factor=factor, kind=kind):
                    return ops.resized(ops.values(given[0]), factor, kind)
        plain = [
            ops.values(each) if source in pictures else each
            for source, each in zip(layer.sources, given, strict=True)
        ]
        return layer.forward(ops, plain, name)

    def _layer(self, number: int) -> Layer:
        return self.layers[number - 1]

    def _pictures(self) -> set[int]:
        """Numbers of what still is the picture, in other colours or as cells: maybe bytes."""
        found, sizes = {0}, extents(self.layers)
        for number, layer in enumerate(self.layers, 1):
            source = layer.sources[0]
            is_colour = isinstance(layer, Scale) and sizes[source].channels == 3 == layer.count
            if source in found and (is_colour or isinstance(layer, Unshuffle)):
                found.add(number)
        return found

    def _last_uses(self, wanted: int) -> dict[int, int]:
        """For all that a layer's result depends on: the last layer that takes it, on the way to that one."""
        last_use = {wanted: wanted + 1}
        for number in range(wanted, 0, -1):
            if number in last_use:
                for source in self._layer(number).sources:
                    last_use.setdefault(source, number)
        return last_use

    def _end(self) -> _End | None:
        """The last layers, if they are such as engines do at low resolution."""
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
        """How often a result repeats each pixel of the picture, per side; None if it is something else."""
        if number == 0:
            return 1
        match self._layer(number):
            case Resize(sources=(0,), kind="nearest", times=times):
                return times
        return None


@dataclass(frozen=True)
class _End:
    """How a network ends.

    Attributes:
        source: number of what its last convolution takes.
        name: of that convolution.
        side: of the shuffle behind it, 1 for none.
        adds_picture: whether the picture, repeated, is added then.
    """

    source: int
    name: str
    side: int
    adds_picture: bool


def tensor_name(number: int) -> str:
    """What the names of a layer's tensors begin with; the first layer has the number 1."""
    return f"layer{number}"


def extents(layers: Sequence[Layer]) -> list[Extent]:
    """The extents of the picture and of all layers' results.

    Raises:
        UnfitError: if layers do not go together.
    """
    found = [PICTURE]
    for layer in layers:
        found.append(next_extent(layer, found))
    return found


def next_extent(layer: Layer, found: Sequence[Extent]) -> Extent:
    """The extent of a layer's result.

    Args:
        layer: any.
        found: those of the picture and of all results before it.

    Raises:
        UnfitError: if it does not go together with them.
    """
    if not layer.sources or not all(0 <= source < len(found) for source in layer.sources):
        raise UnfitError("a layer takes what is not there")
    if len(layer.sources) > 1 and not isinstance(layer, (Add, Multiply, Concat)):
        raise UnfitError("a layer takes too much")
    extent = layer.extent([found[source] for source in layer.sources])
    if not 1 <= extent.channels <= _MOST_CHANNELS:
        raise UnfitError(f"it has a map of {extent.channels} channels")
    return extent


def recognised_graph(architecture: Layered, tensors: Tensors) -> Recognised:
    """What is told of a graph of layers: blocks are its convolutions, channels those of the first."""
    convolutions = [layer for layer in architecture.layers if isinstance(layer, Convolution)]
    return Recognised(
        name="graph of layers",
        blocks=len(convolutions),
        channels=convolutions[0].outputs,
        architecture=architecture,
        tensors=tensors,
    )
