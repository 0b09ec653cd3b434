"""How good the network is now, on pictures it does not learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from srgan.images.resize import bicubic
from srgan.metrics.fidelity import psnr_y

_SAMPLES = 4
_SAMPLE_SIDE = 48  # low-res pixels

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@torch.no_grad()
def upscale(network: nn.Module, lr_image: NDArray[np.uint8], device: torch.device) -> NDArray[np.uint8]:
    """Runs one picture through the network: (h, w, 3) to (scale * h, scale * w, 3), uint8."""
    batch = torch.from_numpy(lr_image).to(device).permute(2, 0, 1)[None].float() / 255
    batch = batch.contiguous(memory_format=torch.channels_last)
    sr_image = network(batch)[0].float().clamp(0, 1).mul(255).round()
    return sr_image.permute(1, 2, 0).to("cpu", torch.uint8).numpy()


def validate(network: nn.Module, pairs: Sequence[Pair], device: torch.device) -> float:
    """Averages PSNR of Y in dB (a border of ``scale`` pixels cropped) over ``(lr_image, hr_image)`` pairs."""
    return float(
        np.mean([psnr_y(upscale(network, lr, device), hr, border=_scale_of(lr, hr)) for lr, hr in pairs])
    )


def sample_rows(
    network: nn.Module, pairs: Sequence[Pair], device: torch.device
) -> list[list[NDArray[np.uint8]]]:
    """Returns low-res | bicubic | now | ground truth of the first pictures' centres, always the same."""
    shown = pairs[:_SAMPLES]
    side = min(_SAMPLE_SIDE, *(min(lr_image.shape[:2]) for lr_image, _ in shown))
    rows = []
    for lr_image, hr_image in shown:
        top, left = ((length - side) // 2 for length in lr_image.shape[:2])
        lr_crop = lr_image[top : top + side, left : left + side]
        scale = _scale_of(lr_image, hr_image)
        hr_crop = hr_image[scale * top : scale * (top + side), scale * left : scale * (left + side)]
        pixels = lr_crop.repeat(scale, axis=0).repeat(scale, axis=1)
        rows.append([pixels, bicubic(lr_crop, scale), upscale(network, lr_crop, device), hr_crop])
    return rows


def _scale_of(lr_image: NDArray[np.uint8], hr_image: NDArray[np.uint8]) -> int:
    return hr_image.shape[0] // lr_image.shape[0]
