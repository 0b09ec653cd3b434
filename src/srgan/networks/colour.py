"""The colours of a blend of two models, which interpolation alone would darken."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from srgan.networks.architectures.description import OwnArchitecture
from srgan.networks.architectures.folding import Array, Tensors, fold_norm, layer
from srgan.networks.architectures.trace import trace

COLOURS = np.array([*product((0.1, 0.5, 0.9), repeat=3)], np.float32)
_RIDGE = 1e-3  # of squared colours: where they hardly differ, as in an untrained network, little is changed


def correct_colours(architecture: OwnArchitecture, tensors: Tensors, wanted: Array) -> dict[str, Array]:
    """Changes a network's last layer so that flat pictures get the colours they should have.

    Between two models a product of many layers is smaller than at either end: half of one and half of the
    other gave pictures darker by up to 3 %. An affine map of the result's RGB, fitted to flat pictures of
    27 colours, makes up for that; it becomes part of the last convolution and costs nothing.

    Args:
        architecture: the network's, whose last convolution makes RGB, not sub-pixels of it.
        tensors: its parameters.
        wanted: (27, 3), the colours it should give, see :func:`flat_colours`.

    Returns:
        The parameters, with another last convolution.
    """
    given = flat_colours(architecture, tensors)
    mean, missing = given.mean(0), wanted - given
    centred = given - mean
    moments = centred.T @ centred + _RIDGE * len(given) * np.eye(3, dtype=np.float32)
    change = np.linalg.solve(moments, centred.T @ (missing - missing.mean(0))).T
    last = trace(architecture).last
    weight, bias = layer(tensors, last)
    return {
        **tensors,
        f"{last}.weight": weight + np.tensordot(change, weight, 1),
        f"{last}.bias": bias + change @ (bias - mean) + missing.mean(0),
    }


def flat_colours(architecture: OwnArchitecture, tensors: Tensors) -> Array:
    """Returns the mean colours, (27, 3), RGB in about [0, 1], that a network gives to flat pictures.

    On an endless flat picture its maps repeat: every pixel before the shuffles, every fourth after them.
    """
    colours: Array = architecture.forward(_PeriodOps(tensors), COLOURS[:, None, None]).mean((1, 2))
    return colours


class _PeriodOps:
    """See :class:`~srgan.networks.architectures.description.OwnOps`; maps are (N, H, W, C), one period.

    The cells of a picture are the picture here.
    """

    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors

    def first_convolution(self, picture: Array, name: str) -> Array:
        return self.convolution(picture, name)

    def convolution(self, x: Array, name: str, norm: str = "") -> Array:
        weight, bias = fold_norm(self._tensors, name, norm)
        radius = weight.shape[-1] // 2
        padded = np.pad(x, ((0, 0), (radius, radius), (radius, radius), (0, 0)), "wrap")
        windows = sliding_window_view(padded, weight.shape[2:], (1, 2))
        maps: Array = np.tensordot(windows, weight, ((3, 4, 5), (1, 2, 3))) + bias
        return maps

    def prelu(self, x: Array, name: str) -> Array:
        return np.where(x > 0, x, self._tensors[f"{name}.weight"] * x)

    def leaky_relu(self, x: Array, slope: float) -> Array:
        return np.where(x > 0, x, slope * x)

    def add(self, x: Array, y: Array, factor: float = 1.0) -> Array:
        return factor * x + y

    def shuffle(self, x: Array, side: int) -> Array:
        number, height, width, channels = x.shape
        outputs = channels // side**2
        cells = x.reshape(number, height, width, outputs, side, side).transpose(0, 1, 4, 2, 5, 3)
        return cells.reshape(number, side * height, side * width, outputs)

    def last_convolution(self, x: Array, name: str, side: int) -> Array:
        return self.shuffle(self.convolution(x, name), side)

    def last_convolution_of_shuffled(self, x: Array, name: str, side: int) -> Array:
        return self.convolution(self.shuffle(x, side), name)

    def add_repeated(self, cells: Array, picture: Array, side: int) -> Array:
        return cells + picture.repeat(side, 1).repeat(side, 2)

    def picture(self, cells: Array, side: int) -> Array:
        return cells
