"""JPEG compression of batches on the training device: what a picture looks like after a round trip."""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

# Rec. ITU-T T.81, tables K.1 and K.2, row by row.
_LUMINANCE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_CHROMINANCE = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
)  # fmt: skip

# JFIF 1.02: (Y, Cb, Cr) from (R, G, B), without the 128 of Cb and Cr.
_TO_YCBCR = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def compress(image: Tensor, quality: Tensor, *, subsampled: bool) -> Tensor:
    """Compresses pictures with libjpeg's tables, and returns them as a decoder would.

    Exact except for rounding inside libjpeg's integer arithmetic: 8x8 DCT, quantisation, and the triangle
    filter that upsamples halved chroma. Entropy coding loses nothing and is left out.

    Args:
        image: (N, 3, H, W), RGB, float in [0, 1], any size.
        quality: (N,), whole numbers from 1 to 100, on the same device.
        subsampled: 4:2:0, chroma at half the size, else 4:4:4.

    Returns:
        The same shape, in whole levels of 255.
    """
    height, width = image.shape[2:]
    ycbcr = _colours(image * 255, _TO_YCBCR).round_()
    luma = _quantise(ycbcr[:, :1] - 128, _table(_LUMINANCE, quality)) + 128
    chroma, table = ycbcr[:, 1:], _table(_CHROMINANCE, quality)
    if subsampled:
        # An odd last row or column is averaged with its own copy.
        chroma = F.pad(chroma, (0, width % 2, 0, height % 2), mode="replicate")
        chroma = _quantise(F.avg_pool2d(chroma, 2).round_(), table)
        chroma = F.interpolate(chroma, scale_factor=2.0, mode="bilinear", align_corners=False)
        chroma = chroma[:, :, :height, :width]
    else:
        chroma = _quantise(chroma, table)
    return _colours(torch.cat([luma, chroma], 1), _TO_RGB).round_().clamp_(0, 255).div_(255)


def _colours(image: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    return torch.einsum("ij,njhw->nihw", image.new_tensor(matrix), image)


def _table(base: tuple[int, ...], quality: Tensor) -> Tensor:
    """Returns libjpeg's quantisation table of each picture: (N, 64)."""
    percent = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    table = torch.tensor(base, device=quality.device) * percent[:, None]
    return ((table + 50) / 100).floor().clamp(1, 255)


@cache
def _dct() -> Tensor:
    """Returns the orthonormal 2D DCT-II of an 8x8 block, row by row: (64, 64), coefficients first."""
    k = torch.arange(8, dtype=torch.float64)
    line = torch.cos(math.pi * k[:, None] * (2 * k + 1) / 16) / 2
    line[0] /= math.sqrt(2)
    return torch.kron(line, line).float()


def _quantise(planes: Tensor, table: Tensor) -> Tensor:
    """Rounds the DCT coefficients of planes (N, C, H, W), around 0, to multiples of a table (N, 64)."""
    number, channels, height, width = planes.shape
    planes = F.pad(planes, (0, -width % 8, 0, -height % 8), mode="replicate")
    rows, columns = planes.shape[2] // 8, planes.shape[3] // 8
    dct = _dct().to(planes.device)
    blocks = planes.reshape(number, channels, rows, 8, columns, 8).transpose(3, 4).reshape(number, -1, 64)
    steps = table[:, None].to(blocks.dtype)
    blocks = (blocks @ dct.T).div_(steps).round_().mul_(steps) @ dct
    planes = blocks.reshape(number, channels, rows, columns, 8, 8).transpose(3, 4).reshape(planes.shape)
    # A decoder rounds to whole levels.
    return planes[:, :, :height, :width].round().clamp_(-128, 127)
