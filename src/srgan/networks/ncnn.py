"""Networks of ncnn, a ``.param`` and its ``.bin``, as graphs of layers.

What the layers do is in ncnn's own documentation, ``operators.md``. Pictures are RGB in [0, 1], as in the
programs that such networks come with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from srgan.networks.architectures.description import Resampling
from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.layered import recognised_graph
from srgan.networks.architectures.layered_builder import LayeredBuilder
from srgan.networks.architectures.layers import (
    Clamp,
    Concat,
    LeakyReLU,
    Multiply,
    Resize,
    Sigmoid,
    Tanh,
    Unshuffle,
)
from srgan.networks.architectures.recognised import Recognised, UnfitError
from srgan.networks.ncnn_file import NcnnLayer, NcnnWeights, read_param

_SAME = (-233, -234)  # said of a padding that keeps the size
_KINDS: dict[int, Resampling] = {1: "nearest", 2: "bilinear", 3: "bicubic"}
_LIMIT = 1e38  # of numbers that are not limited
_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE, _SUBTRACT_FROM = 0, 1, 2, 3, 7


def read_ncnn(path: Path) -> Recognised:
    """The network of a ``.param`` and of the ``.bin`` beside it.

    Raises:
        UnfitError: if they are damaged, do not go together, or have layers that are not known.
        OSError: if they cannot be read.
    """
    layers = read_param(path)
    weights = path.with_suffix(".bin")
    if not weights.is_file():
        raise UnfitError(f"its weights, {weights.name}, are not beside it")
    with weights.open("rb") as file:
        graph = _Graph(NcnnWeights(file))
        for layer in layers:
            try:
                graph.add(layer)
            except UnfitError as error:
                raise UnfitError(f"{error} (layer {_plain(layer.name)})") from None
        return graph.finish()


@dataclass(frozen=True, kw_only=True)
class _Map:
    """What a layer made: the number of a result, with a border yet to be added; or a constant."""

    number: int = 0
    border: int = 0
    constant: Array | None = None


class _Graph:
    """Turns layers into ours, one after the other."""

    def __init__(self, weights: NcnnWeights) -> None:
        self._weights = weights
        self._build = LayeredBuilder()
        self._maps: dict[str, _Map] = {}

    def add(self, layer: NcnnLayer) -> None:
        """Adds a layer.

        Raises:
            UnfitError: if it is of a kind that is not known, or does not fit those before it.
        """
        # Every map is taken once: where it is needed more often, it is split.
        given = []
        for name in layer.inputs:
            if name not in self._maps:
                raise UnfitError(f"there is nothing called {_plain(name)} before it")
            given.append(self._maps.pop(name))
        if len(layer.outputs) != 1 and layer.kind != "Split":
            raise UnfitError("it makes more than one map")
        self._maps.update(dict.fromkeys(layer.outputs, self._made(layer, given)))

    def finish(self) -> Recognised:
        """The network.

        Raises:
            UnfitError: if it has several results, or weights are left.
        """
        if len(self._maps) != 1:
            raise UnfitError(f"it has {len(self._maps)} results, and not one picture")
        if self._weights.left:
            raise UnfitError("its .bin is longer than it says, and may belong to another one")
        (result,) = self._maps.values()
        return recognised_graph(*self._build.finish(_whole(result)))

    def _made(self, layer: NcnnLayer, given: list[_Map]) -> _Map:
        match layer.kind, given:
            case "Input", []:
                return _Map()
            case "MemoryData", []:
                return _Map(constant=self._constant(layer))
            case "Split" | "Noop", [x]:
                return x
            case "Padding", [x]:
                return replace(
                    x, border=x.border + _same_at_all_sides([layer.whole(key) for key in range(4)])
                )
            case "Convolution", [x]:
                return self._with_activation(self._convolution(x, layer), layer)
            case "BinaryOp", [x, y]:
                return _Map(number=self._binary(layer.whole(0), x, y))
            case "BinaryOp", [x] if layer.whole(1) == 1:
                number = np.array([layer.number(2)], np.float32)
                return _Map(number=self._binary(layer.whole(0), x, _Map(constant=number)))
        numbers = [_whole(each) for each in given]
        return _Map(
            number=self._combined(layer, numbers) if len(given) > 1 else self._changed(layer, numbers)
        )

    def _combined(self, layer: NcnnLayer, given: list[int]) -> int:
        match layer.kind:
            case "Concat" if layer.whole(0) == 0:
                return self._build.put(Concat(sources=tuple(given)))
            case "Eltwise" if layer.whole(0) == 0:
                first, *others = given
                for other in others:
                    first = self._build.put(Multiply(sources=(first, other)))
                return first
            case "Eltwise" if layer.whole(0) == 1:
                return self._sum(given, layer.params.get(1) or (1.0,) * len(given))
        raise _unknown(layer)

    def _changed(self, layer: NcnnLayer, given: list[int]) -> int:
        build, sources = self._build, tuple(given)
        if not given:
            raise _unknown(layer)
        (x,) = given
        match layer.kind:
            case "PReLU":
                return build.prelu(x, self._weights.plain(layer.whole(0)))
            case "ReLU":
                return build.put(LeakyReLU(sources=sources, slope=layer.number(0)))
            case "Sigmoid":
                return build.put(Sigmoid(sources=sources))
            case "TanH":
                return build.put(Tanh(sources=sources))
            case "Swish":
                return build.put(Multiply(sources=(x, build.put(Sigmoid(sources=sources)))))
            case "Clip":
                return self._clamped(x, layer.number(0, -_LIMIT), layer.number(1, _LIMIT))
            case "Concat":
                return x
            case "Interp":
                return self._resized(x, layer)
            case "PixelShuffle":
                return build.shuffle(x, layer.whole(0, 1), blocks_first=layer.whole(1) == 1)
            case "Reorg" if layer.whole(1) == 0:
                return build.put(Unshuffle(sources=sources, side=layer.whole(0, 1)))
            case "BatchNorm":
                return self._normed(x, layer)
            case "Scale":
                return self._scaled(x, layer)
            case "Dropout" if layer.number(0, 1) == 1:
                return x
        raise _unknown(layer)

    def _convolution(self, x: _Map, layer: NcnnLayer) -> int:
        outputs, size, count = layer.whole(0), layer.whole(1), layer.whole(6)
        steps = [layer.whole(key, layer.whole(other, 1)) for key, other in ((2, 2), (3, 3), (12, 2), (13, 3))]
        if steps != [1] * 4 or layer.whole(11, size) != size or x.constant is not None:
            raise UnfitError("it has a convolution with steps, holes or sides that differ")
        if layer.whole(8) or layer.whole(19):
            raise UnfitError("it has a convolution with weights of 8 bits, or made as it runs")
        left, top = layer.whole(4), layer.whole(14, layer.whole(4))
        sides = [left, top, layer.whole(15, left), layer.whole(16, top)]
        border = size // 2 if sides[0] in _SAME else _same_at_all_sides(sides)
        if x.border + border != size // 2:
            raise UnfitError("it has a convolution whose result is not as large as what it takes")
        inputs = self._build.extent(x.number).channels
        if min(outputs, size) < 1 or count != outputs * inputs * size**2:
            raise UnfitError(f"it has a convolution of {count} weights that does not fit {inputs} channels")
        weight = self._weights.marked(count).reshape(outputs, inputs, size, size)
        bias = self._weights.plain(outputs) if layer.whole(5) else np.zeros(outputs, np.float32)
        return self._build.convolution(x.number, weight, bias)

    def _with_activation(self, x: int, layer: NcnnLayer) -> _Map:
        match layer.whole(9), layer.params.get(10, ()):
            case 0, _:
                return _Map(number=x)
            case 1, _:
                return _Map(number=self._build.put(LeakyReLU(sources=(x,), slope=0.0)))
            case 2, (slope,):
                return _Map(number=self._build.put(LeakyReLU(sources=(x,), slope=slope)))
            case 3, (low, high):
                return _Map(number=self._clamped(x, low, high))
            case 4, _:
                return _Map(number=self._build.put(Sigmoid(sources=(x,))))
        raise UnfitError(f"it has an activation of number {layer.whole(9)}, which is not known here")

    def _binary(self, does: int, x: _Map, y: _Map) -> int:
        if does == _SUBTRACT_FROM:
            does, x, y = _SUBTRACT, y, x
        if x.constant is None and y.constant is None:
            if does == _MULTIPLY:
                return self._build.put(Multiply(sources=(_whole(x), _whole(y))))
            if does in (_ADD, _SUBTRACT):
                return self._sum([_whole(x), _whole(y)], (1.0, 1.0 if does == _ADD else -1.0))
        elif y.constant is not None:
            if does in (_MULTIPLY, _DIVIDE):
                return self._build.scale(_whole(x), y.constant if does == _MULTIPLY else 1 / y.constant)
            if does in (_ADD, _SUBTRACT):
                return self._build.scale(_whole(x), bias=y.constant if does == _ADD else -y.constant)
        elif does in (_ADD, _MULTIPLY):
            return self._binary(does, y, x)
        elif does == _SUBTRACT:
            return self._build.scale(_whole(y), -np.ones(1, np.float32), x.constant)
        raise UnfitError(f"it has a BinaryOp of number {does}, which is not known here")

    def _sum(self, given: list[int], factors: tuple[float, ...]) -> int:
        if len(factors) != len(given):
            raise UnfitError("it has a sum with too few or too many factors")
        total, factor = given[0], factors[0]
        for other, times in zip(given[1:], factors[1:], strict=True):
            total, factor = self._build.add(total, other, (factor, times)), 1.0
        return total

    def _constant(self, layer: NcnnLayer) -> Array:
        width, height, channels = (layer.whole(key) for key in range(3))
        if max(width, height) > 1 and max(height, channels) > 1:
            raise UnfitError("it has a constant map, which is not known here")
        return self._weights.plain(max(width, channels, 1))

    def _clamped(self, x: int, low: float, high: float) -> int:
        return self._build.put(Clamp(sources=(x,), low=low, high=high))

    def _resized(self, x: int, layer: NcnnLayer) -> int:
        kind, factor = _KINDS.get(layer.whole(0)), Fraction(layer.number(1, 1))
        is_fixed = any(layer.whole(key) for key in (3, 4, 5))
        if kind is None or is_fixed or layer.whole(6) or factor != Fraction(layer.number(2, 1)):
            raise UnfitError("it has an Interp to a fixed size, or of a kind that is not known here")
        resize = Resize(sources=(x,), times=factor.numerator, parts=factor.denominator, kind=kind)
        return self._build.put(resize)

    def _normed(self, x: int, layer: NcnnLayer) -> int:
        slope, mean, variance, bias = (self._weights.plain(layer.whole(0)) for _ in range(4))
        gain = slope / np.sqrt(variance + np.float32(layer.number(1)))
        return self._build.scale(x, gain, bias - mean * gain)

    def _scaled(self, x: int, layer: NcnnLayer) -> int:
        factors = self._weights.plain(layer.whole(0))
        return self._build.scale(x, factors, self._weights.plain(factors.size) if layer.whole(1) else None)


def _whole(x: _Map) -> int:
    if x.border or x.constant is not None:
        raise UnfitError("it has padding or a constant where only a map is known here")
    return x.number


def _same_at_all_sides(sides: list[int]) -> int:
    if len({*sides}) > 1 or sides[0] < 0:
        raise UnfitError("it has padding that is not the same at all sides")
    return sides[0]


def _unknown(layer: NcnnLayer) -> UnfitError:
    return UnfitError(f"it has a layer of the kind {_plain(layer.kind)}, which is not known here")


def _plain(text: str) -> str:
    """A word of the file, fit for a message."""
    return f"'{text.encode('unicode_escape').decode()[:60]}'"
