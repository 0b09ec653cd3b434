"""Finding copies of pictures that were saved again, resized or cropped a little.

Fingerprints propose, aligned miniatures decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.datasets.duplicates import fingerprint_parts
from srgan.events import Event, OnEvent

SIDE = 32
"""Pixels a side of a miniature."""

COPY = 0.85
"""The likeness from which two pictures are copies."""

# What 99 of 100 copies stay within that lost a tenth of their width and height, at any side.
_MAX_BITS = 24  # of the 64
_MAX_COLOUR = 25  # levels of 255, the mean over the 16 fields
_MAX_ALIGNED = 16  # aligned faces propose each other by the hundred; copies are among the nearest

_STEPS = 6  # at each blur; further ones change no decision
_MAX_SCALE, _MAX_SHIFT = 1.35, 5.0  # of the alignment; the shift in pixels of the miniature
_LEAST_DETAIL = 0.5  # levels of 255 between neighbours of a miniature, below which it is flat

_Floats = NDArray[Any]  # float32

_CENTRED = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a picture is recognised by.

    Attributes:
        name: of the picture.
        pixels: as :func:`~srgan.datasets.examine.hash_pixels` gives it.
        fingerprint: as :func:`~srgan.datasets.duplicates.fingerprint` gives it.
        miniature: as :func:`miniature` gives it.
    """

    name: str
    pixels: str
    fingerprint: str
    miniature: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A picture that is there twice.

    Attributes:
        name: of the picture.
        of: the name of the other.
        likeness: as :func:`likeness` gives it; 1 where every pixel is equal.
        exact: every pixel is equal.
    """

    name: str
    of: str
    likeness: float
    exact: bool


def miniature(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture's luminance in 32x32 pixels, whatever its shape; reduced by Pillow's antialiased bicubic.

    Args:
        pixels: (height, width, 3), uint8.
    """
    return np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC).convert("L"))


def find_copies(
    looks: Sequence[Look],
    among: Sequence[Look] | None = None,
    *,
    on_event: OnEvent | None = None,
) -> list[Copy]:
    """The pictures that are copies of others; of each the one that is most alike.

    Pictures are proposed by their fingerprints, nearest first, and aligned. Those without detail are compared
    by their pixels alone.

    Args:
        looks: the pictures.
        among: those that they may be copies of; if absent, the pictures that come earlier in ``looks``.
        on_event: takes an event after every picture.
    """
    pool = _Pool(looks if among is None else among)
    copies = []
    for number, look in enumerate(looks):
        copy = pool.find(look, number if among is None else len(among))
        if copy is not None:
            copies.append(copy)
        if on_event is not None:
            on_event(Event(done=number + 1, total=len(looks), unit="comparisons"))
    return copies


def likeness(picture: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How alike a picture and others are where they show the same: 1 for equal ones.

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
    # Reading between pixels has blurred one a little.
    soft = _gaussian(0.7)
    warped, inside = _warped(moving, scale, shift)
    return _correlation_of_differences(soft @ fixed @ soft.T, soft @ warped @ soft.T, inside)


class _Pool:
    """The pictures that others may be copies of."""

    def __init__(self, looks: Sequence[Look]) -> None:
        parts = [fingerprint_parts(look.fingerprint) for look in looks]
        self._looks = looks
        self._hashes = np.array([bits for bits, _ in parts], np.uint64)
        self._colours = np.array([colours for _, colours in parts], np.int16).reshape(len(looks), 48)
        self._is_detailed = np.array([_is_detailed(look.miniature) for look in looks], bool)
        self._by_pixels: dict[str, int] = {}
        for number, look in enumerate(looks):
            self._by_pixels.setdefault(look.pixels, number)

    def find(self, look: Look, count: int) -> Copy | None:
        """What a picture is a copy of, among the first ``count``."""
        same = self._by_pixels.get(look.pixels, count)
        if same < count:
            return Copy(name=look.name, of=self._looks[same].name, likeness=1.0, exact=True)
        proposed = self._propose(look, count)
        if not len(proposed):
            return None
        found = likeness(look.miniature, np.stack([self._looks[near].miniature for near in proposed]))
        best = int(found.argmax())
        if found[best] < COPY:
            return None
        value = round(float(found[best]), 4)
        return Copy(name=look.name, of=self._looks[proposed[best]].name, likeness=value, exact=False)

    def _propose(self, look: Look, count: int) -> NDArray[np.intp]:
        if not _is_detailed(look.miniature):
            return np.empty(0, np.intp)
        bits, colours = fingerprint_parts(look.fingerprint)
        different = np.bitwise_count(self._hashes[:count] ^ bits)
        near = np.flatnonzero((different <= _MAX_BITS) & self._is_detailed[:count])
        colour = np.abs(self._colours[near] - colours).mean(axis=1)
        distance = different[near] / _MAX_BITS + colour / _MAX_COLOUR
        order = np.argsort(distance[colour <= _MAX_COLOUR], kind="stable")
        proposed: NDArray[np.intp] = near[colour <= _MAX_COLOUR][order[:_MAX_ALIGNED]]
        return proposed


def _is_detailed(image: NDArray[np.uint8]) -> bool:
    return any(np.abs(np.diff(image.astype(np.int16), axis=axis)).mean() >= _LEAST_DETAIL for axis in (0, 1))


def _gaussian(deviation: float) -> NDArray[np.float32]:
    """The matrix that blurs the columns of a miniature."""
    weights = np.exp(-0.5 * ((_CENTRED[:, None] - _CENTRED) / deviation) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _standardised(images: _Floats) -> _Floats:
    images = images - images.mean(axis=(-2, -1), keepdims=True)
    deviation: _Floats = images.std(axis=(-2, -1), keepdims=True)
    return images / (deviation + np.float32(1e-6))


def _warped(images: _Floats, scale: _Floats, shift: _Floats) -> tuple[_Floats, _Floats]:
    """Miniatures (K, 32, 32) read bilinearly at stretched, shifted places, and 1 where these are inside."""
    places = _CENTRED * scale[..., None] + shift[..., None] - _CENTRED[0]  # (2, K, 32): rows, columns
    inside = ((places >= -0.5) & (places <= SIDE - 0.5)).astype(np.float32)
    taps = np.arange(SIDE, dtype=np.float32)
    rows, columns = np.maximum(0, 1 - np.abs(np.clip(places, 0, SIDE - 1)[..., None] - taps))
    return rows @ images @ columns.swapaxes(1, 2), inside[0, :, :, None] * inside[1, :, None, :]


def _step(target: _Floats, warped: _Floats, inside: _Floats) -> _Floats:
    """The least-squares step (K, 6): scale and shift of rows, of columns, contrast, brightness."""
    down, across = np.gradient(warped, axis=(1, 2))
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
