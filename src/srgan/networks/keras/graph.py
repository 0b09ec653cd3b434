"""Keras networks as graphs of layers: those that generators in the manner of the SRGAN consist of."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from srgan.networks.architectures.description import Resampling
from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.layered import Layered
from srgan.networks.architectures.layered_builder import LayeredBuilder
from srgan.networks.architectures.layers import (
    Clamp,
    Concat,
    Layer,
    LeakyReLU,
    Multiply,
    Resize,
    Sigmoid,
    Tanh,
)
from srgan.networks.architectures.recognised import UnfitError
from srgan.networks.keras.layer import IDENTITIES, KerasLayer, KerasModel, pair
from srgan.networks.ranges import SPANS, Range

_SHUFFLES = re.compile(r"shuffl|subpixel|sub_pixel|depth_?to_?space", re.IGNORECASE)


def possible_results(model: KerasModel) -> tuple[Range, ...]:
    """Returns the possible ranges of a network's results, by its last layer."""
    last = next(layer for layer in model.layers if layer.name == model.output)
    if last.activation == "tanh":
        return ("-1..1",)
    return ("0..1",) if last.activation == "sigmoid" else tuple(SPANS)


def graph_of(model: KerasModel, takes: Range, gives: Range) -> tuple[Layered, dict[str, Array]]:
    """Returns a network as a graph of layers, and its tensors.

    Args:
        model: the network.
        takes: what black and white are in its input.
        gives: the same in its result.

    Raises:
        UnfitError: if it has an unknown layer, or does not map pictures to pictures.
    """
    graph = _Graph(model, takes)
    for layer in model.layers:
        try:
            graph.add(layer)
        except UnfitError as error:
            raise UnfitError(f"{error} (layer {layer.name[:60]!r})") from None
    return graph.finish(gives)


class _Graph:
    """Turns layers into ours, one after the other."""

    def __init__(self, model: KerasModel, takes: Range) -> None:
        self._model = model
        self._takes = takes
        self._build = LayeredBuilder()
        self._made: dict[str, int] = {}
        self._borders: dict[str, int] = {}  # pixels that a ZeroPadding2D added at each side

    def add(self, layer: KerasLayer) -> None:
        """Adds a layer.

        Raises:
            UnfitError: if its kind is unknown, or it does not fit those before it.
        """
        if not self._made:
            black, span = SPANS[self._takes]
            self._picture = 0
            if self._takes != "0..1":
                self._picture = self._build.scale(0, _number(span), _number(black))
            if layer.kind == "InputLayer":
                self._made[layer.name] = self._picture
                return
            layer_inputs = [self._picture]  # a chain of layers may lack it
        else:
            if not layer.inputs or not {*layer.inputs} <= self._made.keys():
                raise UnfitError("one of its layers uses a result before it is computed")
            layer_inputs = [self._made[name] for name in layer.inputs]
        if layer.kind == "ZeroPadding2D":
            self._borders[layer.name] = layer.border
            self._made[layer.name] = layer_inputs[0]
            return
        border = sum(self._borders.get(name, 0) for name in layer.inputs)
        if layer.kind == "Conv2D":
            result = self._convolution(layer_inputs[0], border, layer)
        elif border:
            raise UnfitError("it has padding that does not precede a convolution")
        else:
            result = self._other(layer_inputs, layer)
        self._made[layer.name] = result

    def finish(self, gives: Range) -> tuple[Layered, dict[str, Array]]:
        """Returns the network, whose result is brought to [0, 1]."""
        black, span = SPANS[gives]
        result = self._made[self._model.output]
        if gives != "0..1":
            result = self._build.scale(result, _number(1 / span), _number(-black / span))
        return self._build.finish(result)

    def _convolution(self, x: int, border: int, layer: KerasLayer) -> int:
        config, (kernel, *bias) = layer.config, layer.weights
        plain = {"strides": 1, "dilation_rate": 1, "groups": 1}
        if any({*pair(config.get(key, value))} != {value} for key, value in plain.items()):
            raise UnfitError("it has a convolution with a stride, dilation or groups")
        height, width, _, outputs = kernel.shape
        added = height // 2 if config["padding"] == "same" else 0
        if config.get("data_format", "channels_last") != "channels_last" or height != width:
            raise UnfitError("it has a convolution with channels first, or a kernel that is not square")
        if border + added != height // 2:
            raise UnfitError("it has a convolution whose output size differs from its input size")
        weight = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
        made = self._build.convolution(x, weight, bias[0] if bias else np.zeros(outputs, np.float32))
        return self._activated(made, layer)

    def _other(self, given: list[int], layer: KerasLayer) -> int:
        build, config, x = self._build, layer.config, given[0]
        match layer.kind:
            case "BatchNormalization":
                return self._normed(x, layer)
            case "PReLU":
                return build.prelu(x, layer.slopes)
            case "LeakyReLU":
                return build.put(LeakyReLU(sources=(x,), slope=layer.number("negative_slope", "alpha")))
            case "ReLU":
                return self._relu(x, config)
            case "Activation":
                return self._activated(x, layer)
            case "Add" | "Concatenate" | "Multiply":
                return self._combined(given, layer)
            case "UpSampling2D":
                return self._enlarged(x, config)
            case "Rescaling":
                scale, offset = (np.asarray(config[key], np.float32) for key in ("scale", "offset"))
                return build.scale(x, np.atleast_1d(scale), np.atleast_1d(offset))
            case kind if kind in IDENTITIES:
                return x
            case kind if kind == "Lambda" or _SHUFFLES.search(f"{kind} {config.get('function')}"):
                return self._shuffled(x, layer)
        raise UnfitError(f"it has a layer of the kind {layer.kind[:60]!r}, which is not supported")

    def _normed(self, x: int, layer: KerasLayer) -> int:
        config, rest = layer.config, [*layer.weights]
        gamma = rest.pop(0) if config.get("scale", True) else _number(1)
        beta = rest.pop(0) if config.get("center", True) else _number(0)
        mean, variance = rest
        spread: Array = np.sqrt(np.maximum(variance, 0) + config.get("epsilon", 1e-3), dtype=np.float32)
        return self._build.scale(x, gamma / spread, beta - mean * gamma / spread)

    def _relu(self, x: int, config: dict[str, Any]) -> int:
        if config.get("threshold"):
            raise UnfitError("it has a ReLU with a threshold, which is not supported")
        highest = config.get("max_value")
        slope = float(config.get("negative_slope") or 0)
        made = self._build.put(LeakyReLU(sources=(x,), slope=slope))
        return made if highest is None else self._build.put(Clamp(sources=(made,), low=-1e38, high=highest))

    def _activated(self, x: int, layer: KerasLayer) -> int:
        made: Layer
        match layer.activation:
            case "linear":
                return x
            case "relu":
                made = LeakyReLU(sources=(x,), slope=0.0)
            case "tanh":
                made = Tanh(sources=(x,))
            case "sigmoid":
                made = Sigmoid(sources=(x,))
            case other:
                raise UnfitError(f"it has an activation {other[:60]!r}, which is not supported")
        return self._build.put(made)

    def _combined(self, given: list[int], layer: KerasLayer) -> int:
        if layer.kind == "Concatenate":
            if layer.config.get("axis", -1) not in (-1, 3):
                raise UnfitError("it joins maps other than by their channels")
            return self._build.put(Concat(sources=tuple(given)))
        total = given[0]
        for other in given[1:]:
            if layer.kind == "Add":
                total = self._build.add(total, other)
            else:
                total = self._build.put(Multiply(sources=(total, other)))
        return total

    def _enlarged(self, x: int, config: dict[str, Any]) -> int:
        sides = {*pair(config["size"])}
        kinds: dict[str, Resampling] = {"nearest": "nearest", "bilinear": "bilinear"}
        kind = kinds.get(config.get("interpolation", "nearest"))
        if len(sides) != 1 or kind is None:
            raise UnfitError("it upscales in a way that is not supported")
        return self._build.put(Resize(sources=(x,), times=sides.pop(), kind=kind))

    def _shuffled(self, x: int, layer: KerasLayer) -> int:
        """Adds a function of the user's own, of which only the name and the channels are known.

        One that changes their number shuffles pixels. One that does not, at either end of a network, is taken
        for a change of the range of values, which is found out for both ends together.
        """
        channels, behind = self._build.extent(x).channels, self._model.channels_behind(layer.name)
        side = math.isqrt(channels // behind) if behind else 0
        if side > 1 and behind * side**2 == channels:
            return self._build.shuffle(x, side, blocks_first=True)
        is_end = x == self._picture or layer.name == self._model.output
        if side == 1 and behind == channels and is_end and layer.kind == "Lambda":
            return x
        raise UnfitError("it has a custom function, whose name and channels do not show what it does")


def _number(value: float) -> Array:
    return np.array([value], np.float32)
