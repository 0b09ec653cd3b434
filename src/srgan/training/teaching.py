"""Targets that a larger network draws, for the second stage."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from srgan.training.degradations.degrade import degrade
from srgan.training.degradations.filters import bicubic_resize, gaussian_blur
from srgan.training.degradations.options import DegradationOptions

Teacher = Callable[[Tensor], Tensor]
"""Maps (N, 3, H, W) to (N, 3, s * H, s * W), RGB in [0, 1]; s is the scale. Never trained itself."""

_COLOUR = 0.7
"""Standard deviation, in low-res pixels, of the blur that separates true colours from drawn detail.

The smaller it is, the closer a target is to the ground truth: with Real-ESRGAN x4plus on Kodak's pictures,
noise 5 and JPEG 60, the targets have 25.99 dB at 2, 26.21 at 1 and 26.71 at 0.5, and a NIQE of 3.7 to 3.8.
"""

_CLEAN = 0.1 / 255
"""Mean difference from the downscaled ground truth up to which a low-res picture is clean: rounding alone."""

_EDGE = 2  # low-res pixels that bicubic downscaling reaches


def taught_targets(
    lr_image: Tensor, hr_image: Tensor, scale: int, teacher: Teacher | None, clean_teacher: Teacher | None
) -> Tensor:
    """Returns what each low-res picture is to become.

    It is what a teacher draws, with the ground truth's colours, which teachers shift. A teacher's detail can
    be inferred from the low-res picture; much of the ground truth's would have to be invented.

    Args:
        lr_image: (N, 3, h, w), RGB in [0, 1].
        hr_image: ground truth, (N, 3, scale * h, scale * w).
        scale: the teachers'.
        teacher: draws from degraded pictures; None to keep their ground truth.
        clean_teacher: draws from those that are only downscaled; None to keep their ground truth.

    Returns:
        (N, 3, scale * h, scale * w), RGB in [0, 1].
    """
    downscaled = degrade(hr_image, scale, DegradationOptions(rounds=0), torch.Generator())
    # At the edges, a low-res crop may show what lay beyond the high-res one.
    inner = (..., slice(_EDGE, -_EDGE), slice(_EDGE, -_EDGE))
    is_clean = (lr_image - downscaled)[inner].abs().mean(dim=(1, 2, 3)) <= _CLEAN
    targets = hr_image.clone()
    for draw, chosen in ((teacher, ~is_clean), (clean_teacher, is_clean)):
        if draw is not None and chosen.any():
            drawn = draw(lr_image[chosen]).clamp(0, 1)
            targets[chosen] = with_colours_of(hr_image[chosen], drawn, scale, _COLOUR)
    return targets


def with_colours_of(hr_image: Tensor, drawn: Tensor, scale: int, deviation: float) -> Tensor:
    """Returns drawn pictures with the low frequencies of the ground truth.

    Args:
        hr_image: ground truth, (N, 3, scale * h, scale * w), RGB in [0, 1].
        drawn: the same shape.
        scale: low frequencies are those of pictures downscaled by it and blurred.
        deviation: standard deviation of that blur, in low-res pixels.
    """
    for _ in range(2):  # the second pass restores what clamping cut off
        difference = _low(hr_image - drawn, scale, deviation)
        drawn = (drawn + bicubic_resize(difference, *drawn.shape[2:])).clamp(0, 1)
    return drawn


def _low(image: Tensor, scale: int, deviation: float) -> Tensor:
    """Downscales (N, 3, scale * h, scale * w) to (N, 3, h, w) and blurs it."""
    reach = int(3 * deviation + 1)
    small = bicubic_resize(image, image.shape[2] // scale, image.shape[3] // scale)
    padded = F.pad(small, (reach,) * 4, mode="replicate")
    wide = image.new_full((1, 1, 1, 1), deviation)
    blurred = gaussian_blur(padded, wide, wide, torch.zeros_like(wide), reach=reach)
    return blurred[:, :, reach:-reach, reach:-reach]
