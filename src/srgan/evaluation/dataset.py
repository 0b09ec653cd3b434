"""High-res pictures and their low-res partners, which are given or made by MATLAB's bicubic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srgan.errors import DataError
from srgan.images.read import list_pictures, read_picture
from srgan.images.resize import low_res_pair
from srgan.images.write import to_depth

_SSIM_WINDOW = 11  # pixels a side, which must fit inside a border of ``scale`` pixels


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One picture of a test set.

    Attributes:
        name: the high-res picture's stem.
        scale: how many times larger each side of the ground truth is.
        lr_image: (h, w, 3), uint8.
        hr_image: the ground truth, (scale * h, scale * w, 3), uint8.
    """

    name: str
    scale: int
    lr_image: NDArray[np.uint8]
    hr_image: NDArray[np.uint8]


class Dataset:
    """The pictures of a folder, read one at a time.

    Args:
        hr: folder of high-res pictures; each is cropped to a multiple of the scale.
        lr: folder of low-res partners with the same stems, or None to downscale by MATLAB's
            bicubic.
        scale: how many times smaller each side of the low-res pictures is.

    Attributes:
        name: the folder's.
        scale: as given.

    Raises:
        DataError: if the folder holds no pictures, or a picture has no partner.
    """

    def __init__(self, hr: Path, lr: Path | None = None, *, scale: int = 4) -> None:
        self.scale = scale
        self.name = hr.resolve().name
        self._hr_files = list_pictures(hr, recursive=False)
        if not self._hr_files:
            raise DataError(f"{hr}: holds no pictures; name the folder of the high-res pictures")
        self._partners = None if lr is None else self.matching(lr, "partner")

    def matching(self, folder: Path, what: str) -> dict[str, Path]:
        """Returns the files of a folder that have the high-res pictures' stems, by stem.

        Args:
            folder: to look in; extensions may differ, and other pictures are ignored.
            what: what they are to a high-res picture, in a word.

        Raises:
            DataError: if a high-res picture has none.
        """
        found = {file.stem: file for file in list_pictures(folder, recursive=False)}
        missing = [file.name for file in self._hr_files if file.stem not in found]
        if missing:
            raise DataError(f"{folder}: has no {what} for {len(missing)} pictures, the first is {missing[0]}")
        return {file.stem: found[file.stem] for file in self._hr_files}

    @property
    def has_partners(self) -> bool:
        """Whether the low-res pictures were given, and not made by downscaling."""
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
            scale = self.scale
            height, width = (side // scale * scale for side in hr_image.shape[:2])
            smallest = -(-(_SSIM_WINDOW + 2 * scale) // scale) * scale
            if min(height, width) < smallest:
                raise DataError(f"{file}: {width}x{height} is too small; {smallest} pixels a side are needed")
            lr_image, hr_image = low_res_pair(hr_image, scale)
            if self._partners is not None:
                lr_image = read_8_bit(self._partners[file.stem])
            if (lr_image.shape[0] * scale, lr_image.shape[1] * scale) != (height, width):
                raise DataError(
                    f"{file}: {width}x{height} (cropped to a multiple of {scale}) is not {scale} times its "
                    f"partner's {lr_image.shape[1]}x{lr_image.shape[0]}; give pairs that match"
                )
            yield Sample(name=file.stem, scale=scale, lr_image=lr_image, hr_image=hr_image)


def read_8_bit(file: Path) -> NDArray[np.uint8]:
    """Reads a picture as (H, W, 3), RGB, uint8, whatever its depth.

    Raises:
        ImageError: if it cannot be read.
    """
    return to_depth(read_picture(file).pixels, np.dtype(np.uint8))
