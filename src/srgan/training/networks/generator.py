"""The generator of the SRGAN (SRResNet), arXiv 1609.04802, figure 4; and the choice of a generator."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from srgan.networks.architecture import GeneratorConfig
from srgan.training.networks.activation import PReLU
from srgan.training.networks.compact import CompactGenerator
from srgan.training.networks.initialisation import initialise_convolutions


def _norm(config: GeneratorConfig) -> nn.Module:
    return nn.BatchNorm2d(config.channels) if config.norm == "batch" else nn.Identity()


class ResidualBlock(nn.Module):
    """3x3 convolution, [norm], PReLU, 3x3 convolution, [norm], added to the input."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        channels = config.channels
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm1 = _norm(config)
        self.activation = PReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = _norm(config)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, channels, H, W) to the same shape."""
        return x + self.norm2(self.conv2(self.activation(self.norm1(self.conv1(x)))))


class UpsampleBlock(nn.Module):
    """3x3 convolution to four times the channels, PReLU; the shuffle to twice the size is the caller's.

    The paper shuffles first. The PReLU has one slope for all channels, so the two orders give the same
    result, and this one keeps the values in the layout the next step wants.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 4 * channels, 3, padding=1)
        self.activation = PReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, channels, H, W) to (N, 4 * channels, H, W)."""
        return self.activation(self.conv(x))


def fold_shuffle(weight: Tensor) -> Tensor:
    """Returns the convolution before a PixelShuffle(2) that equals ``weight``'s convolution after it.

    Output sub-pixel i of a cell and tap offset d meet input sub-pixel (i + d) mod 2 of the cell
    floor((i + d) / 2) away, so nine taps span five cells. Exact: values are only moved.

    Args:
        weight: (out, in, 9, 9), used with padding 4.

    Returns:
        (4 * out, 4 * in, 5, 5), to be used with padding 2 before the shuffle and followed by one.
    """
    out_channels, in_channels = weight.shape[:2]
    phases = []
    for row in range(2):
        for column in range(2):
            # Ten taps, shifted by the output's sub-pixel: pairs of taps are then the cells.
            taps = F.pad(weight, (column, 1 - column, row, 1 - row))
            cells = taps.reshape(out_channels, in_channels, 5, 2, 5, 2).permute(0, 1, 3, 5, 2, 4)
            phases.append(cells.reshape(out_channels, 4 * in_channels, 5, 5))
    return torch.stack(phases, 1).reshape(4 * out_channels, 4 * in_channels, 5, 5)


class Generator(nn.Module):
    """Upscales pictures 4x per side.

    Args:
        config: the dimensions; see :class:`~srgan.networks.architecture.GeneratorConfig`.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.head = nn.Conv2d(3, channels, 9, padding=4)
        self.head_activation = PReLU()
        self.blocks = nn.Sequential(*(ResidualBlock(config) for _ in range(config.blocks)))
        self.trunk = nn.Conv2d(channels, channels, 3, padding=1)
        self.trunk_norm = _norm(config)
        self.upsample = nn.ModuleList(UpsampleBlock(channels) for _ in range(2))
        self.tail = nn.Conv2d(channels, 3, 9, padding=4)
        self._initialise()

    def _initialise(self) -> None:
        """Applies He initialisation; without norm, branches start small, so that sixteen stay stable."""
        initialise_convolutions(self)
        if self.config.norm == "none":
            for module in (*self.blocks.modules(), self.trunk, self.tail):
                if isinstance(module, nn.Conv2d):
                    module.weight.data.mul_(0.1)

    def forward(self, lr_image: Tensor) -> Tensor:
        """Upscales low-res pictures 4x per side.

        Args:
            lr_image: (N, 3, H, W), RGB in [0, 1], any float type.

        Returns:
            (N, 3, 4H, 4W), RGB, around [0, 1] but not clipped.
        """
        features = self.head_activation(self.head(lr_image))
        features = features + self.trunk_norm(self.trunk(self.blocks(features)))
        features = F.pixel_shuffle(self.upsample[0](features), 2)
        # The 64 -> 3 convolution at full size fills vector units badly: run it before the last shuffle.
        weight, bias = fold_shuffle(self.tail.weight), self.tail.bias
        assert bias is not None
        cells = F.conv2d(self.upsample[1](features), weight, bias.repeat_interleave(4), padding=2)
        return F.pixel_shuffle(cells, 2)


def make_generator(config: GeneratorConfig) -> nn.Module:
    """Returns the generator that a config describes, with random weights.

    It maps (N, 3, H, W) to (N, 3, 4H, 4W), RGB in [0, 1], and has its config as ``config``.
    """
    return CompactGenerator(config) if config.architecture == "compact" else Generator(config)
