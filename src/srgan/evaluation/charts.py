"""Pictures unlike photographs: the most saturated colours side by side, and print."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_SIDE = 64  # pixels
_LINE = "The quick brown fox jumps over"
_INKS = (("black", "white"), ("white", "black"), ("red", "blue"), ("yellow", "green"))


def colour_charts() -> list[NDArray[np.uint8]]:
    """Flat fields with sharp edges, (64, 64, 3): the corners of the RGB cube, and a grid through it."""
    corners = np.array(list(itertools.product((0, 255), repeat=3)), np.uint8).reshape(2, 4, 3)
    grid = np.array(list(itertools.product((0, 85, 170, 255), repeat=3)), np.uint8)
    shuffled = np.random.default_rng(0).permutation(grid).reshape(8, 8, 3)
    return [_fields(corners), _fields(shuffled)]


def print_charts() -> list[NDArray[np.uint8]]:
    """Small print, (64, 64, 3), in inks that differ as much as they can."""
    charts = []
    for ink, paper in _INKS:
        image = Image.new("RGB", (_SIDE, _SIDE), paper)
        draw = ImageDraw.Draw(image)
        for row in range(5):
            draw.text((2, 2 + 12 * row), _LINE[6 * row :], fill=ink, font=ImageFont.load_default(10))
        charts.append(np.asarray(image))
    return charts


def _fields(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = colours.shape[:2]
    return np.repeat(np.repeat(colours, _SIDE // rows, axis=0), _SIDE // columns, axis=1)
