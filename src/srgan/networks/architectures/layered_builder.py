"""Builds a graph of layers, one after the other, as other programs' files list them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.layered import Layered, tensor_name
from srgan.networks.architectures.layers import (
    PICTURE,
    Add,
    Clamp,
    Convolution,
    Extent,
    Layer,
    LeakyReLU,
    PReLU,
    Scale,
    Shuffle,
    Sigmoid,
    Tanh,
    next_extent,
)
from srgan.networks.architectures.recognised import UnfitError

_Tensors = dict[str, Array]
_BY_CHANNEL = (LeakyReLU, Sigmoid, Tanh, Clamp, PReLU, Scale)


class LayeredBuilder:
    """Adds layers; each method returns the number of a result, 0 being the picture.

    Multiplying and adding constants after a convolution becomes part of it.
    """

    def __init__(self) -> None:
        self._layers: list[Layer] = []
        self._tensors: list[_Tensors] = []
        self._extents = [PICTURE]

    def put(self, layer: Layer, **tensors: Array) -> int:
        """Adds a layer, with its tensors by the last part of their names.

        Raises:
            UnfitError: if it does not fit those before it.
        """
        self._extents.append(next_extent(layer, self._extents))
        self._layers.append(layer)
        self._tensors.append({name: np.asarray(tensor, np.float32) for name, tensor in tensors.items()})
        return len(self._layers)

    def extent(self, number: int) -> Extent:
        """Channels and size of a result."""
        return self._extents[number]

    def convolution(self, x: int, weight: Array, bias: Array) -> int:
        """Adds a convolution: weight (out, in, k, k), bias (out,)."""
        outputs, inputs, size, _ = weight.shape
        layer = Convolution(sources=(x,), inputs=inputs, outputs=outputs, size=size)
        return self.put(layer, weight=weight, bias=bias)

    def prelu(self, x: int, slopes: Array) -> int:
        """Adds a PReLU of one slope, or one for each channel."""
        return self.put(PReLU(sources=(x,), slopes=slopes.size), weight=slopes.reshape(-1))

    def scale(self, x: int, weight: Array | None = None, bias: Array | None = None) -> int:
        """Adds ``x * weight + bias``, each a number, one for each channel, or absent."""
        weight = np.ones(1, np.float32) if weight is None else weight
        bias = np.zeros(1, np.float32) if bias is None else bias
        count = max(weight.size, bias.size)
        weight, bias = (np.broadcast_to(each.reshape(-1), (count,)) for each in (weight, bias))
        before = self._layers[x - 1] if x else None
        if isinstance(before, Convolution) and count in (1, before.outputs):
            tensors = self._tensors[x - 1]
            folded = tensors["weight"] * weight[:, None, None, None]
            return self.convolution(before.sources[0], folded, tensors["bias"] * weight + bias)
        if x == 0:  # the picture has three colours
            weight, bias = np.broadcast_to(weight, (3,)), np.broadcast_to(bias, (3,))
        return self.put(Scale(sources=(x,), count=weight.size), weight=weight, bias=bias)

    def add(self, x: int, y: int, factors: tuple[float, float] = (1.0, 1.0)) -> int:
        """Adds the sum of two maps, each times a factor."""
        if factors[1] != 1 and factors[0] == 1:
            return self.add(y, x, factors[::-1])
        if factors[1] != 1:
            y = self.scale(y, np.array([factors[1]], np.float32))
        return self.put(Add(sources=(x, y), factor=factors[0]))

    def shuffle(self, x: int, side: int, *, blocks_first: bool = False) -> int:
        """PixelShuffle(side).

        Args:
            x: what is shuffled.
            side: the shuffle's.
            blocks_first: whether the channels of a square's first pixel come first, then those of the second,
                as in TensorFlow.
        """
        channels = self.extent(x).channels
        if blocks_first and side > 1 and channels % side**2 == 0:  # put() refuses other sides
            order = np.arange(channels).reshape(side**2, -1).T.reshape(-1)
            x = self._reordered(x, order)
        return self.put(Shuffle(sources=(x,), side=side))

    def finish(self, result: int) -> tuple[Layered, dict[str, Array]]:
        """Returns the network that gives a result, without layers that it does not need, and its tensors.

        Raises:
            UnfitError: if it does not map pictures to pictures, or a number is not finite.
        """
        while isinstance(last := self._layers[result - 1], Clamp) and last.low <= 0 and last.high >= 1:
            (result,) = last.sources  # every result is clipped anyway
        needed = {result}
        for number in range(result, 0, -1):
            if number in needed:
                needed.update(self._layers[number - 1].sources)
        numbers = {old: new for new, old in enumerate(sorted(needed | {0}))}
        layers, tensors = [], {}
        for old, new in numbers.items():
            if old:
                layer = self._layers[old - 1]
                layers.append(replace(layer, sources=tuple(numbers[source] for source in layer.sources)))
                for name, tensor in self._tensors[old - 1].items():
                    if not np.isfinite(tensor).all():
                        raise UnfitError("its weights lead to values that are not finite")
                    tensors[f"{tensor_name(new)}.{name}"] = np.require(tensor, requirements=["C", "W"])
        return Layered(tuple(layers)), tensors

    def _reordered(self, x: int, order: NDArray[np.intp]) -> int:
        """Returns a map with its channels reordered: in the layers that make it, where that is possible."""
        by_channel = []
        while x and isinstance(self._layers[x - 1], _BY_CHANNEL):
            by_channel.append(x)
            (x,) = self._layers[x - 1].sources
        if x and isinstance(made := self._layers[x - 1], Convolution):
            weight, bias = (self._tensors[x - 1][name][order] for name in ("weight", "bias"))
            x = self.convolution(made.sources[0], weight, bias)
        else:
            weight = np.eye(len(order), dtype=np.float32)[order][..., None, None]
            x = self.convolution(x, weight, np.zeros(len(order), np.float32))
        for number in reversed(by_channel):
            tensors = self._tensors[number - 1].items()
            moved = {name: tensor[order] if tensor.size > 1 else tensor for name, tensor in tensors}
            x = self.put(replace(self._layers[number - 1], sources=(x,)), **moved)
        return x
