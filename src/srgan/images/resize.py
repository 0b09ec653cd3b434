"""Bicubic resizing with the arithmetic of MATLAB's ``imresize``, as in every published figure."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Sample = TypeVar("_Sample", bound=np.generic)


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluates Keys' cubic convolution kernel, a = -0.5 (Keys 1981), zero beyond a distance of 2."""
    x = np.abs(distance)
    near = 1.5 * x**3 - 2.5 * x**2 + 1.0
    far = -0.5 * x**3 + 2.5 * x**2 - 4.0 * x + 2.0
    return np.where(x <= 1.0, near, np.where(x <= 2.0, far, 0.0))


def bicubic_taps(
    in_length: int, out_length: int, scale: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Returns where the samples of a resized axis come from, by the rules of :func:`bicubic`.

    Args:
        in_length: samples before.
        out_length: samples after.
        scale: output size over input size.

    Returns:
        Source positions and their weights, both (out_length, taps). A position may occur more than once.
    """
    # Antialiasing: downscaling stretches the kernel over the samples that one output pixel covers.
    stretch = min(scale, 1.0)
    width = 4.0 / stretch
    centres = (np.arange(out_length) + 0.5) / scale - 0.5
    first = np.floor(centres - width / 2.0)
    positions = first[:, None] + np.arange(math.ceil(width) + 2)
    weights = _cubic((centres[:, None] - positions) * stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    # Symmetric padding: ... 1 0 | 0 1 2 ... n-1 | n-1 n-2 ...
    period = positions.astype(np.intp) % (2 * in_length)
    mirrored = np.where(period < in_length, period, 2 * in_length - 1 - period)
    return mirrored, weights


def _resize_rows(image: NDArray[np.float64], out_length: int, scale: float) -> NDArray[np.float64]:
    positions, weights = bicubic_taps(image.shape[0], out_length, scale)
    image = np.ascontiguousarray(image)
    result = np.zeros((out_length, *image.shape[1:]))
    part = np.empty_like(result)  # once: fresh memory for each tap costs more than the sums
    for tap in range(positions.shape[1]):
        np.take(image, positions[:, tap], axis=0, out=part, mode="clip")  # "raise" would buffer it
        part *= weights[:, tap].reshape(-1, *([1] * (image.ndim - 1)))
        result += part
    return result


def bicubic(image: NDArray[_Sample], scale: float) -> NDArray[_Sample]:
    """Resizes an image by ``scale`` exactly as MATLAB's ``imresize(image, scale)`` does.

    Cubic kernel with a = -0.5, antialiased when downscaling, symmetric padding, float throughout and, for
    integer types, one rounding and clipping at the end.

    Args:
        image: (height, width) or (height, width, channel); uint8, uint16 or a float type.
        scale: output size over input size; the output has ``ceil(size * scale)`` pixels on each side.

    Returns:
        An array of the same type and number of dimensions. Float images are not clipped.

    Raises:
        ValueError: if ``scale`` is not positive or the image has no pixels.
    """
    if scale <= 0:
        raise ValueError(f"scale must be positive, got {scale}")
    if image.size == 0:
        raise ValueError("the image has no pixels")
    height, width = (math.ceil(side * scale - 1e-9) for side in image.shape[:2])
    rows = _resize_rows(image.astype(np.float64), height, scale)
    result = _resize_rows(rows.swapaxes(0, 1), width, scale).swapaxes(0, 1)
    if image.dtype in (np.uint8, np.uint16):
        # MATLAB rounds halves away from zero; the values are positive after clipping.
        limit = 255 if image.dtype == np.uint8 else 65535
        result = np.floor(np.clip(result, 0, limit) + 0.5)
    return np.ascontiguousarray(result.astype(image.dtype))


def low_res_pair(hr_image: NDArray[_Sample], scale: int) -> tuple[NDArray[_Sample], NDArray[_Sample]]:
    """Returns a picture cropped to a multiple of the scale, and its downscaling by :func:`bicubic`.

    Args:
        hr_image: (height, width, channel), at least ``scale`` pixels a side; types as in :func:`bicubic`.
        scale: factor to downscale each side by, at least 1.

    Returns:
        ``(lr_image, hr_image)``: (h, w, channel) and (scale * h, scale * w, channel).

    Raises:
        ValueError: if the picture is smaller than that.
    """
    height, width = (side // scale * scale for side in hr_image.shape[:2])
    cropped = np.ascontiguousarray(hr_image[:height, :width])
    return bicubic(cropped, 1 / scale), cropped
