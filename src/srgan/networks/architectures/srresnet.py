"""SRResNet: the generator of the SRGAN, arXiv 1609.04802, figure 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from srgan.networks.architectures.description import (
    OwnOps,
    Shapes,
    T,
    convolution_shapes,
    norm_shapes,
    prelu_shapes,
)


@dataclass(frozen=True, kw_only=True)
class SRResNet:
    """Residual blocks at low resolution, then two PixelShuffle(2): 4x per side.

    Attributes:
        blocks: residual blocks.
        channels: feature maps of every block.
        has_norm: whether there are batch norms, as in the paper.
    """

    blocks: int
    channels: int
    has_norm: bool

    blends_shift_colours: ClassVar[bool] = True

    def shapes(self) -> Shapes:
        """See :meth:`~srgan.networks.architectures.description.Architecture.shapes`."""
        c = self.channels

        def norm(name: str) -> Shapes:
            return norm_shapes(name, c) if self.has_norm else {}

        shapes = convolution_shapes("head", 3, c, 9) | prelu_shapes("head_activation")
        for block in (f"blocks.{index}" for index in range(self.blocks)):
            shapes |= convolution_shapes(f"{block}.conv1", c, c, 3) | norm(f"{block}.norm1")
            shapes |= prelu_shapes(f"{block}.activation")
            shapes |= convolution_shapes(f"{block}.conv2", c, c, 3) | norm(f"{block}.norm2")
        shapes |= convolution_shapes("trunk", c, c, 3) | norm("trunk_norm")
        for stage in ("upsample.0", "upsample.1"):
            shapes |= convolution_shapes(f"{stage}.conv", c, 4 * c, 3) | prelu_shapes(f"{stage}.activation")
        return shapes | convolution_shapes("tail", c, 3, 9)

    def forward(self, ops: OwnOps[T], picture: T) -> T:
        """See :meth:`~srgan.networks.architectures.description.Architecture.forward`.

        The paper shuffles before the activation. With one slope for all channels the order does not matter.
        """
        head = x = ops.prelu(ops.first_convolution(picture, "head"), "head_activation")
        for block in (f"blocks.{index}" for index in range(self.blocks)):
            y = ops.prelu(ops.convolution(x, f"{block}.conv1", f"{block}.norm1"), f"{block}.activation")
            x = ops.add(ops.convolution(y, f"{block}.conv2", f"{block}.norm2"), x)
        x = ops.add(ops.convolution(x, "trunk", "trunk_norm"), head)
        x = ops.shuffle(ops.prelu(ops.convolution(x, "upsample.0.conv"), "upsample.0.activation"), 2)
        x = ops.prelu(ops.convolution(x, "upsample.1.conv"), "upsample.1.activation")
        # The convolution from many channels to 3 at full size fills vector units badly.
        return ops.picture(ops.last_convolution_of_shuffled(x, "tail", 2), 2)
