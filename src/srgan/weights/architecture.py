"""What a generator is made of, in figures: enough to rebuild it, and to know what its results depend on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

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

    SCALE: ClassVar[int] = 4

    @property
    def halo(self) -> int:
        """Low-res pixels around a pixel that its result depends on.

        Radius 4 of the 9x9 head, 1 for each 3x3 convolution at low resolution (two a block, the trunk's
        and the first up-sampling's), half a pixel (1 at twice the resolution) for the second
        up-sampling's, and 4 at four times the resolution for the 9x9 tail.
        """
        # The tail reaches 4 pixels at four times the size, that is 2 cells at twice the size; with the 1 of
        # the second up-sampling's 3x3 that is 3 there, which lie within 2 low-res pixels.
        return 4 + 2 * self.blocks + 1 + 1 + 2

    @property
    def parameters(self) -> int:
        """Number of trainable parameters; the running statistics of a norm are not among them."""
        return sum(
            math.prod(shape)
            for name, shape in self.shapes().items()
            if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor in a model file, by the name it has in the generator's ``state_dict``."""
        c = self.channels
        shapes: dict[str, tuple[int, ...]] = {}

        def convolution(name: str, inputs: int, outputs: int, size: int) -> None:
            shapes[f"{name}.weight"] = (outputs, inputs, size, size)
            shapes[f"{name}.bias"] = (outputs,)

        def norm(name: str) -> None:
            if self.norm == "batch":
                for statistic in ("weight", "bias", "running_mean", "running_var"):
                    shapes[f"{name}.{statistic}"] = (c,)
                shapes[f"{name}.num_batches_tracked"] = ()

        convolution("head", 3, c, 9)
        shapes["head_activation.weight"] = (1,)
        for block in range(self.blocks):
            convolution(f"blocks.{block}.conv1", c, c, 3)
            norm(f"blocks.{block}.norm1")
            shapes[f"blocks.{block}.activation.weight"] = (1,)
            convolution(f"blocks.{block}.conv2", c, c, 3)
            norm(f"blocks.{block}.norm2")
        convolution("trunk", c, c, 3)
        norm("trunk_norm")
        for stage in range(2):
            convolution(f"upsample.{stage}.conv", c, 4 * c, 3)
            shapes[f"upsample.{stage}.activation.weight"] = (1,)
        convolution("tail", c, 3, 9)
        return shapes
