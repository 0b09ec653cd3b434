"""Draws a bar chart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from srgan.files import replacing

_ROW, _LABEL, _BARS, _MARGIN = 26, 340, 460, 20
_INK, _GROUND, _BAR = (34, 34, 34), (255, 255, 255), (46, 110, 180)


def write_chart(path: Path, title: str, bars: Sequence[tuple[str, float, str]]) -> None:
    """Writes a PNG of horizontal bars, scaled so that the longest fills the width.

    Args:
        path: the file; replaced if it exists.
        title: what the bars show.
        bars: label, length (0 or more) and the text beside the bar, from top to bottom.

    Raises:
        OutputError: if the file cannot be written.
    """
    width, height = _LABEL + _BARS + 120 + 2 * _MARGIN, _ROW * (len(bars) + 2) + _MARGIN
    picture = Image.new("RGB", (width, height), _GROUND)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(14)
    draw.text((_MARGIN, _MARGIN // 2), title, _INK, ImageFont.load_default(16))
    longest = max((length for _, length, _ in bars), default=0.0) or 1.0
    for number, (label, length, text) in enumerate(bars):
        top = _ROW * (number + 1) + _MARGIN
        end = _MARGIN + _LABEL + max(round(_BARS * length / longest), 1)
        draw.text((_MARGIN + _LABEL - 10, top + 3), label, _INK, font, anchor="ra")
        draw.rectangle((_MARGIN + _LABEL, top, end, top + _ROW - 8), _BAR)
        draw.text((end + 8, top + 3), text, _INK, font)
    with replacing(path) as part:
        picture.save(part, "PNG")
