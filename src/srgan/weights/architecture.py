"""What a generator is made of, in figures: enough to rebuild it, and to know what its results depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Norm = Literal["batch", "none"]


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig:
    """Dimensions of the SRResNet generator (arXiv 1609.04802, figure 4).

    Attributes:
        blocks: residual blocks.
        channels: feature maps of every block.
        norm: ``"batch"`` as in the paper, or ``"none"``.
    """

    blocks: int = 16
    channels: int = 64
    norm: Norm = "none"

    SCALE = 4

    @property
    def halo(self) -> int:
        """Low-res pixels around a pixel that its result depends on.

        Radius 4 of the 9x9 head, 1 for each 3x3 convolution at low resolution (two a block, the trunk's
        and the first up-sampling's), half a pixel (1 at twice the resolution) for the second
        up-sampling's, and 4 at four times the resolution for the 9x9 tail: 4 + 2 * blocks + 1 + 1 + 2.
        """
        # The tail reaches 4 high-res pixels beyond the outermost sub-pixel, hence at most 2 at twice the
        # resolution; with the second 3x3's 1 that is 3 there: at most 2 low-res pixels.
        return 4 + 2 * self.blocks + 1 + 1 + 2

    @property
    def parameters(self) -> int:
        """Trainable parameters."""
        c = self.channels
        convolution = 9 * c * c + c
        norm = 2 * c if self.norm == "batch" else 0
        head = 81 * 3 * c + c + 1
        block = 2 * convolution + 2 * norm + 1
        upsampling = 4 * (9 * c * c + c) + 1
        tail = 81 * 3 * c + 3
        return head + self.blocks * block + convolution + norm + 2 * upsampling + tail
