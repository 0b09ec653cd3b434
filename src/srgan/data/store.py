"""The whole training set as bytes on the training device; crops are cut, flipped and turned there."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from srgan.errors import DataError
from srgan.images.read import read_picture
from srgan.images.resize import bicubic

SCALE = 4


def low_res_pair(hr_image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A picture cropped to a multiple of 4, and its bicubic reduction.

    Args:
        hr_image: (H, W, 3), uint8.

    Returns:
        ``(lr_image, hr_image)``: (h, w, 3) and (4h, 4w, 3), uint8.
    """
    height, width = (side // SCALE * SCALE for side in hr_image.shape[:2])
    cropped = np.ascontiguousarray(hr_image[:height, :width])
    return bicubic(cropped, 1 / SCALE), cropped


def read_pairs(
    files: Sequence[Path], smallest_side: int
) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Reads pictures and reduces them, on all cores.

    Args:
        files: pictures, 8 or 16 bit (the latter are cut to 8).
        smallest_side: high-res pixels that each side must have.

    Returns:
        ``(lr_image, hr_image)`` of every picture, in the order of ``files``.

    Raises:
        DataError: if there are none, or one is too small; ImageError if one cannot be read.
    """
    if not files:
        raise DataError("no pictures found; name a folder that holds PNG, JPEG, WebP or TIFF files")

    def read(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        pixels = read_picture(file).pixels
        if min(pixels.shape[:2]) < smallest_side:
            size = f"{pixels.shape[1]}x{pixels.shape[0]}"
            raise DataError(f"{file}: {size} is smaller than {smallest_side} pixels; remove the picture")
        return low_res_pair(pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8))

    with ThreadPoolExecutor() as pool:
        return list(pool.map(read, files))


class PictureStore:
    """Random aligned crops of a set of pictures, made on the training device.

    All pixels lie end to end in two byte tensors; a batch is one gather from each, whose indices carry
    the crop, the flip and the quarter turn. Nothing is decoded, copied between devices or collated.

    Args:
        pairs: ``(lr_image, hr_image)`` as :func:`read_pairs` gives them.
        device: where the pixels live and the batches appear.
    """

    def __init__(
        self, pairs: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]], device: torch.device
    ) -> None:
        self.device = device
        self._lr = torch.from_numpy(np.concatenate([lr.reshape(-1, 3) for lr, _ in pairs])).to(device)
        self._hr = torch.from_numpy(np.concatenate([hr.reshape(-1, 3) for _, hr in pairs])).to(device)
        self._sizes = torch.tensor([lr.shape[:2] for lr, _ in pairs])
        pixels = self._sizes.prod(1)
        self._offsets = pixels.cumsum(0) - pixels

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self._sizes)

    def sample(self, batch_size: int, crop: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draws a batch; a picture's chance grows with the number of places a crop can take in it.

        Args:
            batch_size: pictures in the batch.
            crop: low-res pixels on each side of a crop.
            generator: a CPU generator, the only source of randomness.

        Returns:
            ``(lr_image, hr_image)``: (N, 3, crop, crop) and (N, 3, 4 crop, 4 crop), float32 in [0, 1],
            channels-last in memory.
        """
        places = (self._sizes - crop + 1).prod(1)
        picture = torch.multinomial(places.double(), batch_size, replacement=True, generator=generator)
        free = self._sizes[picture] - crop + 1
        corner = (torch.rand(batch_size, 2, generator=generator, dtype=torch.float64) * free).long()
        symmetry = torch.randint(8, (batch_size,), generator=generator)
        return (
            self._gather(self._lr, picture, corner, symmetry, crop, 1),
            self._gather(self._hr, picture, corner, symmetry, crop, SCALE),
        )

    def _gather(
        self, pixels: Tensor, picture: Tensor, corner: Tensor, symmetry: Tensor, crop: int, scale: int
    ) -> Tensor:
        side = crop * scale
        width = self._sizes[picture, 1] * scale
        start = self._offsets[picture] * scale**2 + (corner[:, 0] * width + corner[:, 1]) * scale
        # The eight symmetries of a square, as where the crop is read from: steps down and right through
        # the picture, each possibly backwards, and possibly exchanged.
        flip_rows, flip_columns, transpose = symmetry & 1, (symmetry >> 1) & 1, symmetry >> 2
        start = start + flip_rows * (side - 1) * width + flip_columns * (side - 1)
        row_step = width * (1 - 2 * flip_rows)
        column_step = 1 - 2 * flip_columns
        row_step, column_step = (
            torch.where(transpose == 1, column_step, row_step),
            torch.where(transpose == 1, row_step, column_step),
        )
        start, row_step, column_step = (t.to(self.device) for t in (start, row_step, column_step))
        steps = torch.arange(side, device=self.device)
        index = (
            start[:, None, None]
            + row_step[:, None, None] * steps[None, :, None]
            + column_step[:, None, None] * steps[None, None, :]
        )
        batch = pixels[index.reshape(-1)].reshape(-1, side, side, 3)
        return batch.permute(0, 3, 1, 2).float().div_(255)
