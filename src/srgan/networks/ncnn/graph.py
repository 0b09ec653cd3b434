"""ncnn networks, a ``.param`` and its ``.bin``, as graphs of layers.

What the layers do is in ncnn's own documentation, ``operators.md``. Pictures are RGB in [0, 1], as in the
programs that such networks come with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.layered import recognised_graph
from srgan.networks.architectures.layered_builder import LayeredBuilder
from srgan.networks.architectures.layers import (
    Concat,
    LeakyReLU,
    Multiply,
    Sigmoid,
    Tanh,
    Unshuffle,
)
from srgan.networks.architectures.recognised import Recognised, UnfitError
from srgan.networks.ncnn.file import NcnnLayer, NcnnWeights, read_param
from srgan.networks.ncnn.layers import (
    LIMIT,
    clamped,
    constant,
    convolution,
    normed,
    resized,
    same_at_all_sides,
    scaled,
)

_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE, _SUBTRACT_FROM = 0, 1, 2, 3, 7


def read_ncnn(path: Path) -> Recognised:
    """Reads the network of a ``.param`` and of the ``.bin`` beside it.

    Raises:
        UnfitError: if they are damaged, do not fit together, or have unknown layers.
        OSError: if they cannot be read.
    """
    layers = read_param(path)
    weights = path.with_suffix(".bin")
    if not weights.is_file():
        raise UnfitError(f"its weights, {weights.name}, are not beside it")
    with weights.open("rb") as file, np.errstate(all="ignore"):
        graph = _Graph(NcnnWeights(file))
        for layer in layers:
            try:
                graph.add(layer)
            except UnfitError as error:
                raise UnfitError(f"{error} (layer {_plain(layer.name)})") from None
        return graph.finish()


@dataclass(frozen=True, kw_only=True)
class _Map:
    """A layer's result: its number, with a border yet to be added; or a constant."""

    number: int = 0
    border: int = 0
    constant: Array | None = None


class _Graph:
    """Turns layers into ours, one after the other."""

    def __init__(self, weights: NcnnWeights) -> None:
        self._weights = weights
        self._build = LayeredBuilder()
        self._maps: dict[str, _Map] = {}
        self._has_input = False

    def add(self, layer: NcnnLayer) -> None:
        """Adds a layer.

        Raises:
            UnfitError: if its kind is unknown, or it does not fit those before it.
        """
        # Every map is used once: where it is needed more often, it is split.
        given = []
        for name in layer.inputs:
            if name not in self._maps:
                raise UnfitError(f"it uses {_plain(name)} before it is computed")
            given.append(self._maps.pop(name))
        if len(layer.outputs) != 1 and layer.kind != "Split":
            raise UnfitError("it makes more than one map")
        self._maps.update(dict.fromkeys(layer.outputs, self._made(layer, given)))

    def finish(self) -> Recognised:
        """Returns the network.

        Raises:
            UnfitError: if it has several results, or weights are left over.
        """
        if len(self._maps) != 1:
            raise UnfitError(f"it has {len(self._maps)} results instead of one picture")
        if self._weights.left:
            raise UnfitError("its .bin is longer than expected, and may belong to another network")
        (result,) = self._maps.values()
        return recognised_graph(*self._build.finish(_whole(result)))

    def _made(self, layer: NcnnLayer, given: list[_Map]) -> _Map:
        match layer.kind, given:
            case "Input", [] if not self._has_input:
                self._has_input = True
                return _Map()
            case "Input", _:
                raise UnfitError("it takes more than one picture")
            case "MemoryData", []:
                return _Map(constant=constant(self._weights, layer))
            case "Split" | "Noop", [x]:
                return x
            case "Padding", [x]:
                return replace(x, border=x.border + same_at_all_sides([layer.whole(key) for key in range(4)]))
            case "Convolution", [x] if x.constant is None:
                return _Map(number=convolution(self._build, self._weights, x.number, x.border, layer))
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
                return self._sum(given, layer.numbers(1) or (1.0,) * len(given))
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
                return clamped(build, x, layer.number(0, -LIMIT), layer.number(1, LIMIT))
            case "Concat":
                return x
            case "Interp":
                return resized(build, x, layer)
            case "PixelShuffle":
                return build.shuffle(x, layer.whole(0, 1), blocks_first=layer.whole(1) == 1)
            case "Reorg" if layer.whole(1) == 0:
                return build.put(Unshuffle(sources=sources, side=layer.whole(0, 1)))
            case "BatchNorm":
                return normed(build, self._weights, x, layer)
            case "Scale":
                return scaled(build, self._weights, x, layer)
            case "Dropout" if layer.number(0, 1) == 1:
                return x
        raise _unknown(layer)

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
                return self._build.scale(
                    _whole(x), y.constant if does == _MULTIPLY else np.reciprocal(y.constant)
                )
            if does in (_ADD, _SUBTRACT):
                return self._build.scale(_whole(x), bias=y.constant if does == _ADD else -y.constant)
        elif does in (_ADD, _MULTIPLY):
            return self._binary(does, y, x)
        elif does == _SUBTRACT:
            return self._build.scale(_whole(y), -np.ones(1, np.float32), x.constant)
        raise UnfitError(f"it has a BinaryOp of number {does}, which is not supported")

    def _sum(self, given: list[int], factors: tuple[float, ...]) -> int:
        if len(factors) != len(given):
            raise UnfitError("it has a sum with too few or too many factors")
        total, factor = given[0], factors[0]
        for other, times in zip(given[1:], factors[1:], strict=True):
            total, factor = self._build.add(total, other, (factor, times)), 1.0
        return total


def _whole(x: _Map) -> int:
    if x.border or x.constant is not None:
        raise UnfitError("it has padding or a constant where only a map is supported")
    return x.number


def _unknown(layer: NcnnLayer) -> UnfitError:
    return UnfitError(f"it has a layer of the kind {_plain(layer.kind)}, which is not supported")


def _plain(text: str) -> str:
    """Returns a word of the file, fit for a message."""
    return f"'{text.encode('unicode_escape').decode()[:60]}'"
