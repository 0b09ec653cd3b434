"""The compact generator, for video: all its layers are at low resolution."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from srgan.networks.architecture import GeneratorConfig
from srgan.training.networks.activation import PReLU
from srgan.training.networks.initialisation import initialise_convolutions


class CompactBlock(nn.Module):
    """3x3 convolution, PReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.activation = PReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, channels, H, W) to the same shape."""
        return self.activation(self.conv(x))


class CompactGenerator(nn.Module):
    """Upscales pictures 4x per side, in a tenth of the SRResNet's time.

    A chain of 3x3 convolutions and PReLUs, then PixelShuffle(4); the result is added to the input
    with every pixel repeated 4 x 4 times. In the manner of Real-ESRGAN's SRVGGNetCompact.

    Args:
        config: the dimensions; see :class:`~srgan.networks.architecture.GeneratorConfig`.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.head_activation = PReLU()
        self.blocks = nn.Sequential(*(CompactBlock(channels) for _ in range(config.blocks)))
        self.tail = nn.Conv2d(channels, 3 * config.SCALE**2, 3, padding=1)
        self._initialise()

    def _initialise(self) -> None:
        """Applies He initialisation; the last layer starts small: the first result is the repeated input."""
        initialise_convolutions(self)
        self.tail.weight.data.mul_(0.01)

    def forward(self, lr_image: Tensor) -> Tensor:
        """Upscales low-res pictures 4x per side.

        Args:
            lr_image: (N, 3, H, W), RGB in [0, 1], any float type.

        Returns:
            (N, 3, 4H, 4W), RGB, around [0, 1] but not clipped.
        """
        features = self.head_activation(self.head(lr_image))
        details = self.tail(self.blocks(features))
        # Before the shuffle, the repeated pixels are repeated channels.
        enlarged = lr_image.repeat_interleave(self.config.SCALE**2, dim=1)
        return F.pixel_shuffle(enlarged + details, self.config.SCALE)
