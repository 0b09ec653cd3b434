"""Finding copies of pictures that were saved again, resized or cropped a little.

Fingerprints propose, aligned miniatures decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srgan.datasets.alignment import likeness, resemblance
from srgan.datasets.fingerprint import FIELDS, Fingerprint
from srgan.events import Event, OnEvent

COPY = 0.85
"""The likeness from which two pictures are copies."""

# Limits that 99 of 100 copies keep after losing a tenth of their width and height, at any side.
_MAX_BITS = 24  # of the 64
_MAX_COLOUR = 25  # levels of 255, the mean over the 16 fields
_MAX_ALIGNED = 16  # aligned faces propose each other by the hundred; copies are among the nearest
_LEAST_RESEMBLANCE = 0.84  # copies that lost a tenth have this; of aligned faces, 1 in 20

_LEAST_DETAIL = 0.5  # levels of 255 between neighbours of a miniature, below which it is flat


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a picture is recognised by.

    Attributes:
        name: the picture's.
        pixels: as :func:`~srgan.datasets.examine.hash_pixels` gives it.
        fingerprint: of its pixels.
    """

    name: str
    pixels: str
    fingerprint: Fingerprint


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A picture that is there twice.

    Attributes:
        name: the picture's.
        of: the name of the other.
        likeness: as :func:`~srgan.datasets.alignment.likeness` gives it; 1 where every pixel is equal.
        exact: every pixel is equal.
    """

    name: str
    of: str
    likeness: float
    exact: bool


class Copies:
    """The pictures of a set so far, and whether another is a copy of one of them.

    Pictures are proposed by their fingerprints, nearest first, and aligned. Those without detail are compared
    by their pixels alone. Memory: 1.3 KB a picture.
    """

    def __init__(self) -> None:
        self._by_pixels: dict[str, str] = {}
        # Of the pictures with detail:
        self._names: list[str] = []
        self._miniatures: list[NDArray[np.uint8]] = []
        self._hashes = np.empty(1024, np.uint64)
        self._colours = np.empty((1024, FIELDS), np.int16)

    def add(self, look: Look) -> None:
        """Adds a picture to the set; one with equal pixels there already changes nothing."""
        if look.pixels in self._by_pixels:
            return
        self._by_pixels[look.pixels] = look.name
        if not _is_detailed(look.fingerprint.miniature):
            return
        count = len(self._names)
        if count == len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.empty_like(self._hashes)])
            self._colours = np.concatenate([self._colours, np.empty_like(self._colours)])
        self._hashes[count], self._colours[count] = look.fingerprint.bits, look.fingerprint.colours
        self._names.append(look.name)
        self._miniatures.append(look.fingerprint.miniature)

    def find(self, look: Look) -> Copy | None:
        """Finds the most similar picture that a picture is a copy of; None if there is none."""
        if look.pixels in self._by_pixels:
            return Copy(name=look.name, of=self._by_pixels[look.pixels], likeness=1.0, exact=True)
        proposed = self._propose(look.fingerprint)
        if not len(proposed):
            return None
        found = likeness(look.fingerprint.miniature, self._miniatures_of(proposed))
        best = int(found.argmax())
        if found[best] < COPY:
            return None
        value = round(float(found[best]), 4)
        return Copy(name=look.name, of=self._names[proposed[best]], likeness=value, exact=False)

    def _propose(self, fingerprint: Fingerprint) -> NDArray[np.integer]:
        """Returns the numbers of the pictures that are worth aligning with this one."""
        if not _is_detailed(fingerprint.miniature):
            return np.empty(0, np.intp)
        count = len(self._names)
        different = np.bitwise_count(self._hashes[:count] ^ fingerprint.bits)
        near: NDArray[np.integer] = np.flatnonzero(different <= _MAX_BITS)
        colour = np.abs(self._colours[near] - fingerprint.colours).sum(axis=1, dtype=np.int32) / FIELDS
        near, colour = near[colour <= _MAX_COLOUR], colour[colour <= _MAX_COLOUR]
        if not len(near):
            return near
        distance = different[near] / _MAX_BITS + colour / _MAX_COLOUR
        nearest = near[np.argsort(distance, kind="stable")[:_MAX_ALIGNED]]
        alike = resemblance(fingerprint.miniature, self._miniatures_of(nearest)) >= _LEAST_RESEMBLANCE
        return np.asarray(nearest[alike])

    def _miniatures_of(self, numbers: NDArray[np.integer]) -> NDArray[np.uint8]:
        return np.stack([self._miniatures[number] for number in numbers])


def find_copies(
    looks: Sequence[Look], among: Sequence[Look] | None = None, *, on_event: OnEvent | None = None
) -> list[Copy]:
    """Finds the pictures that are copies of others, and for each the most similar one.

    Args:
        looks: the pictures.
        among: those that they may be copies of; if absent, the pictures that come earlier in ``looks``.
        on_event: called after each picture.
    """
    pool, copies = Copies(), []
    for look in among or ():
        pool.add(look)
    for number, look in enumerate(looks, start=1):
        copy = pool.find(look)
        if copy is not None:
            copies.append(copy)
        if among is None:
            pool.add(look)
        if on_event is not None:
            on_event(Event(done=number, total=len(looks), unit="pictures compared"))
    return copies


def _is_detailed(image: NDArray[np.uint8]) -> bool:
    return any(np.abs(np.diff(image.astype(np.int16), axis=axis)).mean() >= _LEAST_DETAIL for axis in (0, 1))
