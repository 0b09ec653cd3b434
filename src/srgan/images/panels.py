"""Draws labelled pictures side by side, and rows of them below each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_LABEL = 22  # pixels of height above a panel
_GAP = 4  # pixels between panels


def labelled_row(panels: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Draws pictures of one size side by side, each under its name, on white.

    Args:
        panels: (h, w, 3), uint8, by their names; names that are too long for their panel are cut in the
            middle.

    Returns:
        (h + label, total width, 3), uint8.
    """
    height, width = next(iter(panels.values())).shape[:2]
    sheet = Image.new("RGB", (len(panels) * (width + _GAP) - _GAP, _LABEL + height), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=14)
    for number, (name, panel) in enumerate(panels.items()):
        left = number * (width + _GAP)
        draw.text((left + 2, 2), _fitted(name, width - 4, font), fill="black", font=font)
        sheet.paste(Image.fromarray(np.ascontiguousarray(panel)), (left, _LABEL))
    return np.asarray(sheet)


def contact_sheet(rows: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Draws rows of panels below each other, on white: (H, W, 3), uint8."""
    width = max(row.shape[1] for row in rows)
    sheet = np.full((sum(row.shape[0] + _GAP for row in rows) - _GAP, width, 3), 255, np.uint8)
    top = 0
    for row in rows:
        sheet[top : top + row.shape[0], : row.shape[1]] = row
        top += row.shape[0] + _GAP
    return sheet


def _fitted(name: str, width: int, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    """Returns the name, or as much of its beginning and its end as fits into a width."""
    for length in range(len(name), 0, -1):
        kept = (
            name if length == len(name) else f"{name[: (length + 1) // 2]}…{name[len(name) - length // 2 :]}"
        )
        if font.getlength(kept) <= width:
            return kept
    return ""
