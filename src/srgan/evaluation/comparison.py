"""A picture reduced and enlarged by each way: low-res, bicubic, models and truth beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from srgan.errors import ImageError, UsageError
from srgan.evaluation.dataset import SCALE
from srgan.evaluation.enlargers import Enlarger, nearest
from srgan.evaluation.regions import Region, region_of_difference
from srgan.files import make_folder
from srgan.images.panels import labelled_row
from srgan.images.picture import Picture
from srgan.images.read import read_picture
from srgan.images.resize import bicubic
from srgan.images.write import to_depth, write_picture

AUTO_SIDE = 128
"""Pixels a side of a region that is chosen automatically."""

_SHOWN = 384  # a region is shown with about as many pixels a side


def compare_picture(
    file: Path,
    enlargers: Sequence[Enlarger],
    *,
    region: Region | Literal["auto"] | None = None,
    is_low_res: bool = False,
) -> tuple[NDArray[np.uint8], Region | None]:
    """Panels of one picture in a row: low-res (its pixels as squares), each way of enlarging, the truth.

    Args:
        file: the true picture, cropped to a multiple of 4 and reduced by MATLAB's bicubic.
        enlargers: ways of enlarging.
        region: shown alone and enlarged by a whole number; in pixels of the true picture, or ``"auto"``:
            where the models differ most. None shows the whole picture.
        is_low_res: the file is the low-res picture itself; there is no truth to show.

    Returns:
        (H, W, 3), uint8, and the region that is shown.

    Raises:
        ImageError: if the picture cannot be read, or has less than 4 pixels a side.
        UsageError: if the region is not inside the picture.
        ModelError: if a network cannot enlarge this size.
    """
    lr_image, truth = _low_res(file, is_low_res)
    results = {enlarger.name: enlarger.enlarge(lr_image) for enlarger in enlargers}
    panels = {f"{file.stem}: low-res": nearest(lr_image), **results}
    if truth is not None:
        panels["truth"] = truth
    if region is None:
        return labelled_row(panels), None
    if region == "auto":
        region, _ = region_of_difference(_compared(enlargers, results, truth), AUTO_SIDE)
    height, width = panels[f"{file.stem}: low-res"].shape[:2]
    if region.x + region.width > width or region.y + region.height > height:
        raise UsageError(f"{file}: the region is not inside its {width}x{height} pixels; choose another")
    zoom = max(1, _SHOWN // max(region.width, region.height))
    parts = {name: region.of(panel).repeat(zoom, 0).repeat(zoom, 1) for name, panel in panels.items()}
    return labelled_row(parts), region


def parse_region(text: str) -> Region | Literal["auto"]:
    """A region from ``x,y,width,height`` in pixels, or ``auto``.

    Raises:
        UsageError: if it is neither.
    """
    if text == "auto":
        return "auto"
    numbers = text.split(",")
    if len(numbers) == 4 and all(number.strip().isdecimal() for number in numbers):
        x, y, width, height = map(int, numbers)
        if width > 0 and height > 0:
            return Region(x=x, y=y, width=width, height=height)
    raise UsageError(f"--region {text}: must be auto, or x,y,width,height in pixels of the enlarged picture")


def write_row(path: Path, row: NDArray[np.uint8]) -> None:
    """Writes panels in the format of the extension; the folder is made if absent.

    Raises:
        UsageError: if the format is unknown.
        ImageError: if the format cannot hold it.
        OutputError: if it cannot be written.
    """
    make_folder(path.parent)
    write_picture(path, [row], size=(row.shape[1], row.shape[0]), source=Picture.from_array(row))


def _low_res(file: Path, is_low_res: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    image = to_depth(read_picture(file).pixels, np.dtype(np.uint8))
    if is_low_res:
        return image, None
    height, width = (side // SCALE * SCALE for side in image.shape[:2])
    if min(height, width) == 0:
        raise ImageError(
            f"{file}: {image.shape[1]}x{image.shape[0]} is too small to be reduced; take a larger"
        )
    truth = np.ascontiguousarray(image[:height, :width])
    return bicubic(truth, 1 / SCALE), truth


def _compared(
    enlargers: Sequence[Enlarger],
    results: dict[str, NDArray[np.uint8]],
    truth: NDArray[np.uint8] | None,
) -> list[NDArray[np.uint8]]:
    """What a region is chosen by: the models' results where there are several, else all there is."""
    models = [results[enlarger.name] for enlarger in enlargers if enlarger.facts]
    if len(models) > 1:
        return models
    return [*results.values(), *([] if truth is None else [truth])]
