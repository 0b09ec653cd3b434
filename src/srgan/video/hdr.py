"""Carries HDR10's static metadata (SMPTE ST 2086, CTA-861.3) from a decoded frame to an encoder."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av import VideoFrame

_CHROMATICITY, _LUMINANCE = 50_000, 10_000  # units of ST 2086: 0.00002, and 0.0001 candela per square metre

# By encoder: the option that takes further options, and their names.
_PARAMETERS = {
    "libx264": ("x264-params", "mastering-display", "cll"),
    "libx265": ("x265-params", "master-display", "max-cll"),
    "libsvtav1": ("svtav1-params", "mastering-display", "content-light"),
}


@dataclass(frozen=True, kw_only=True)
class HdrMetadata:
    """The mastering display of a video, and the light levels of its brightest pictures.

    Attributes:
        points: x and y, in CIE 1931, of red, green, blue and white; None if unknown.
        luminance: the display's least and most, in candela per square metre; None if unknown.
        light: most light of a pixel, and of a picture on average, in the same unit; None if unknown.
    """

    points: tuple[Fraction, ...] | None
    luminance: tuple[Fraction, Fraction] | None
    light: tuple[int, int] | None

    @classmethod
    def of(cls, frame: VideoFrame) -> HdrMetadata | None:
        """Reads the metadata of a decoded frame; None if it has none."""
        try:
            display: Any = frame.side_data.get("MASTERING_DISPLAY_METADATA")
            level: Any = frame.side_data.get("CONTENT_LIGHT_LEVEL")
        except ValueError:  # there are data beside it that PyAV has no name for
            return None
        points = luminance = light = None
        if display is not None:
            # libavutil's AVMasteringDisplayMetadata: ten fractions, and which of them are known.
            *numbers, has_points, has_luminance = struct.unpack("=22i", bytes(display)[:88])
            values = [
                Fraction(top, bottom or 1) for top, bottom in zip(numbers[::2], numbers[1::2], strict=True)
            ]
            points = tuple(values[:8]) if has_points else None
            luminance = (values[8], values[9]) if has_luminance else None
        if level is not None:
            light = struct.unpack("=2I", bytes(level)[:8])
        if points is luminance is light is None:
            return None
        return cls(points=points, luminance=luminance, light=light)

    def settings(self, codec: str, usual: dict[str, str]) -> dict[str, str] | None:
        """Returns the settings of an encoder, with its usual ones; None if it cannot store the metadata."""
        if codec not in _PARAMETERS:
            return None
        option, display_key, light_key = _PARAMETERS[codec]
        units = (1, 1) if codec == "libsvtav1" else (_CHROMATICITY, _LUMINANCE)
        parameters = [usual[option]] if option in usual else []
        if (display := self._display(*units)) is not None:
            parameters.append(f"{display_key}={display}")
        if self.light is not None:
            parameters.append(f"{light_key}={self.light[0]},{self.light[1]}")
        return {**usual, option: ":".join(parameters)}

    def _display(self, chromaticity: int, luminance: int) -> str | None:
        """Formats the display in the units of an encoder."""
        if self.points is None or self.luminance is None:
            return None

        def number(value: Fraction, unit: int) -> str:
            return f"{float(value):.6g}" if unit == 1 else str(round(value * unit))

        red, green, blue, white = (
            f"({number(x, chromaticity)},{number(y, chromaticity)})"
            for x, y in zip(self.points[::2], self.points[1::2], strict=True)
        )
        least, most = (number(value, luminance) for value in self.luminance)
        return f"G{green}B{blue}R{red}WP{white}L({most},{least})"
