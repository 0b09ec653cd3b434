"""What a generator is made of, in figures: enough to rebuild it, and to know what its results depend on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

Kind = Literal["srresnet", "compact"]
Norm = Literal["batch", "none"]
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig:
    """Dimensions of a generator.

    Attributes:
        kind: ``"srresnet"``, the SRGAN's (arXiv 1609.04802, figure 4), or ``"compact"``, for video.
        blocks: residual blocks; of the compact kind, the convolutions between its first and its last.
        channels: feature maps of every block.
        norm: ``"batch"`` as in the paper, or ``"none"``; the compact kind has none.
    """

    kind: Kind = "srresnet"
    blocks: int = 16
    channels: int = 64
    norm: Norm = "none"

    SCALE: ClassVar[int] = 4

    @property
    def scale(self) -> int:
        """Enlargement per side."""
        return self.SCALE

    @property
    def halo(self) -> int:
        """Low-res pixels around a pixel that its result depends on.

        Of the compact kind: 1 for each of its 3x3 convolutions, all at low resolution.

        Of the SRResNet: radius 4 of the 9x9 head, 1 for each 3x3 convolution at low resolution (two a block,
        the trunk's and the first up-sampling's), half a pixel (1 at twice the resolution) for the second
        up-sampling's, and 4 at four times the resolution for the 9x9 tail.
        """
        if self.kind == "compact":
            return 1 + self.blocks + 1
        # The tail reaches 4 pixels at four times the size, that is 2 cells at twice the size; with the 1 of
        # the second up-sampling's 3x3 that is 3 there, which lie within 2 low-res pixels.
        return 4 + 2 * self.blocks + 1 + 1 + 2

    @property
    def widest(self) -> int:
        """Values of the widest layer's result, for every low-res pixel."""
        if self.kind == "compact":
            return max(self.channels, 3 * self.SCALE**2)
        return 4 * self.channels * 2**2  # the second up-sampling's convolution, at twice the size

    @property
    def parameters(self) -> int:
        """Number of trainable parameters; the running statistics of a norm are not among them."""
        return sum(
            math.prod(shape)
            for name, shape in self.shapes().items()
            if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
        )

    def shapes(self) -> Shapes:
        """Shape of every tensor in a model file, by the name it has in the generator's ``state_dict``."""
        return _compact_shapes(self) if self.kind == "compact" else _srresnet_shapes(self)


def _compact_shapes(config: GeneratorConfig) -> Shapes:
    c = config.channels
    shapes = _convolution("head", 3, c, 3) | {"head_activation.weight": (1,)}
    for block in range(config.blocks):
        shapes |= _convolution(f"blocks.{block}.conv", c, c, 3)
        shapes[f"blocks.{block}.activation.weight"] = (1,)
    return shapes | _convolution("tail", c, 3 * config.SCALE**2, 3)


def _srresnet_shapes(config: GeneratorConfig) -> Shapes:
    c = config.channels

    def norm(name: str) -> Shapes:
        if config.norm == "none":
            return {}
        statistics = ("weight", "bias", "running_mean", "running_var")
        return {f"{name}.{statistic}": (c,) for statistic in statistics} | {f"{name}.num_batches_tracked": ()}

    shapes = _convolution("head", 3, c, 9) | {"head_activation.weight": (1,)}
    for block in range(config.blocks):
        shapes |= _convolution(f"blocks.{block}.conv1", c, c, 3) | norm(f"blocks.{block}.norm1")
        shapes[f"blocks.{block}.activation.weight"] = (1,)
        shapes |= _convolution(f"blocks.{block}.conv2", c, c, 3) | norm(f"blocks.{block}.norm2")
    shapes |= _convolution("trunk", c, c, 3) | norm("trunk_norm")
    for stage in range(2):
        shapes |= _convolution(f"upsample.{stage}.conv", c, 4 * c, 3)
        shapes[f"upsample.{stage}.activation.weight"] = (1,)
    return shapes | _convolution("tail", c, 3, 9)


def _convolution(name: str, inputs: int, outputs: int, size: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, size, size), f"{name}.bias": (outputs,)}
