"""Losses between pictures, pixel by pixel."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional as F


def pixel_loss(sr_image: Tensor, hr_image: Tensor, kind: Literal["l1", "mse"]) -> Tensor:
    """Mean absolute ("l1") or mean squared ("mse") difference of two (N, 3, H, W) pictures in [0, 1]."""
    return F.l1_loss(sr_image, hr_image) if kind == "l1" else F.mse_loss(sr_image, hr_image)
