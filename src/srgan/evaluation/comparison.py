"""A picture downscaled and upscaled by each method: low-res, methods and ground truth side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from srgan.errors import ImageError, UsageError
from srgan.evaluation.dataset import read_8_bit
from srgan.evaluation.methods import Method, common_scale, nearest
from srgan.evaluation.regions import Region, region_of_difference
from srgan.files import make_folder
from srgan.images.panels import labelled_row
from srgan.images.picture import Picture
from srgan.images.resize import low_res_pair
from srgan.images.write import write_picture

AUTO_SIDE = 128
"""Pixels a side of a region that is chosen automatically."""

_SHOWN = 384  # a region is shown with about as many pixels a side


def compare_picture(
    file: Path,
    methods: Sequence[Method],
    *,
    region: Region | Literal["auto"] | None = None,
    is_low_res: bool = False,
) -> tuple[NDArray[np.uint8], Region | None]:
    """Draws panels of one picture in a row: low-res (its pixels as squares), each method, the ground truth.

    Args:
        file: the high-res picture, cropped to a multiple of the methods' scale and downscaled by MATLAB's
            bicubic.
        methods: all of one scale.
        region: shown alone and enlarged by a whole number; in pixels of the high-res picture, or ``"auto"``:
            where the models differ most. None shows the whole picture.
        is_low_res: the file is the low-res picture itself; there is no ground truth to show.

    Returns:
        (H, W, 3), uint8, and the region that is shown.

    Raises:
        ImageError: if the picture cannot be read, or has fewer pixels a side than the scale.
        UsageError: if the region is not inside the picture.
        ModelError: if a network cannot upscale this size.
    """
    scale = common_scale(methods)
    lr_image, hr_image = _read_pair(file, scale, is_low_res)
    results = {method.name: method.upscale(lr_image) for method in methods}
    panels = {f"{file.stem}: low-res": nearest(lr_image, scale), **results}
    if hr_image is not None:
        panels["truth"] = hr_image
    if region is None:
        return labelled_row(panels), None
    if region == "auto":
        region, _ = region_of_difference(_compared(methods, results, hr_image), AUTO_SIDE, scale)
    height, width = panels[f"{file.stem}: low-res"].shape[:2]
    if region.x + region.width > width or region.y + region.height > height:
        raise UsageError(f"{file}: the region is not inside its {width}x{height} pixels; choose another")
    zoom = max(1, _SHOWN // max(region.width, region.height))
    parts = {name: region.of(panel).repeat(zoom, 0).repeat(zoom, 1) for name, panel in panels.items()}
    return labelled_row(parts), region


def parse_region(text: str) -> Region | Literal["auto"]:
    """Parses a region: ``x,y,width,height`` in pixels, or ``auto``.

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
    raise UsageError(
        f"the region must be auto, or x,y,width,height in pixels of the upscaled picture, not '{text}'",
        field="region",
    )


def write_row(path: Path, row: NDArray[np.uint8]) -> None:
    """Writes panels in the format of the extension; the folder is made if absent.

    Raises:
        UsageError: if the format is unknown.
        ImageError: if the format cannot hold it.
        OutputError: if it cannot be written.
    """
    make_folder(path.parent)
    write_picture(path, [row], size=(row.shape[1], row.shape[0]), source=Picture.from_array(row))


def _read_pair(
    file: Path, scale: int, is_low_res: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    image = read_8_bit(file)
    if is_low_res:
        return image, None
    if min(image.shape[:2]) < scale:
        raise ImageError(
            f"{file}: {image.shape[1]}x{image.shape[0]} is too small to be downscaled {scale}x; "
            "take a larger picture"
        )
    return low_res_pair(image, scale)


def _compared(
    methods: Sequence[Method],
    results: dict[str, NDArray[np.uint8]],
    hr_image: NDArray[np.uint8] | None,
) -> list[NDArray[np.uint8]]:
    """Returns what to choose a region by: the models' results if there are several, else all results."""
    models = [results[method.name] for method in methods if method.facts]
    if len(models) > 1:
        return models
    return [*results.values(), *([] if hr_image is None else [hr_image])]
