#!/usr/bin/env python3
"""Counts the changed copies of photographs that ``srgan dataset-report`` finds, and those it confuses.

benchmarks/copies_found.py FOLDER [NUMBER]
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.datasets.copies import Look, find_copies
from srgan.datasets.examine import hash_pixels
from srgan.datasets.fingerprint import Fingerprint
from srgan.datasets.survey import read_pixels
from srgan.evaluation.tables import markdown_table
from srgan.images.read import list_pictures

Pixels = NDArray[np.uint8]
RANDOM = np.random.default_rng(0)


def main(folder: Path, number: int) -> None:
    files = list_pictures(folder, recursive=True)
    pictures = {str(file): read_pixels(file, 10**8) for file in files[:: max(1, len(files) // number)]}
    looks = [look(name, pixels) for name, pixels in pictures.items()]
    # A photograph that is in the folder twice may be found as either.
    twins = {copy.name: copy.of for copy in find_copies(looks)}
    rows = []
    for what, change in CHANGES.items():
        copies = find_copies([look(name, change(pixels)) for name, pixels in pictures.items()], looks)
        found = sum(twins.get(copy.of, copy.of) == twins.get(copy.name, copy.name) for copy in copies)
        rows.append([what, f"{100 * found / len(pictures):.1f} %", str(len(copies) - found)])
    print(markdown_table([f"{len(pictures)} of {folder}", "found", "taken for another"], rows))
    print(f"\ncopies among the photographs themselves: {len(twins)}")


def look(name: str, pixels: Pixels) -> Look:
    pixels = np.ascontiguousarray(pixels)
    return Look(name=name, pixels=hash_pixels(pixels), fingerprint=Fingerprint.of(pixels))


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def quarter(pixels: Pixels) -> Pixels:
    height, width = (max(1, side // 4) for side in pixels.shape[:2])
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height)))


def crop(pixels: Pixels, share: float) -> Pixels:
    """Crops that share of the width and of the height, at a random place."""
    height, width = (round(side * (1 - share)) for side in pixels.shape[:2])
    top, left = RANDOM.integers(pixels.shape[0] - height + 1), RANDOM.integers(pixels.shape[1] - width + 1)
    return pixels[top : top + height, left : left + width]


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "JPEG of quality 10": lambda pixels: jpeg(pixels, 10),
    "JPEG of quality 30": lambda pixels: jpeg(pixels, 30),
    "a quarter of the size, JPEG of quality 50": lambda pixels: jpeg(quarter(pixels), 50),
    "5 % of width and height cropped": lambda pixels: crop(pixels, 0.05),
    "10 % of width and height cropped": lambda pixels: crop(pixels, 0.10),
    "10 % cropped, a quarter of the size, JPEG of quality 50": lambda pixels: jpeg(
        quarter(crop(pixels, 0.10)), 50
    ),
    "15 % of width and height cropped": lambda pixels: crop(pixels, 0.15),
    "20 % of width and height cropped": lambda pixels: crop(pixels, 0.20),
    "mirrored": lambda pixels: pixels[:, ::-1],
}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300)
