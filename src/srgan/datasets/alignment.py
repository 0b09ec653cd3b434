"""How alike pictures are where they show the same, by their miniatures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.datasets.fingerprint import SIDE

_STEPS = 6  # at each blur; further ones change no decision
_MAX_SCALE, _MAX_SHIFT = 1.35, 5.0  # of the alignment; the shift in pixels of the miniature

_GRID = 8  # fields a side for a first look
_CUT = SIDE / 10

_Floats = NDArray[Any]  # float32

_CENTRED = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
_SLOPES = np.asarray(np.gradient(np.eye(SIDE, dtype=np.float32), axis=0))
"""The matrix of the slopes of a miniature's columns."""


def likeness(picture: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns how alike a picture and others are where they show the same: 1 for equal ones.

    Each other miniature is stretched and shifted along both axes, and changed in brightness and contrast, to
    fit the picture's: Lucas and Kanade's method, coarse to fine (Baker and Matthews, "Lucas-Kanade 20 Years
    On", 2004). The likeness is the correlation of the differences between neighbouring pixels, in the part
    that both show; plain correlation would take all faces for each other.

    Args:
        picture: (32, 32), a miniature.
        others: (K, 32, 32).

    Returns:
        (K,), in [-1, 1]; 0 for miniatures without detail.
    """
    fixed, moving = picture.astype(np.float32), others.astype(np.float32)
    scale, shift = np.ones((2, len(others)), np.float32), np.zeros((2, len(others)), np.float32)
    for blur in (_gaussian(2.0), _gaussian(1.0)):
        target, source = (_standardised(blur @ image @ blur.T) for image in (fixed, moving))
        for _ in range(_STEPS):
            step = _step(target, *_warped(source, scale, shift))
            scale = np.clip(scale + step[:, (0, 2)].T, 1 / _MAX_SCALE, _MAX_SCALE)
            shift = np.clip(shift + step[:, (1, 3)].T, -_MAX_SHIFT, _MAX_SHIFT)
    # Interpolation has blurred one of them a little.
    soft = _gaussian(0.7)
    warped, inside = _warped(moving, scale, shift)
    return _correlation_of_differences(soft @ fixed @ soft.T, soft @ warped @ soft.T, inside)


def resemblance(picture: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns how alike a picture and others are at a glance: hardly any copy is below 0.84.

    It is the correlation of the differences between neighbouring fields of an 8x8 grid: the highest one with
    either miniature uncut, or cropped by a tenth of its height and width, along each axis at one side or
    both. It takes a hundredth of the work of :func:`likeness`.

    Args:
        picture: (32, 32), a miniature.
        others: (K, 32, 32).

    Returns:
        (K,), in [-1, 1].
    """
    cuts, their_cuts = _cuts(picture[None])[0], _cuts(others)
    cut_first, cut_second = their_cuts[:, 0] @ cuts.T, their_cuts @ cuts[0]
    return np.asarray(np.maximum(cut_first.max(axis=1), cut_second.max(axis=1)), np.float32)


def _gaussian(deviation: float) -> NDArray[np.float32]:
    """Returns the matrix that blurs the columns of a miniature."""
    weights = np.exp(-0.5 * ((_CENTRED[:, None] - _CENTRED) / deviation) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _standardised(images: _Floats) -> _Floats:
    images = images - images.mean(axis=(-2, -1), keepdims=True)
    deviation: _Floats = images.std(axis=(-2, -1), keepdims=True)
    return images / (deviation + np.float32(1e-6))


def _warped(images: _Floats, scale: _Floats, shift: _Floats) -> tuple[_Floats, _Floats]:
    """Reads miniatures (K, 32, 32) bilinearly at stretched, shifted places, and returns 1 where inside."""
    places = _CENTRED * scale[..., None] + shift[..., None] - _CENTRED[0]  # (2, K, 32): rows, columns
    inside = ((places >= -0.5) & (places <= SIDE - 0.5)).astype(np.float32)
    taps = np.arange(SIDE, dtype=np.float32)
    rows, columns = np.maximum(0, 1 - np.abs(np.clip(places, 0, SIDE - 1)[..., None] - taps))
    return rows @ images @ columns.swapaxes(1, 2), inside[0, :, :, None] * inside[1, :, None, :]


def _step(target: _Floats, warped: _Floats, inside: _Floats) -> _Floats:
    """Returns the least-squares step (K, 6): scale and shift of rows, of columns, contrast, brightness."""
    down, across = _SLOPES @ warped, warped @ _SLOPES.T
    effects = (down * _CENTRED[:, None], down, across * _CENTRED, across, warped, np.ones_like(warped))
    jacobian = np.stack([effect * inside for effect in effects], 1).reshape(len(warped), 6, -1)
    residual = ((target - warped) * inside).reshape(len(warped), -1, 1)
    # What a picture says nothing about, such as a shift along stripes, stays as it is.
    normal = jacobian @ jacobian.swapaxes(1, 2) + 0.1 * np.eye(6)
    return np.linalg.solve(normal, jacobian @ residual)[..., 0].astype(np.float32)


def _correlation_of_differences(fixed: _Floats, warped: _Floats, inside: _Floats) -> _Floats:
    pairs = list(_differences(fixed, warped, inside))
    product, first, second = (
        sum(np.einsum("kij,kij->k", a, b) for a, b in chosen)
        for chosen in (pairs, [(a, a) for a, _ in pairs], [(b, b) for _, b in pairs])
    )
    return np.asarray(product / np.sqrt(first * second + 1e-6), np.float32)


def _differences(fixed: _Floats, warped: _Floats, inside: _Floats) -> Iterator[tuple[_Floats, _Floats]]:
    for axis in (-2, -1):
        both = inside.take(range(1, SIDE), axis) * inside.take(range(SIDE - 1), axis)
        yield np.diff(fixed, axis=axis) * both, np.diff(warped, axis=axis) * both


def _cuts(images: NDArray[np.uint8]) -> _Floats:
    """Returns miniatures (K, 32, 32) as (K, 16, 112): differences of fields, of length 1, uncut first."""
    stretches = len(_STRETCHES) // _GRID
    fields = _STRETCHES @ images.astype(np.float32) @ _STRETCHES.T
    fields = fields.reshape(-1, stretches, _GRID, stretches, _GRID).swapaxes(2, 3)
    steps = [np.diff(fields, axis=axis).reshape(len(images), stretches**2, -1) for axis in (-2, -1)]
    found = np.concatenate(steps, axis=-1)
    return np.asarray(found / (np.linalg.norm(found, axis=-1, keepdims=True) + 1e-6), np.float32)


def _means(first: float, last: float) -> _Floats:
    """Returns the matrix that averages a miniature's columns between two places, field by field."""
    edges = np.linspace(first, last, _GRID + 1)
    taps = np.arange(SIDE)
    shares = np.minimum(edges[1:, None], taps + 1) - np.maximum(edges[:-1, None], taps)
    return np.asarray(shares.clip(0) * _GRID / (last - first), np.float32)


_STRETCHES = np.concatenate(
    [_means(0, SIDE), *(_means(share * _CUT, SIDE - (1 - share) * _CUT) for share in (0, 0.5, 1))]
)
