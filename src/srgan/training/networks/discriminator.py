"""Discriminators: the SRGAN's (arXiv 1609.04802, figure 4), and a U-Net that judges every pixel."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

_SLOPE = 0.2


class Discriminator(nn.Module):
    """The SRGAN's discriminator: one verdict per picture.

    A convolution and seven convolution-norm-LeakyReLU blocks, every other one with stride 2, then two dense
    layers. The paper's sigmoid is left to the loss.

    Args:
        side: pixels of a picture's side; the dense layer's size follows from it.
        channels: feature maps of the first layer, 64 in the paper; the last has eight times as many.
    """

    def __init__(self, side: int, channels: int = 64) -> None:
        super().__init__()
        widths = [channels * factor for factor in (1, 1, 2, 2, 4, 4, 8, 8)]
        layers: list[nn.Module] = [nn.Conv2d(3, channels, 3, padding=1), nn.LeakyReLU(_SLOPE)]
        for index, (inputs, outputs) in enumerate(pairwise(widths)):
            stride = 2 if index % 2 == 0 else 1
            layers.append(nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False))
            layers.append(nn.BatchNorm2d(outputs))
            layers.append(nn.LeakyReLU(_SLOPE))
            side = -(-side // stride)
        self.layers = nn.Sequential(*layers)
        self.dense = nn.Sequential(
            nn.Linear(widths[-1] * side * side, 16 * channels),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(16 * channels, 1),
        )

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judges pictures.

        Args:
            image: (N, 3, side, side), RGB in [0, 1].

        Returns:
            The logit that each picture is real, (N, 1), and the feature maps after every LeakyReLU.
        """
        features = []
        x = image * 2 - 1
        for layer in self.layers:
            x = layer(x)
            if isinstance(layer, nn.LeakyReLU):
                features.append(x)
        return self.dense(x.flatten(1)), features


class PatchDiscriminator(nn.Module):
    """A verdict for every 4x4 pixels, by six convolutions without norm; cheap, and quick to train.

    Args:
        channels: feature maps of the first two layers.
    """

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        widths = [3, channels, channels, 2 * channels, 2 * channels, 4 * channels]
        self.layers = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 4, 2, 1) if index % 2 else nn.Conv2d(inputs, outputs, 3, 1, 1)
            for index, (inputs, outputs) in enumerate(pairwise(widths))
        )
        self.last = nn.Conv2d(widths[-1], 1, 3, padding=1)
        for layer in (*self.layers, self.last):
            nn.init.kaiming_normal_(layer.weight, a=_SLOPE)
            nn.init.zeros_(layer.bias)

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judges pictures.

        Args:
            image: (N, 3, H, W), RGB in [0, 1]; H and W multiples of 4.

        Returns:
            The logits that each 4x4 pixels are real, (N, 1, H/4, W/4), and the feature maps on the way.
        """
        x = image * 2 - 1
        features = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _SLOPE)
            features.append(x)
        return self.last(x), features


class UNetDiscriminator(nn.Module):
    """A verdict for every pixel: U-Net with skip connections and spectral norm (arXiv 2107.10833).

    Args:
        channels: feature maps at full size.
    """

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        widths = [channels * factor for factor in (1, 2, 4, 8)]
        self.first = nn.Conv2d(3, channels, 3, padding=1)
        self.down = nn.ModuleList(
            spectral_norm(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False))
            for inputs, outputs in pairwise(widths)
        )
        self.up = nn.ModuleList(
            spectral_norm(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False))
            for inputs, outputs in pairwise(reversed(widths))
        )
        self.refine = nn.ModuleList(
            spectral_norm(nn.Conv2d(channels, channels, 3, padding=1, bias=False)) for _ in range(2)
        )
        self.last = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judges pictures.

        Args:
            image: (N, 3, H, W), RGB in [0, 1]; H and W multiples of 8.

        Returns:
            The logits that each pixel is real, (N, 1, H, W), and the feature maps on the way down.
        """
        x = F.leaky_relu(self.first(image * 2 - 1), _SLOPE)
        features = [x]
        for layer in self.down:
            x = F.leaky_relu(layer(x), _SLOPE)
            features.append(x)
        for layer, skip in zip(self.up, reversed(features[:-1]), strict=True):
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = F.leaky_relu(layer(x), _SLOPE) + skip
        for layer in self.refine:
            x = F.leaky_relu(layer(x), _SLOPE)
        return self.last(x), features
