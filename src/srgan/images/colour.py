"""Colours that a file describes by numbers instead of a profile: as an ICC profile or, if HDR, as sRGB.

Numbers of primaries and transfer characteristics are those of ITU-T H.273.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_D65, _DCI = (0.3127, 0.3290), (0.314, 0.351)
_BT709 = (0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
_P3 = (0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
_PRIMARIES = {  # white, then red, green, blue
    1: (*_D65, *_BT709),
    4: (0.310, 0.316, 0.670, 0.330, 0.210, 0.710, 0.140, 0.080),
    5: (*_D65, 0.640, 0.330, 0.290, 0.600, 0.150, 0.060),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (*_DCI, *_P3),
    12: (*_D65, *_P3),
}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
_PQ, _HLG = 16, 18
_D50 = np.array([0.9642, 1.0, 0.8249])  # as ICC's profile connection space has it
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_WHITE_NITS = 203.0  # diffuse white in HDR, by ITU-R BT.2408


@dataclass(frozen=True, kw_only=True)
class Colour:
    """What the numbers of a file say about its colours.

    Attributes:
        chromaticities: x and y of white, red, green and blue.
        gamma: light is the sample to this power; None for the curve of sRGB.
        hdr: 16 for PQ, 18 for HLG; None for neither.
    """

    chromaticities: tuple[float, ...] = (*_D65, *_BT709)
    gamma: float | None = None
    hdr: int | None = None

    @classmethod
    def from_codes(cls, primaries: int, transfer: int) -> Colour | None:
        """Interprets H.273's numbers; None where they mean sRGB or are unknown.

        The curves of BT.601 and BT.709 are taken for that of sRGB, as browsers do.
        """
        known = cls(
            chromaticities=_PRIMARIES.get(primaries, _PRIMARIES[1]),
            gamma=_GAMMAS.get(transfer),
            hdr=transfer if transfer in (_PQ, _HLG) else None,
        )
        return None if known == cls() else known

    def icc_profile(self, *, is_grey: bool) -> bytes | None:
        """Makes an equal profile (version 4.3) for grey or RGB; None if no such colours exist."""
        try:
            matrix = _to_d50(self.chromaticities)
        except np.linalg.LinAlgError:
            return None
        tags = {
            b"desc": _text("Colours of the original"),
            b"cprt": _text("No copyright"),
            b"wtpt": _xyz(_D50),
        }
        if is_grey:
            return _profile(b"GRAY", {**tags, b"kTRC": self._curve})
        colorants = {name: _xyz(matrix[:, index]) for index, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
        curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), self._curve)
        return _profile(b"RGB ", {**tags, **colorants, **curves})

    def to_sdr(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Converts HDR samples to sRGB; compresses what exceeds diffuse white, by Reinhard's curve.

        Args:
            samples: (height, width, 1 to 4), uint8 or uint16.

        Returns:
            The same shape and type; alpha is unchanged.
        """
        white = np.iinfo(samples.dtype).max
        has_alpha = samples.shape[2] in (2, 4)
        colours = samples[..., :-1] if has_alpha else samples
        table = _compressed(_light_of(np.linspace(0, 1, white + 1), self.hdr))
        light = table[colours]
        if light.shape[2] == 3:
            light = light @ (np.linalg.inv(_to_d50(_PRIMARIES[1])) @ _to_d50(self.chromaticities)).T
        light = light.clip(0, 1)
        encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
        result = np.rint(encoded * white).astype(samples.dtype)
        return np.concatenate((result, samples[..., -1:]), axis=2) if has_alpha else result

    @property
    def _curve(self) -> bytes:
        if self.gamma is not None:
            return struct.pack(">4s4xHxxi", b"para", 0, _fixed(self.gamma))
        parameters = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
        return struct.pack(">4s4xHxx5i", b"para", 3, *map(_fixed, parameters))


SRGB = Colour()


def _light_of(samples: NDArray[np.float64], hdr: int | None) -> NDArray[np.float64]:
    """Linearises PQ or HLG samples (ITU-R BT.2100): 1 is diffuse white; HLG on a display of 1000 nits."""
    if hdr == _PQ:
        power = samples ** (1 / 78.84375)
        light = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
        return 10_000 / _WHITE_NITS * light ** (1 / 0.1593017578125)
    scene = np.where(
        samples <= 0.5, samples**2 / 3, (np.exp((samples - 0.55991073) / 0.17883277) + 0.28466892) / 12
    )
    return 1000 / _WHITE_NITS * scene**1.2


def _compressed(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compresses light above 0.8 of white so that 1000 nits become 1."""
    knee, peak = 0.8, 1000 / _WHITE_NITS
    above = np.maximum(light - knee, 0) / (peak - knee)
    slope = (peak - knee) / (1 - knee)
    bent = knee + (1 - knee) * slope * above / (1 + (slope - 1) * above)
    return np.where(light <= knee, light, np.minimum(bent, 1))


def _to_d50(chromaticities: tuple[float, ...]) -> NDArray[np.float64]:
    """Returns the matrix from linear RGB to XYZ, adapted to D50 by Bradford's method."""
    white, *primaries = (
        np.array([x / y, 1, (1 - x - y) / y]) if y else np.zeros(3)
        for x, y in zip(chromaticities[::2], chromaticities[1::2], strict=True)
    )
    columns = np.stack(primaries, axis=1)
    scaled = columns * np.linalg.solve(columns, white)
    cones = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ scaled
    if not np.abs(adapted).max() < 4:  # also where it is no number
        raise np.linalg.LinAlgError
    return adapted


def _fixed(value: float) -> int:
    return round(value * 65536)


def _xyz(values: NDArray[np.float64]) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *map(_fixed, values))


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4xI4s4s4s", start + len(body), 0x04300000, b"mntr", space, b"XYZ ")
    header += struct.pack(">6H4s", 2025, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += struct.pack(">3i", *map(_fixed, _D50))
    return header.ljust(128, b"\0") + table + body
