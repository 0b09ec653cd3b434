"""PSNR and SSIM as super-resolution papers report them."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from srgan.metrics.window import gaussian, window_mean

_Sample = TypeVar("_Sample", bound=np.generic)

# BT.601 luma of RGB in 0..255, MATLAB's rgb2ycbcr: Y in 16..235.
_LUMA = np.array([65.481, 128.553, 24.966]) / 255.0

# One axis of the Gaussian window of SSIM.
_WINDOW = gaussian(5, 1.5)


def luma(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Computes Y of YCbCr (BT.601, MATLAB's ``rgb2ycbcr``, not rounded).

    Args:
        image: (H, W, 3), RGB, 0..255.

    Returns:
        (H, W), 16..235.
    """
    return image.astype(np.float64) @ _LUMA + 16.0


def crop_border(image: NDArray[_Sample], border: int) -> NDArray[_Sample]:
    """Returns the picture without ``border`` pixels on each side.

    Raises:
        ValueError: if nothing would remain.
    """
    if min(image.shape[:2]) <= 2 * border:
        raise ValueError(
            f"a {image.shape[1]}x{image.shape[0]} picture has nothing inside a border of {border}"
        )
    return image[border : image.shape[0] - border, border : image.shape[1] - border]


def psnr(first: NDArray[np.generic], second: NDArray[np.generic], *, data_range: float = 255.0) -> float:
    """Computes the peak signal-to-noise ratio in dB; infinite for equal arrays.

    Args:
        first: an array of any shape.
        second: another of the same shape.
        data_range: the largest difference two values can have.

    Raises:
        ValueError: if the shapes differ.
    """
    _check_shapes(first, second)
    error = float(np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2))
    return math.inf if error == 0 else 10 * math.log10(data_range**2 / error)


def psnr_y(sr_image: NDArray[np.uint8], hr_image: NDArray[np.uint8], *, border: int) -> float:
    """Computes PSNR of Y in dB, ``border`` pixels cropped, as super-resolution papers report it.

    Args:
        sr_image: (H, W, 3), RGB, uint8.
        hr_image: the ground truth, of the same shape.
        border: pixels cropped on each side; the scale, by convention.

    Raises:
        ValueError: if the shapes differ or nothing remains inside the border.
    """
    _check_shapes(sr_image, hr_image)
    return psnr(luma(crop_border(sr_image, border)), luma(crop_border(hr_image, border)))


def psnr_rgb(sr_image: NDArray[np.uint8], hr_image: NDArray[np.uint8], *, border: int) -> float:
    """Computes PSNR of RGB in dB, ``border`` pixels cropped; arguments and errors as :func:`psnr_y`."""
    _check_shapes(sr_image, hr_image)
    return psnr(crop_border(sr_image, border), crop_border(hr_image, border))


def _check_shapes(first: NDArray[np.generic], second: NDArray[np.generic]) -> None:
    if first.shape != second.shape:
        raise ValueError(f"pictures differ in size: {first.shape} and {second.shape}")


def ssim(first: NDArray[np.generic], second: NDArray[np.generic], *, data_range: float = 255.0) -> float:
    """Computes structural similarity (Wang et al. 2004): 11x11 Gaussian window, sigma 1.5, K = (0.01, 0.03).

    Args:
        first: (H, W), each side at least 11 pixels.
        second: another of the same shape.
        data_range: the largest difference two values can have.

    Returns:
        The mean over the windows that lie inside the picture; 1 for equal pictures.

    Raises:
        ValueError: if the shapes differ or the picture is smaller than a window.
    """
    _check_shapes(first, second)
    if min(first.shape) < _WINDOW.size:
        raise ValueError(f"SSIM needs at least {_WINDOW.size} pixels a side, got {first.shape}")
    x, y = first.astype(np.float64), second.astype(np.float64)
    mean_x, mean_y, mean_xx, mean_yy, mean_xy = (
        window_mean(product, _WINDOW) for product in (x, y, x * x, y * y, x * y)
    )
    variance_x, variance_y = mean_xx - mean_x**2, mean_yy - mean_y**2
    covariance = mean_xy - mean_x * mean_y
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return float(np.mean(luminance * structure))


def ssim_y(sr_image: NDArray[np.uint8], hr_image: NDArray[np.uint8], *, border: int) -> float:
    """Computes SSIM of Y, ``border`` pixels cropped; arguments and errors as :func:`psnr_y`."""
    _check_shapes(sr_image, hr_image)
    return ssim(luma(crop_border(sr_image, border)), luma(crop_border(hr_image, border)))


def ssim_rgb(sr_image: NDArray[np.uint8], hr_image: NDArray[np.uint8], *, border: int) -> float:
    """Computes the mean SSIM of RGB, ``border`` pixels cropped; arguments and errors as :func:`psnr_y`."""
    _check_shapes(sr_image, hr_image)
    first, second = crop_border(sr_image, border), crop_border(hr_image, border)
    return float(np.mean([ssim(first[..., channel], second[..., channel]) for channel in range(3)]))
