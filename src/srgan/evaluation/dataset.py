"""True pictures and their low-res partners, made by the proven reduction or given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srgan.errors import DataError
from srgan.images.read import list_pictures, read_picture
from srgan.images.resize import bicubic
from srgan.images.write import to_depth

SCALE = 4
SMALLEST_SIDE = 20
"""What SSIM's window of 11 pixels needs inside a border of 4."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One picture of a test set.

    Attributes:
        name: the true picture's stem.
        lr_image: (h, w, 3), uint8.
        hr_image: (4h, 4w, 3), uint8.
    """

    name: str
    lr_image: NDArray[np.uint8]
    hr_image: NDArray[np.uint8]


class Dataset:
    """The pictures of a folder, read one at a time.

    Args:
        hr: folder of true pictures; each is cropped to a multiple of 4.
        lr: folder of low-res partners of the same stems, or None to make them by MATLAB's bicubic
            reduction.

    Raises:
        DataError: if the folder holds no pictures, or a picture has no partner.
    """

    def __init__(self, hr: Path, lr: Path | None = None) -> None:
        self.name = hr.resolve().name
        self._hr_files = list_pictures(hr, recursive=False)
        if not self._hr_files:
            raise DataError(f"{hr}: holds no pictures; name the folder of the true pictures")
        self._partners = None if lr is None else self.matching(lr, "partner")

    def matching(self, folder: Path, what: str) -> dict[str, Path]:
        """The files of a folder that have the true pictures' stems, by these.

        Args:
            folder: to look in; extensions may differ, and further pictures are ignored.
            what: they are of a true picture, in a word.

        Raises:
            DataError: if a true picture has none.
        """
        found = {file.stem: file for file in list_pictures(folder, recursive=False)}
        missing = [file.name for file in self._hr_files if file.stem not in found]
        if missing:
            raise DataError(f"{folder}: no {what} of {len(missing)} pictures, the first is {missing[0]}")
        return {file.stem: found[file.stem] for file in self._hr_files}

    @property
    def has_partners(self) -> bool:
        """Whether the low-res pictures were given, and not made by reduction."""
        return self._partners is not None

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self._hr_files)

    def __iter__(self) -> Iterator[Sample]:
        """Reads the pictures in the order of their names.

        Raises:
            ImageError: if one cannot be read.
            DataError: if one is too small to be measured, or a pair does not match in size.
        """
        for file in self._hr_files:
            hr_image = read_8_bit(file)
            height, width = (side // SCALE * SCALE for side in hr_image.shape[:2])
            if min(height, width) < SMALLEST_SIDE:
                raise DataError(
                    f"{file}: {width}x{height} is too small; {SMALLEST_SIDE} pixels a side are needed"
                )
            hr_image = np.ascontiguousarray(hr_image[:height, :width])
            if self._partners is None:
                lr_image = bicubic(hr_image, 1 / SCALE)
            else:
                lr_image = read_8_bit(self._partners[file.stem])
            if (lr_image.shape[0] * SCALE, lr_image.shape[1] * SCALE) != (height, width):
                raise DataError(
                    f"{file}: {width}x{height} (cropped to a multiple of 4) is not four times its partner's "
                    f"{lr_image.shape[1]}x{lr_image.shape[0]}; give pairs that match"
                )
            yield Sample(name=file.stem, lr_image=lr_image, hr_image=hr_image)


def read_8_bit(file: Path) -> NDArray[np.uint8]:
    """A picture as (H, W, 3), RGB, uint8, whatever its depth.

    Raises:
        ImageError: if it cannot be read.
    """
    return to_depth(read_picture(file).pixels, np.dtype(np.uint8))
