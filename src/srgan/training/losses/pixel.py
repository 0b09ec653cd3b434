"""Losses between pictures, pixel by pixel."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional as F


def pixel_loss(sr_image: Tensor, hr_image: Tensor, kind: Literal["l1", "mse"]) -> Tensor:
    """Computes the mean absolute ("l1") or squared ("mse") difference of (N, 3, H, W) in [0, 1]."""
    return F.l1_loss(sr_image, hr_image) if kind == "l1" else F.mse_loss(sr_image, hr_image)


def consistency_loss(sr_image: Tensor, hr_image: Tensor, scale: int) -> Tensor:
    """Computes the mean absolute difference of (N, 3, H, W) in [0, 1] after averaging cells of pixels.

    What a low-res picture shows is kept, colours above all, while the detail within a cell is left free.

    Args:
        sr_image: the result.
        hr_image: the ground truth; sides are multiples of ``scale``.
        scale: pixels on a cell's side.
    """
    return F.l1_loss(F.avg_pool2d(sr_image, scale), F.avg_pool2d(hr_image, scale))
