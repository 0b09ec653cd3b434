"""The colours of a blend of two models, which interpolation alone would darken."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from srgan.networks.architecture import GeneratorConfig
from srgan.networks.norm import fold_norm

_Array = NDArray[np.float32]
_Tensors = Mapping[str, _Array]

_COLOURS = np.array([*product((0.1, 0.5, 0.9), repeat=3)], np.float32)
_RIDGE = 1e-3  # of squared colours: where they hardly differ, as in an untrained network, little is changed


def correct_colours(config: GeneratorConfig, tensors: _Tensors, wanted: _Array) -> dict[str, _Array]:
    """Changes an SRResNet's last layer so that flat pictures get the colours they should have.

    Between two models a product of many layers is smaller than at either end: half of one and half of the
    other gave pictures darker by up to 3 %. An affine map of the result's RGB, fitted to flat pictures of
    27 colours, makes up for that; it is a part of the last convolution, and costs nothing.

    Args:
        config: the network's dimensions.
        tensors: its parameters.
        wanted: (27, 3), the colours it should give, see :func:`flat_colours`.

    Returns:
        The parameters, with another ``tail``.
    """
    given = flat_colours(config, tensors)
    mean, missing = given.mean(0), wanted - given
    centred = given - mean
    moments = centred.T @ centred + _RIDGE * len(given) * np.eye(3, dtype=np.float32)
    change = np.linalg.solve(moments, centred.T @ (missing - missing.mean(0))).T
    weight, bias = tensors["tail.weight"], tensors["tail.bias"]
    return {
        **tensors,
        "tail.weight": weight + np.tensordot(change, weight, 1),
        "tail.bias": bias + change @ (bias - mean) + missing.mean(0),
    }


def flat_colours(config: GeneratorConfig, tensors: _Tensors) -> _Array:
    """The mean colours, (27, 3), RGB in about [0, 1], that an SRResNet gives to flat pictures.

    On a flat picture without end its maps repeat: every pixel before the shuffles, every fourth after them.
    """
    x = _convolved(_COLOURS[:, None, None], *_layer(tensors, "head"))
    head = x = _activated(x, tensors, "head_activation")
    for block in (f"blocks.{index}" for index in range(config.blocks)):
        y = _convolved(x, *fold_norm(tensors, f"{block}.conv1", f"{block}.norm1"))
        y = _activated(y, tensors, f"{block}.activation")
        x = x + _convolved(y, *fold_norm(tensors, f"{block}.conv2", f"{block}.norm2"))
    x = head + _convolved(x, *fold_norm(tensors, "trunk", "trunk_norm"))
    for stage in (f"upsample.{index}" for index in range(2)):
        x = _activated(_convolved(x, *_layer(tensors, f"{stage}.conv")), tensors, f"{stage}.activation")
        x = _shuffled(x)
    colours: _Array = _convolved(x, *_layer(tensors, "tail")).mean((1, 2))
    return colours


def _layer(tensors: _Tensors, name: str) -> tuple[_Array, _Array]:
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]


def _convolved(x: _Array, weight: _Array, bias: _Array) -> _Array:
    """(N, H, W, C), one period of maps that repeat, by (out, C, k, k), to (N, H, W, out)."""
    radius = weight.shape[-1] // 2
    padded = np.pad(x, ((0, 0), (radius, radius), (radius, radius), (0, 0)), "wrap")
    windows = sliding_window_view(padded, weight.shape[2:], (1, 2))
    maps: _Array = np.tensordot(windows, weight, ((3, 4, 5), (1, 2, 3))) + bias
    return maps


def _activated(x: _Array, tensors: _Tensors, name: str) -> _Array:
    return np.where(x > 0, x, tensors[f"{name}.weight"] * x)


def _shuffled(x: _Array) -> _Array:
    """PixelShuffle(2): (N, H, W, 4 * C), as (C, row, column), to (N, 2H, 2W, C)."""
    number, height, width, channels = x.shape
    cells = x.reshape(number, height, width, channels // 4, 2, 2).transpose(0, 1, 4, 2, 5, 3)
    return cells.reshape(number, 2 * height, 2 * width, channels // 4)
