"""NIQE: how far a picture's statistics are from those of clean photographs, without the ground truth.

Mittal, Soundararajan and Bovik, "Making a 'completely blind' image quality analyzer", IEEE Signal Processing
Letters 20(3), 2013, with the settings of the authors' own program.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from srgan.images.resize import bicubic
from srgan.metrics.fidelity import crop_border, luma
from srgan.metrics.window import gaussian, window_mean

FEATURES = 36
"""Features of a block: 18 at each of two scales."""

_BLOCK = 96  # pixels a side
_WINDOW = gaussian(3, 7 / 6)
_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
_SHARP = 0.75  # of the sharpest block's sharpness: what a block of a clean picture must have to count


@dataclass(frozen=True, kw_only=True)
class NiqeModel:
    """What the blocks of clean photographs look like: a normal distribution of their features.

    Attributes:
        mean: (36,).
        covariance: (36, 36).
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def niqe(image: NDArray[np.uint8], model: NiqeModel, *, border: int) -> float:
    """Returns the NIQE of a picture: lower is more natural; clean photographs have about 2 to 5.

    Args:
        image: (H, W, 3), RGB, uint8; at least two blocks of 96x96 pixels inside the border.
        model: of clean photographs.
        border: pixels cropped on each side; the scale, by convention.

    Returns:
        A distance of at least 0; nan where the picture has fewer than two blocks with any texture.

    Raises:
        ValueError: if nothing remains inside the border.
    """
    features, _ = _features(np.rint(luma(crop_border(image, border))))
    complete = features[~np.isnan(features).any(axis=1)]
    if len(complete) < 2:
        return math.nan
    # As in the authors' program, a block without texture still counts in those means that it has.
    difference = model.mean - np.nanmean(features, axis=0)
    covariance = (model.covariance + np.cov(complete, rowvar=False)) / 2
    return math.sqrt(difference @ np.linalg.pinv(covariance) @ difference)


def fit_niqe(images: Iterable[NDArray[np.uint8]]) -> NiqeModel:
    """Returns the model of clean photographs, from the sharp blocks of each.

    Args:
        images: (H, W, 3), RGB, uint8; a picture without a whole block of 96x96 pixels adds nothing.

    Raises:
        ValueError: if there are not more sharp blocks than features, so that no covariance can be computed.
    """
    kept = [np.zeros((0, FEATURES))]
    for image in images:
        features, sharpness = _features(np.rint(luma(image)))
        sharp = sharpness > _SHARP * sharpness.max(initial=0)
        kept.append(features[sharp & ~np.isnan(features).any(axis=1)])
    blocks = np.concatenate(kept)
    if len(blocks) <= FEATURES:
        raise ValueError(f"{len(blocks)} sharp blocks of 96x96 pixels; more than {FEATURES} are needed")
    return NiqeModel(mean=blocks.mean(axis=0), covariance=np.cov(blocks, rowvar=False))


def _features(y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns features (blocks, 36) of (H, W) in 0..255, nan where undefined, and sharpness (blocks,)."""
    rows, columns = (side // _BLOCK for side in y.shape)
    if rows * columns == 0:
        return np.zeros((0, FEATURES)), np.zeros(0)
    y = y[: rows * _BLOCK, : columns * _BLOCK]
    scales = []
    for size in (_BLOCK, _BLOCK // 2):
        if size < _BLOCK:
            y = bicubic(y, 0.5)
        padded = np.pad(y, _WINDOW.size // 2, mode="edge")
        mean = window_mean(padded, _WINDOW)
        deviation = np.sqrt(np.abs(window_mean(padded**2, _WINDOW) - mean**2))
        normalised = (y - mean) / (deviation + 1)
        # In flat stretches only rounding errors are left, whose signs would count.
        normalised[np.abs(normalised) < 1e-9] = 0
        scales.append(_block_features(_blocks(normalised, size)))
        if size == _BLOCK:
            sharpness = _blocks(deviation, size).mean(axis=(1, 2))
    return np.concatenate(scales, axis=1), sharpness


def _blocks(image: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Cuts (H, W) into (blocks, size, size)."""
    rows, columns = (side // size for side in image.shape)
    grid = image.reshape(rows, size, columns, size).swapaxes(1, 2)
    return grid.reshape(rows * columns, size, size)


def _block_features(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the 18 features of normalised blocks (n, size, size), at one scale."""
    shape, _, left, right = _fit(blocks)
    features = [shape, (left + right) / 2]
    for shift in _SHIFTS:
        shape, mean, left, right = _fit(blocks * np.roll(blocks, shift, axis=(1, 2)))
        features += [shape, mean, left, right]
    return np.stack(features, axis=1)


def _fit(blocks: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Fits asymmetric generalised Gaussians (Lasmar et al. 2009) to blocks (n, h, w), by moments.

    Returns:
        Shape, mean, left and right scale of each block, all (n,).
    """
    samples = blocks.reshape(len(blocks), -1)
    with np.errstate(invalid="ignore", divide="ignore"):  # a flat block has neither side
        left, right = (
            np.sqrt(np.where(side, samples**2, 0).sum(axis=1) / side.sum(axis=1))
            for side in (samples < 0, samples > 0)
        )
        ratio = left / right
        moment = np.abs(samples).mean(axis=1) ** 2 / (samples**2).mean(axis=1)
        moment *= (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shapes, moments, scales, means = _table()
    # The nearest entry of an ascending table; a flat block is given the first.
    above = np.searchsorted(moments, np.nan_to_num(moment)).clip(1, len(moments) - 1)
    nearest = above - (moment - moments[above - 1] < moments[above] - moment)
    nearest[np.isnan(moment)] = 0
    left, right = left * scales[nearest], right * scales[nearest]
    return shapes[nearest], (right - left) * means[nearest], left, right


@cache
def _table() -> tuple[NDArray[np.float64], ...]:
    """Returns shapes 0.200 ... 10.000, their generalised moment, scale over deviation, mean over scales."""
    shapes = np.arange(200, 10001) / 1000
    one, two, three = (np.array([math.gamma(n / shape) for shape in shapes]) for n in (1, 2, 3))
    return shapes, two**2 / (one * three), np.sqrt(one / three), two / one
