"""The compact architecture, for video; in the manner of Real-ESRGAN's SRVGGNetCompact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from srgan.networks.architectures.description import Ops, Shapes, T, convolution_shapes, prelu_shapes


@dataclass(frozen=True, kw_only=True)
class Compact:
    """3x3 convolutions in a row, all at low resolution; what they give is added to the repeated input.

    Attributes:
        blocks: convolutions between the first and the last.
        channels: feature maps of each.
        scale: enlargement per side.
    """

    blocks: int
    channels: int
    scale: int

    blends_shift_colours: ClassVar[bool] = False  # what is added leaves colours as they are

    def shapes(self) -> Shapes:
        """See :meth:`~srgan.networks.architectures.description.Architecture.shapes`."""
        c = self.channels
        shapes = convolution_shapes("head", 3, c, 3) | prelu_shapes("head_activation")
        for block in (f"blocks.{index}" for index in range(self.blocks)):
            shapes |= convolution_shapes(f"{block}.conv", c, c, 3) | prelu_shapes(f"{block}.activation")
        return shapes | convolution_shapes("tail", c, 3 * self.scale**2, 3)

    def forward(self, ops: Ops[T], picture: T) -> T:
        """See :meth:`~srgan.networks.architectures.description.Architecture.forward`."""
        x = ops.prelu(ops.first_convolution(picture, "head"), "head_activation")
        for block in (f"blocks.{index}" for index in range(self.blocks)):
            x = ops.prelu(ops.convolution(x, f"{block}.conv"), f"{block}.activation")
        details = ops.last_convolution(x, "tail", self.scale)
        return ops.picture(ops.add_repeated(details, picture, self.scale), self.scale)
