"""The whole training set as bytes on the training device; crops are cut, flipped and rotated there."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from srgan.errors import DataError
from srgan.images.read import read_picture
from srgan.images.resize import bicubic, low_res_pair
from srgan.training.degradations.degrade import degrade
from srgan.training.degradations.options import DegradationOptions

_MIRROR, _ALL_SYMMETRIES = 0b010, 0b111
"""Which bits of a crop's symmetry are used: 1 flips rows, 2 flips columns, 4 transposes."""

View = tuple[Path, float]
"""A picture's file, and the scale to read it at: 1 as it is, 0.5 downscaled to half its width and height."""


def read_pairs(
    views: Sequence[View], smallest_side: int, scale: int, *, enlarge_small: bool = False
) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Reads pictures and downscales them, on all cores.

    Args:
        views: pictures, 8 or 16 bit (the latter are cut to 8), each with its scale: 1, or less to
            downscale it first by bicubic, but not below ``smallest_side``.
        smallest_side: high-res pixels that each side must have, at least ``scale``.
        scale: scale of the pairs, see :func:`~srgan.images.resize.low_res_pair`.
        enlarge_small: upscale smaller ones to that, by bicubic, instead of refusing them.

    Returns:
        ``(lr_image, hr_image)`` of every view, in their order.

    Raises:
        DataError: if one is too small.
        ImageError: if one cannot be read.
    """

    def read(view: View) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        file, size = view
        pixels = eight_bit(read_picture(file).pixels)
        shorter = min(pixels.shape[:2])
        if shorter < smallest_side and enlarge_small:
            pixels = bicubic(pixels, smallest_side / shorter)
        elif shorter < smallest_side:
            sides = f"{pixels.shape[1]}x{pixels.shape[0]}"
            raise DataError(f"{file}: {sides} is smaller than {smallest_side} pixels; remove the picture")
        elif size < 1:
            pixels = bicubic(pixels, max(size, smallest_side / shorter))
        return low_res_pair(pixels, scale)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(read, views))


def eight_bit(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Converts 8- or 16-bit samples to 8 bits, dropping the lower bits."""
    return (pixels if pixels.dtype == np.uint8 else pixels >> 8).astype(np.uint8)


def choose_strata(pictures: int, batch_size: int) -> int:
    """Chooses the number of strata for a :class:`PictureStore`.

    The largest that divides the batch evenly and gives each stratum a picture: the number of processes must
    divide it, so this leaves the widest choice.
    """
    return max(
        strata for strata in range(1, batch_size + 1) if batch_size % strata == 0 and strata <= pictures
    )


class PictureStore:
    """Random aligned crops of a set of pictures, made on the training device.

    All pixels lie end to end in byte tensors; a batch is one gather from each, whose indices carry
    the crop, the flip and the quarter turn. Nothing is decoded, copied between devices or collated.

    The pictures are dealt into strata; the k-th sample of a batch is of stratum k modulo their number. So
    several processes can hold some strata each, and together draw the same batches as one alone: all draw
    the same random numbers, and each uses those of its own samples.

    Args:
        pairs: ``(lr_image, hr_image)`` as :func:`read_pairs` gives them, all of one scale.
        device: where the pixels live and the batches appear.
        degradations: how low-res crops are made from the high-res ones; without rounds they are cut from
            ``lr_image``.
        strata: their number; the i-th picture here is of stratum i modulo this; see :func:`choose_strata`.
        share: the samples of a batch whose strata are here.
        upright: crops are mirrored left to right at most, never turned or upside down.
    """

    def __init__(
        self,
        pairs: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]],
        device: torch.device,
        degradations: DegradationOptions = DegradationOptions(),
        *,
        strata: int = 1,
        share: slice = slice(None),
        upright: bool = False,
    ) -> None:
        self.device = device
        self._strata = strata
        self._share = share
        self._symmetries = _MIRROR if upright else _ALL_SYMMETRIES
        self._degradations = degradations
        self._hr = torch.from_numpy(np.concatenate([hr.reshape(-1, 3) for _, hr in pairs])).to(device)
        if degradations.rounds == 0:
            self._lr = torch.from_numpy(np.concatenate([lr.reshape(-1, 3) for lr, _ in pairs])).to(device)
        lr_image, hr_image = pairs[0]
        self._scale = hr_image.shape[0] // lr_image.shape[0]
        self._sizes = torch.tensor([lr.shape[:2] for lr, _ in pairs])
        pixels = self._sizes.prod(1)
        self._offsets = pixels.cumsum(0) - pixels

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self._sizes)

    def sample(self, batch_size: int, crop: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draws a batch; every picture that a crop fits into is equally likely, and so is every place in it.

        Args:
            batch_size: crops in the batch, over all processes.
            crop: low-res pixels on each side of a crop.
            generator: a CPU generator, the only source of randomness.

        Returns:
            ``(lr_image, hr_image)``: (N, 3, crop, crop) and (N, 3, scale * crop, scale * crop), float32 in
            [0, 1], channels-last in memory; N is ``batch_size``, or this process's share of it.
        """
        chance = torch.rand(batch_size, 3, generator=generator, dtype=torch.float64)[self._share]
        symmetry = torch.randint(8, (batch_size,), generator=generator)[self._share] & self._symmetries
        picture = self._draw_pictures(chance[:, 0], crop)
        free = self._sizes[picture] - crop + 1
        corner = (chance[:, 1:] * free).long()
        hr_image = self._gather(self._hr, picture, corner, symmetry, crop, self._scale)
        if self._degradations.rounds == 0:
            return self._gather(self._lr, picture, corner, symmetry, crop, 1), hr_image
        lr_image = degrade(
            hr_image,
            self._scale,
            self._degradations,
            generator,
            batch_size=batch_size,
            share=self._share,
        )
        return lr_image.contiguous(memory_format=torch.channels_last), hr_image

    def _draw_pictures(self, chance: Tensor, crop: int) -> Tensor:
        """Draws a picture for each number in [0, 1): the k-th from stratum k modulo their number."""
        fits = (self._sizes >= crop).all(1)
        picture = torch.empty(len(chance), dtype=torch.long)
        for stratum in range(min(self._strata, len(chance))):
            ends = fits[stratum :: self._strata].cumsum(0)
            drawn = torch.searchsorted(ends, chance[stratum :: self._strata] * ends[-1], right=True)
            picture[stratum :: self._strata] = drawn * self._strata + stratum
        return picture

    def _gather(
        self, pixels: Tensor, picture: Tensor, corner: Tensor, symmetry: Tensor, crop: int, scale: int
    ) -> Tensor:
        side = crop * scale
        width = self._sizes[picture, 1] * scale
        start = self._offsets[picture] * scale**2 + (corner[:, 0] * width + corner[:, 1]) * scale
        # The eight symmetries of a square, as the order in which a crop is read: steps down and right
        # through the picture, each possibly reversed, and possibly swapped.
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
