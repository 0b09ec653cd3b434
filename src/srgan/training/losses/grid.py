"""Losses against the regular dots that a network trained for believable texture tends to draw.

Where the low-res picture is flat, the generator repeats the same ``period * period`` pixels again
and again: the cheapest texture, and one that a content loss does not rule out.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_LUMA = (0.299, 0.587, 0.114)  # of R, G, B in Y (ITU-R BT.601)
_CELLS = 4  # cells a side of the windows that are searched for repetition
_VISIBLE = 1e-3  # energy of barely visible detail: a Laplacian of 8 levels of 255


def grid_loss(sr_image: Tensor, hr_image: Tensor, scale: int, mean: Callable[[Tensor], Tensor]) -> Tensor:
    """Returns the unevenness and the repetition of a batch of results, (N, 3, H, W), together.

    Args:
        sr_image: the results, or this process's share of them.
        hr_image: the ground truth, the same shape.
        scale: the period of the grid, in pixels.
        mean: averages a tensor over all processes.
    """
    detail = mean(detail_at_places(sr_image, scale))
    return unevenness_loss(detail) + repetition_loss(sr_image, hr_image, scale)


def detail_at_places(image: Tensor, period: int) -> Tensor:
    """Averages the absolute Laplacian of Y of (N, 3, H, W), RGB, at each of ``period * period`` places.

    Each side is at least ``2 * period`` pixels.
    """
    return _cells(_laplacian(image).abs(), period).mean(dim=(0, 1, 3))


def unevenness_loss(detail: Tensor) -> Tensor:
    """Measures how unevenly a batch's detail lies on a grid: the squared grid index over all pictures.

    It is the variance of the means over the square of their mean, see
    :func:`srgan.metrics.artifacts.grid_index`. Crops of photographs have next to none, whatever they show.

    Args:
        detail: the batch's, see :func:`detail_at_places`.

    Returns:
        A scalar, at least 0.
    """
    # A flat batch has neither detail nor a grid.
    return detail.var(correction=0) / detail.mean().square().clamp_min(1e-12)


def repetition_loss(sr_image: Tensor, hr_image: Tensor, period: int) -> Tensor:
    """Returns how much more of a result's detail repeats from cell to cell than of the ground truth's.

    The Laplacian of Y, with its sign, is averaged over the cells of ``period * period`` pixels of each window
    of 4x4 cells. Detail that does not repeat averages out. The loss is the energy that is left, where it is
    above the ground truth's, over the energy of the ground truth's detail in that window: dots in a clear sky
    are seen sooner than dots in grass.

    Args:
        sr_image: (N, 3, H, W), RGB; at least ``5 * period`` pixels a side.
        hr_image: the ground truth, the same shape.
        period: of the grid in pixels: the scale.

    Returns:
        A scalar, at least 0.
    """
    sr_detail, hr_detail = _laplacian(sr_image), _laplacian(hr_image)
    excess = _repeated(sr_detail, period) - _repeated(hr_detail, period)
    energy = _windows(hr_detail, period).square().mean(dim=(2, 3, 5, 6))
    return (excess.relu() / (energy + _VISIBLE)).mean()


def _laplacian(image: Tensor) -> Tensor:
    """Computes the Laplacian of Y: (N, 3, H, W) to (N, H - 2, W - 2)."""
    y = torch.einsum("c,nchw->nhw", image.new_tensor(_LUMA), image)
    return y[:, :-2, 1:-1] + y[:, 2:, 1:-1] + y[:, 1:-1, :-2] + y[:, 1:-1, 2:] - 4 * y[:, 1:-1, 1:-1]


def _cells(detail: Tensor, period: int) -> Tensor:
    """Splits (N, H, W) into whole cells: (N, rows of cells, period, columns of cells, period)."""
    height, width = (length // period for length in detail.shape[1:])
    return detail[:, : height * period, : width * period].reshape(-1, height, period, width, period)


def _windows(detail: Tensor, period: int) -> Tensor:
    """Splits (N, H, W) into windows: (N, rows of windows, 4, period, columns of windows, 4, period)."""
    windows = _cells(detail, _CELLS * period)
    return windows.unflatten(4, (_CELLS, period)).unflatten(2, (_CELLS, period))


def _repeated(detail: Tensor, period: int) -> Tensor:
    """Returns the energy of each window's mean cell, (N, rows of windows, columns of windows)."""
    return _windows(detail, period).mean(dim=(2, 5)).square().mean(dim=(2, 4))
