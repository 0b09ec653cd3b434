"""The values of black and white in the pictures of other programs' networks."""

from __future__ import annotations

from typing import Literal

Range = Literal["0..1", "0..255", "-1..1"]

SPANS: dict[Range, tuple[float, float]] = {"0..1": (0.0, 1.0), "0..255": (0.0, 255.0), "-1..1": (-1.0, 2.0)}
"""The value of black, and how far white is above it."""
