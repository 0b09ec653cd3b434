"""Dimensions of srgan's own generators, as recipes and cards write them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from srgan.networks.architectures.compact import Compact
from srgan.networks.architectures.description import OwnArchitecture, Shapes
from srgan.networks.architectures.srresnet import SRResNet
from srgan.networks.architectures.trace import trace

ArchitectureName = Literal["srresnet", "compact"]
Norm = Literal["batch", "none"]


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig:
    """Dimensions of a generator.

    Attributes:
        architecture: ``"srresnet"`` (SRGAN's, arXiv 1609.04802, figure 4) or ``"compact"`` (for video).
        blocks: number of residual blocks; in the compact architecture, of convolutions between the first and
            the last.
        channels: number of feature maps of every block.
        norm: ``"batch"`` (as in the paper) or ``"none"``; the compact architecture has none.
    """

    architecture: ArchitectureName = "srresnet"
    blocks: int = 16
    channels: int = 64
    norm: Norm = "none"

    SCALE: ClassVar[int] = 4

    @property
    def scale(self) -> int:
        """Upscaling factor per side."""
        return self.SCALE

    def describe(self) -> OwnArchitecture:
        """Returns the architecture with these dimensions."""
        if self.architecture == "compact":
            return Compact(blocks=self.blocks, channels=self.channels, scale=self.SCALE)
        return SRResNet(blocks=self.blocks, channels=self.channels, has_norm=self.norm == "batch")

    @property
    def radius(self) -> int:
        """Low-res pixels around a pixel, at each side, that its result depends on."""
        return trace(self.describe()).radius

    @property
    def parameters(self) -> int:
        """Number of trainable parameters; the running statistics of a norm are not among them."""
        return sum(
            math.prod(shape)
            for name, shape in self.shapes().items()
            if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
        )

    def shapes(self) -> Shapes:
        """Returns the shape of every tensor in a model file, by name in the generator's ``state_dict``."""
        return self.describe().shapes()
