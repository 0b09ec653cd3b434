"""Finding pictures that a set holds already, also when they were saved in another size or quality."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MAX_BITS = 4  # of the 64
_MAX_COLOUR = 6  # levels of 255, in every one of the 16 fields
_HASH_BYTES, _COLOUR_BYTES = 8, 4 * 4 * 3


def fingerprint(pixels: NDArray[np.uint8]) -> str:
    """What survives saving a picture again: its dHash and the mean colours of a 4x4 grid.

    The dHash (N. Krawetz, "Kind of Like That", 2013) tells for 8 rows of 9 grey fields whether each is
    darker than the next.

    Args:
        pixels: (height, width, 3), uint8.

    Returns:
        56 bytes as hexadecimal digits.
    """
    small = Image.fromarray(pixels).resize((72, 64), Image.Resampling.BOX)
    fields = np.asarray(small, dtype=np.float32)
    grey = fields.mean(axis=2).reshape(8, 8, 9, 8).mean(axis=(1, 3))
    bits = np.packbits(grey[:, 1:] > grey[:, :-1])
    colours: NDArray[np.uint8] = np.rint(fields.reshape(4, 16, 4, 18, 3).mean(axis=(1, 3))).astype(np.uint8)
    return bits.tobytes().hex() + colours.tobytes().hex()


class Duplicates:
    """The pictures of a set so far, and whether another is one of them.

    Two are the same if their pixels are, or if their dHashes differ in at most 4 of 64 bits and their
    colours by at most 6 of 255 levels. The dHash alone would take aligned faces for each other; an other
    size or JPEG quality changes neither by more, but in a few pictures of a hundred.
    """

    def __init__(self) -> None:
        self._by_pixels: dict[str, str] = {}
        self._names: list[str] = []
        self._hashes = np.empty(1024, np.uint64)
        self._colours = np.empty((1024, _COLOUR_BYTES), np.int16)

    def find(self, pixels: str, mark: str) -> tuple[str, bool] | None:
        """The name of the same picture and whether every pixel is equal, or None.

        Args:
            pixels: a hash of the pixels.
            mark: the :func:`fingerprint`.
        """
        if pixels in self._by_pixels:
            return self._by_pixels[pixels], True
        bits, colours = fingerprint_parts(mark)
        count = len(self._names)
        for near in np.flatnonzero(np.bitwise_count(self._hashes[:count] ^ bits) <= _MAX_BITS):
            if np.abs(self._colours[near] - colours).max() <= _MAX_COLOUR:
                return self._names[near], False
        return None

    def add(self, name: str, pixels: str, mark: str) -> None:
        """Remembers a picture under its name."""
        count = len(self._names)
        if count == len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.empty_like(self._hashes)])
            self._colours = np.concatenate([self._colours, np.empty_like(self._colours)])
        self._hashes[count], self._colours[count] = fingerprint_parts(mark)
        self._names.append(name)
        self._by_pixels[pixels] = name


def fingerprint_parts(mark: str) -> tuple[np.uint64, NDArray[np.int16]]:
    """The dHash of a :func:`fingerprint`, and its 16 mean colours as 48 numbers from 0 to 255."""
    data = bytes.fromhex(mark)
    colours = np.frombuffer(data, np.uint8, offset=_HASH_BYTES).astype(np.int16)
    return np.uint64(int.from_bytes(data[:_HASH_BYTES], "big")), colours
