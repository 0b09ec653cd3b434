"""Given pairs: a folder of high-res pictures, and one of low-res pictures of the same names."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srgan.errors import DataError, ImageError
from srgan.images.read import list_pictures, read_picture
from srgan.training.crops import eight_bit

_MOST_TOLD = 20
"""Problems named one by one; the rest are counted."""

Files = tuple[Path, Path]
"""The files of a low-res picture and of its high-res one."""


def list_given_pairs(hr_folder: Path, low_res: Path) -> list[Files]:
    """Lists files of the same name, whatever the extension, in two folders and their sub-folders.

    Returns:
        ``(lr_file, hr_file)`` of every pair, in the order of the high-res pictures' names.

    Raises:
        DataError: if a picture has no partner, or more than one: all such pictures are named.
        ImageError: if a folder cannot be listed.
    """
    problems: list[str] = []
    lr_files, hr_files = (_by_name(folder, problems) for folder in (low_res, hr_folder))
    for files, others, folder in ((hr_files, lr_files, low_res), (lr_files, hr_files, hr_folder)):
        problems += [
            f"{file}: has no partner {name}.* in {folder}"
            for name, file in files.items()
            if name not in others
        ]
    if not hr_files and not lr_files:
        problems.append(f"{hr_folder}: no pictures found; name a folder of PNG, JPEG, WebP or TIFF files")
    _refuse(problems)
    return [(lr_files[name], file) for name, file in hr_files.items()]


def _by_name(folder: Path, problems: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in list_pictures(folder, recursive=True):
        name = file.relative_to(folder).with_suffix("").as_posix()
        if found.setdefault(name, file) is not file:
            problems.append(f"{file}: has the same name as {found[name].name}; remove one of them")
    return found


def read_given_pairs(
    files: Sequence[Files], smallest_side: int, scale: int
) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Reads pairs, on all cores.

    Args:
        files: as :func:`list_given_pairs` gives them; 8 or 16 bit, the latter are cut to 8.
        smallest_side: low-res pixels that each side must have.
        scale: how many times larger a side of the high-res picture is.

    Returns:
        ``(lr_image, hr_image)`` of every pair, (h, w, 3) and (scale * h, scale * w, 3), uint8, in order.

    Raises:
        DataError: if some cannot be read, are too small, or are not ``scale`` times as large as their low-res
            picture: all such pictures are named.
    """
    with ThreadPoolExecutor() as pool:
        read = list(pool.map(lambda pair: _read(pair, smallest_side, scale), files))
    _refuse([problem for problem in read if isinstance(problem, str)])
    return [pair for pair in read if not isinstance(pair, str)]


def _read(files: Files, smallest_side: int, scale: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | str:
    """Returns a pair, or what is wrong with it."""
    lr_file, hr_file = files
    try:
        lr_image, hr_image = (eight_bit(read_picture(file).pixels) for file in files)
    except ImageError as error:
        return str(error)
    height, width = lr_image.shape[:2]
    if hr_image.shape[:2] != (scale * height, scale * width):
        return (
            f"{hr_file}: is {hr_image.shape[1]}x{hr_image.shape[0]}, must be {scale * width}x"
            f"{scale * height}, {scale} times its low-res picture"
        )
    if min(height, width) < smallest_side:
        return f"{lr_file}: {width}x{height} is smaller than {smallest_side} pixels"
    return lr_image, hr_image


def _refuse(problems: Sequence[str]) -> None:
    if not problems:
        return
    told = list(problems[:_MOST_TOLD])
    if len(problems) > _MOST_TOLD:
        told.append(f"and {len(problems) - _MOST_TOLD} more")
    raise DataError("; ".join(told))
