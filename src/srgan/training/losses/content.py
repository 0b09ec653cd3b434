"""Losses between feature maps rather than pixels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def content_loss(sr_features: Sequence[Tensor], hr_features: Sequence[Tensor]) -> Tensor:
    """Sums the mean squared differences of feature maps over layers (arXiv 1609.04802, equation 5)."""
    layers = [F.mse_loss(sr, hr) for sr, hr in zip(sr_features, hr_features, strict=True)]
    return torch.stack(layers).sum()


def feature_matching_loss(sr_features: Sequence[Tensor], hr_features: Sequence[Tensor]) -> Tensor:
    """Averages the mean absolute differences of a discriminator's feature maps (arXiv 1711.11585).

    Gradients flow to the generated side only.
    """
    layers = [F.l1_loss(sr, hr.detach()) for sr, hr in zip(sr_features, hr_features, strict=True)]
    return torch.stack(layers).mean()
