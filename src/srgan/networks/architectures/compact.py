"""The compact architecture, for video; in the manner of Real-ESRGAN's SRVGGNetCompact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from srgan.networks.architectures.description import OwnOps, Shapes, T, convolution_shapes, prelu_shapes


@dataclass(frozen=True, kw_only=True)
class Compact:
    """A chain of 3x3 convolutions at low resolution, whose result is added to the repeated input.

    Attributes:
        blocks: convolutions between the first and the last.
        channels: feature maps of each.
        scale: upscaling factor per side.
        slopes: learned slopes of each activation: 1, or one for each channel; 0: all have the same ``slope``.
        slope: of activations without learned slopes.
    """

    blocks: int
    channels: int
    scale: int
    slopes: int = 1
    slope: float = 0.0

    blends_shift_colours: ClassVar[bool] = False  # what is added leaves colours as they are

    def shapes(self) -> Shapes:
        """See :meth:`~srgan.networks.architectures.description.Architecture.shapes`."""
        c = self.channels

        def activation(name: str) -> Shapes:
            return prelu_shapes(name, self.slopes) if self.slopes else {}

        shapes = convolution_shapes("head", 3, c, 3) | activation("head_activation")
        for block in (f"blocks.{index}" for index in range(self.blocks)):
            shapes |= convolution_shapes(f"{block}.conv", c, c, 3) | activation(f"{block}.activation")
        return shapes | convolution_shapes("tail", c, 3 * self.scale**2, 3)

    def forward(self, ops: OwnOps[T], picture: T) -> T:
        """See :meth:`~srgan.networks.architectures.description.Architecture.forward`."""

        def activation(x: T, name: str) -> T:
            return ops.prelu(x, name) if self.slopes else ops.leaky_relu(x, self.slope)

        x = activation(ops.first_convolution(picture, "head"), "head_activation")
        for block in (f"blocks.{index}" for index in range(self.blocks)):
            x = activation(ops.convolution(x, f"{block}.conv"), f"{block}.activation")
        details = ops.last_convolution(x, "tail", self.scale)
        return ops.picture(ops.add_repeated(details, picture, self.scale), self.scale)
