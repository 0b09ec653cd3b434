"""Batch norms as a part of the convolutions before them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_EPSILON = 1e-5  # torch.nn.BatchNorm2d's


def fold_norm(
    tensors: Mapping[str, NDArray[np.float32]], convolution: str, norm: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weight and bias of a convolution that also does the work of the batch norm behind it.

    Args:
        tensors: the model's parameters.
        convolution: name of the convolution.
        norm: name of the norm; where the model has none of that name, nothing is folded.
    """
    weight, bias = tensors[f"{convolution}.weight"], tensors[f"{convolution}.bias"]
    if f"{norm}.weight" not in tensors:
        return weight, bias
    gain = tensors[f"{norm}.weight"] / np.sqrt(tensors[f"{norm}.running_var"] + _EPSILON)
    shifted = (bias - tensors[f"{norm}.running_mean"]) * gain + tensors[f"{norm}.bias"]
    return weight * gain[:, None, None, None], shifted
