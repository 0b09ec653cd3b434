"""Folds layers into the convolutions beside them: exact, and less to compute."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Tensors = Mapping[str, Array]

_EPSILON = 1e-5  # torch.nn.BatchNorm2d's


def layer(tensors: Tensors, name: str) -> tuple[Array, Array]:
    """Returns the weight, (out, in, k, k), and bias, (out,), of a convolution."""
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]


def fold_norm(tensors: Tensors, convolution: str, norm: str) -> tuple[Array, Array]:
    """Returns the weight and bias of a convolution that also does the work of the batch norm after it.

    Args:
        tensors: the model's parameters.
        convolution: name of the convolution.
        norm: name of the norm; where the model has none of that name, nothing is folded.
    """
    weight, bias = layer(tensors, convolution)
    if f"{norm}.weight" not in tensors:
        return weight, bias
    gain = tensors[f"{norm}.weight"] / np.sqrt(tensors[f"{norm}.running_var"] + _EPSILON)
    shifted = (bias - tensors[f"{norm}.running_mean"]) * gain + tensors[f"{norm}.bias"]
    return weight * gain[:, None, None, None], shifted


def cells(tensors: Tensors, name: str, side: int) -> tuple[Array, Array]:
    """Returns a convolution before a PixelShuffle(side), its outputs as (row, column, channel).

    PixelShuffle wants (channel, row, column); with the channel innermost, rows of pixels are moved in one
    piece.
    """
    weight, bias = layer(tensors, name)
    channels = len(bias) // side**2
    swapped = weight.reshape(channels, side**2, *weight.shape[1:]).swapaxes(0, 1).reshape(weight.shape)
    return swapped, bias.reshape(channels, side**2).T.reshape(-1)


def cells_of_shuffled(tensors: Tensors, name: str, side: int) -> tuple[Array, Array]:
    """Moves a convolution from after a PixelShuffle(side) to before it; outputs as in :func:`cells`."""
    weight, bias = layer(tensors, name)
    return fold_shuffle(weight, side), np.tile(bias, side**2)


def fold_shuffle(weight: Array, side: int) -> Array:
    """Returns the convolution before a PixelShuffle that equals ``weight``'s convolution after it.

    Sub-pixel i of a cell and tap offset d meet sub-pixel (i + d) mod side of the cell floor((i + d) / side)
    away: with side 2, nine taps span five cells. Exact: values are only moved. The same as
    ``fold_shuffle`` of the training's generator, but for the order of the outputs.

    Args:
        weight: (out, in, k, k), k odd, used with padding k // 2.
        side: the shuffle's.

    Returns:
        (side**2 * out, side**2 * in, n, n), n = 2 * ceil((k // 2) / side) + 1, used with padding n // 2;
        outputs in the order (row, column, out).
    """
    outputs, inputs, size, _ = weight.shape
    reach = -(-(size // 2) // side)
    count = 2 * reach + 1
    spare = side * count - size
    first = side * reach - size // 2
    phases = []
    for row in range(first, first + side):
        for column in range(first, first + side):
            # Shifted by the output's sub-pixel: taps that follow each other are then the cells.
            taps = np.pad(weight, ((0, 0), (0, 0), (row, spare - row), (column, spare - column)))
            parts = taps.reshape(outputs, inputs, count, side, count, side).transpose(0, 1, 3, 5, 2, 4)
            phases.append(parts.reshape(outputs, side**2 * inputs, count, count))
    return np.concatenate(phases)
