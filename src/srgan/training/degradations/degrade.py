"""Realistic low-res pictures: blurred, resized, noisy, compressed; made on the training device.

In the manner of Real-ESRGAN's second-order model (arXiv 2107.10833, 3.1 and 3.2).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from srgan.training.degradations.filters import bicubic_resize, gaussian_blur
from srgan.training.degradations.jpeg import compress
from srgan.training.degradations.options import DegradationOptions


class _Draws:
    """Random numbers for a share of a batch, all from one CPU generator.

    They are drawn for the whole batch, so that they do not depend on how it is split.
    """

    def __init__(
        self, batch_size: int, share: slice, device: torch.device, generator: torch.Generator
    ) -> None:
        self._batch_size = batch_size
        self._share = share
        self._device = device
        self._generator = generator

    def uniform(self, low: float, high: float) -> Tensor:
        """Returns a number for each picture, (N, 1, 1, 1)."""
        numbers = torch.empty(self._batch_size, 1, 1, 1).uniform_(low, high, generator=self._generator)
        return numbers[self._share].to(self._device)

    def chosen(self, share: float) -> Tensor:
        """Returns whether each picture is chosen, at a rate of ``share``, (N, 1, 1, 1)."""
        return self.uniform(0, 1) < share

    def number(self, low: float = 0, high: float = 1) -> float:
        """Returns one number for the whole batch."""
        return torch.empty(()).uniform_(low, high, generator=self._generator).item()

    def whole(self, below: int) -> int:
        """Returns one whole number below ``below``, from 0, for the whole batch."""
        return int(torch.randint(below, (), generator=self._generator).item())

    def normal_like(self, image: Tensor) -> Tensor:
        """Draws standard normal numbers on the device, with a generator of its own."""
        generator = torch.Generator(self._device).manual_seed(self.whole(2**62))
        shape = (self._batch_size, *image.shape[1:])
        return torch.randn(shape, generator=generator, device=self._device)[self._share]


def degrade(
    hr_image: Tensor,
    scale: int,
    options: DegradationOptions,
    generator: torch.Generator,
    *,
    batch_size: int | None = None,
    share: slice = slice(None),
) -> Tensor:
    """Makes low-res pictures from high-res ones.

    Args:
        hr_image: (N, 3, scale * h, scale * w), RGB, float32 in [0, 1], on any device.
        scale: how many times smaller each side becomes.
        options: which degradations are applied.
        generator: a CPU generator, the only source of randomness.
        batch_size: pictures in the whole batch, if several processes share it.
        share: which of them these are.

    Returns:
        (N, 3, h, w) in whole levels of 255, on the same device.
    """
    height, width = (side // scale for side in hr_image.shape[2:])
    lr_image = bicubic_resize(hr_image, height, width)
    if options.rounds > 0:
        draws = _Draws(batch_size or len(hr_image), share, hr_image.device, generator)
        degraded = _degrade(hr_image, height, width, options, draws)
        lr_image = torch.where(draws.chosen(options.clean), lr_image, degraded)
    return lr_image.clamp_(0, 1).mul_(255).round_().div_(255)


def _degrade(image: Tensor, height: int, width: int, options: DegradationOptions, draws: _Draws) -> Tensor:
    """Applies all rounds, from the high-res pictures to (N, 3, height, width)."""
    image = image.contiguous()  # channels-last would be converted at every step
    size = (image.shape[2], image.shape[3])
    for rounds_left in reversed(range(options.rounds)):
        if rounds_left == 0:
            size = (height, width)
        image = _blur(image, options, draws)
        image = _resize(image, size, options, draws)
        image = _add_noise(image, options, draws)
        if rounds_left == 0 and draws.number() < options.jpeg_last:
            image = bicubic_resize(image, height, width).clamp_(0, 1)
        image = _compress(image, options, draws)
    return bicubic_resize(image, height, width)


def _blur(image: Tensor, options: DegradationOptions, draws: _Draws) -> Tensor:
    first, second = (draws.uniform(options.blur_min, options.blur_max) for _ in range(2))
    second = torch.where(draws.chosen(options.anisotropic), second, first)
    angle = draws.uniform(0, math.pi)
    is_blurred = draws.chosen(options.blur)
    return gaussian_blur(
        image, first * is_blurred, second * is_blurred, angle, reach=math.ceil(3 * options.blur_max)
    )


def _resize(image: Tensor, size: tuple[int, int], options: DegradationOptions, draws: _Draws) -> Tensor:
    factor = math.exp(draws.number(math.log(options.resize_min), math.log(options.resize_max)))
    height, width = (max(1, round(side * factor)) for side in size)
    method = ("area", "bilinear", "bicubic")[draws.whole(3)]
    if method == "bicubic":
        return bicubic_resize(image, height, width)
    return F.interpolate(image, (height, width), mode=method)


def _add_noise(image: Tensor, options: DegradationOptions, draws: _Draws) -> Tensor:
    deviation = draws.uniform(options.noise_min, options.noise_max) / 255 * draws.chosen(options.noise)
    noise = draws.normal_like(image)
    noise = torch.where(draws.chosen(options.grey_noise), noise[:, :1], noise)
    # With as many photons as a picture has, Poisson noise is close to normal.
    brightness = image.clamp(0, 1)
    noise = noise * torch.where(draws.chosen(options.poisson), brightness.sqrt(), 1.0)
    return noise.mul_(deviation).add_(image).clamp_(0, 1)


def _compress(image: Tensor, options: DegradationOptions, draws: _Draws) -> Tensor:
    quality = draws.uniform(options.jpeg_min, options.jpeg_max).round().flatten()
    # A crop's corner may lie anywhere in the grid of blocks.
    top, left = draws.whole(16), draws.whole(16)
    padded = F.pad(image, (left, 0, top, 0), mode="replicate")
    compressed = compress(padded, quality, subsampled=draws.number() < options.subsampled)
    return torch.where(draws.chosen(options.jpeg), compressed[:, :, top:, left:], image)
