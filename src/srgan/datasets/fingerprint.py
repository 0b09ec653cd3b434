"""What a picture is recognised by after being saved again, resized or cropped a little."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 32
"""Pixels a side of a miniature."""

FIELDS = 4 * 4 * 3
"""Mean colours in a fingerprint: of a 4x4 grid, red, green and blue."""

_HASH_BYTES = 8


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """The fingerprint of a picture of any shape.

    Attributes:
        bits: the dHash: for 8 rows of 9 grey fields, whether each is darker than the next (N. Krawetz, "Kind
            of Like That", 2013).
        colours: (48,), uint8, the mean colours of a 4x4 grid.
        miniature: (32, 32), uint8, the luminance, downscaled by Pillow's antialiased bicubic.
    """

    bits: np.uint64
    colours: NDArray[np.uint8]
    miniature: NDArray[np.uint8]

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> Fingerprint:
        """Returns the fingerprint of (height, width, 3), uint8."""
        image = Image.fromarray(pixels)
        fields = np.asarray(image.resize((72, 64), Image.Resampling.BOX), dtype=np.float32)
        grey = fields.mean(axis=2).reshape(8, 8, 9, 8).mean(axis=(1, 3))
        bits = np.packbits(grey[:, 1:] > grey[:, :-1])
        colours = np.rint(fields.reshape(4, 16, 4, 18, 3).mean(axis=(1, 3)))
        miniature = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC).convert("L")
        return cls(
            bits=np.uint64(int.from_bytes(bits.tobytes(), "big")),
            colours=colours.astype(np.uint8).ravel(),
            miniature=np.asarray(miniature),
        )

    def to_text(self) -> str:
        """Encodes the fingerprint as 1440 ASCII characters, for :meth:`from_text`."""
        data = int(self.bits).to_bytes(_HASH_BYTES, "big") + self.colours.tobytes() + self.miniature.tobytes()
        return base64.b64encode(data).decode()

    @classmethod
    def from_text(cls, text: str) -> Fingerprint:
        """Rebuilds a fingerprint.

        Raises:
            ValueError: if the text is not one.
        """
        data = base64.b64decode(text, validate=True)
        if len(data) != _HASH_BYTES + FIELDS + SIDE**2:
            raise ValueError(f"a fingerprint has {_HASH_BYTES + FIELDS + SIDE**2} bytes, not {len(data)}")
        values = np.frombuffer(data, np.uint8, offset=_HASH_BYTES)
        return cls(
            bits=np.uint64(int.from_bytes(data[:_HASH_BYTES], "big")),
            colours=values[:FIELDS],
            miniature=values[FIELDS:].reshape(SIDE, SIDE),
        )
