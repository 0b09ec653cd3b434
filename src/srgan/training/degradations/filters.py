"""Resizing, blurring and sharpening of batches on the training device."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from srgan.images.resize import bicubic


def bicubic_resize(image: Tensor, height: int, width: int) -> Tensor:
    """Resizes pictures exactly as :func:`srgan.images.resize.bicubic` does, MATLAB's way; not clipped.

    Args:
        image: (N, 3, H, W), float.
        height: height of the result.
        width: width of the result.
    """
    rows, columns = (
        _bicubic_matrix(old, new).to(image) for old, new in zip(image.shape[2:], (height, width), strict=True)
    )
    return rows @ image @ columns.T


@lru_cache(maxsize=512)
def _bicubic_matrix(old: int, new: int) -> Tensor:
    """Returns the weights that turn a line of ``old`` pixels into one of ``new``: (new, old)."""
    # Each column is the response to one lit pixel, as an image of one column and a channel per pixel.
    return torch.from_numpy(bicubic(np.eye(old)[:, None], new / old)[:, 0].astype(np.float32))


def unsharp_mask(image: Tensor, amount: float, deviation: float) -> Tensor:
    """Sharpens pictures: adds their difference from a blurred copy.

    Args:
        image: (N, C, H, W), float32 in [0, 1].
        amount: by which the difference is multiplied; 0 leaves the pictures alone.
        deviation: standard deviation of the Gaussian blur, in pixels.

    Returns:
        The same shape, in [0, 1].
    """
    wide = image.new_full((1, 1, 1, 1), deviation)
    blurred = gaussian_blur(image, wide, wide, torch.zeros_like(wide), reach=math.ceil(3 * deviation))
    return torch.lerp(blurred, image, 1 + amount).clamp(0, 1)


def gaussian_blur(image: Tensor, first: Tensor, second: Tensor, angle: Tensor, *, reach: int) -> Tensor:
    """Blurs each picture with its own Gaussian, by multiplying spectra; borders are reflected.

    Args:
        image: (N, C, H, W), float32.
        first: standard deviation in pixels along the first axis, (N, 1, 1, 1); 0 leaves the picture alone.
        second: the same along the second axis.
        angle: between the first axis and the rows, in radians, (N, 1, 1, 1).
        reach: pixels beyond which every Gaussian is negligible, about three times the deviation.
    """
    height, width = image.shape[2:]
    top, left = min(reach, height - 1), min(reach, width - 1)
    padded = F.pad(image, (left, left, top, top), mode="reflect")
    rows, columns = padded.shape[2:]
    y = torch.fft.fftfreq(rows, device=image.device)[:, None]
    x = torch.fft.rfftfreq(columns, device=image.device)
    along = (x * angle.cos() + y * angle.sin()) * first
    across = (y * angle.cos() - x * angle.sin()) * second
    # A Gaussian's spectrum is a Gaussian.
    gain = torch.exp((along.square() + across.square()) * (-2 * math.pi**2))
    blurred = torch.fft.irfft2(torch.fft.rfft2(padded) * gain, s=(rows, columns))
    return blurred[:, :, top : top + height, left : left + width]
