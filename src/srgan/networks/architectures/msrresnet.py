"""MSRResNet: the SRResNet without batch norms that ESRGAN's authors compare with (BasicSR, mmagic)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from srgan.networks.architectures.description import Ops, Shapes, T, convolution_shapes
from srgan.networks.architectures.folding import Tensors
from srgan.networks.architectures.recognised import Recognised, UnfitError, count, renamed, root, shape

_SLOPE = 0.1

_OLDER = (
    (r"recon_trunk\.(.+)", r"body.\1"),
    (r"HRconv\.(\w+)", r"conv_hr.\1"),
)


@dataclass(frozen=True, kw_only=True)
class MSRResNet:
    """Residual blocks at low resolution, then pixel shuffles; the result is added to the upscaled input.

    Attributes:
        blocks: residual blocks.
        channels: feature maps of every block.
        sides: of the pixel shuffles: (2,), (3,) or (2, 2).
    """

    blocks: int
    channels: int
    sides: tuple[int, ...]

    def shapes(self) -> Shapes:
        """See :meth:`~srgan.networks.architectures.description.Architecture.shapes`."""
        c = self.channels
        shapes = convolution_shapes("conv_first", 3, c, 3)
        for name in (f"body.{index}.conv{half}" for index in range(self.blocks) for half in (1, 2)):
            shapes |= convolution_shapes(name, c, c, 3)
        for number, side in enumerate(self.sides, 1):
            shapes |= convolution_shapes(f"upconv{number}", c, c * side**2, 3)
        return shapes | convolution_shapes("conv_hr", c, c, 3) | convolution_shapes("conv_last", c, 3, 3)

    def forward(self, ops: Ops[T], picture: T) -> T:
        """See :meth:`~srgan.networks.architectures.description.Architecture.forward`."""
        x = ops.leaky_relu(ops.first_convolution(picture, "conv_first"), _SLOPE)
        scale = 1
        for block in (f"body.{index}" for index in range(self.blocks)):
            y = ops.leaky_relu(ops.convolution(x, f"{block}.conv1"), 0.0)
            x = ops.add(ops.convolution(y, f"{block}.conv2"), x)
        for number, side in enumerate(self.sides, 1):
            # One slope for all channels: the order of shuffle and activation does not matter.
            x = ops.shuffle(ops.leaky_relu(ops.convolution(x, f"upconv{number}"), _SLOPE), side)
            scale *= side
        x = ops.leaky_relu(ops.convolution(x, "conv_hr"), _SLOPE)
        details = ops.last_convolution(x, "conv_last", 1)
        return ops.picture(ops.add(details, ops.resized(picture, Fraction(scale), "bilinear")), 1)


def recognise(tensors: Tensors) -> Recognised | None:
    """Recognises an MSRResNet by either set of tensor names; None if it is something else.

    Raises:
        UnfitError: if it is one that cannot be run.
    """
    tensors = renamed(tensors, _OLDER)
    if not {"conv_first.weight", "body.0.conv1.weight", "conv_hr.weight"} <= tensors.keys():
        return None
    channels, inputs, *_ = shape(tensors, "conv_first.weight")
    if inputs != 3 or shape(tensors, "conv_last.weight")[0] != 3:
        raise UnfitError("its input and output are not both RGB pictures")
    ups = [name for name in ("upconv1.weight", "upconv2.weight") if name in tensors]
    blocks = count(tensors, r"body\.(\d+)\..*")
    architecture = MSRResNet(
        blocks=blocks,
        channels=channels,
        sides=tuple(root(shape(tensors, name)[0] // channels, "its scale") for name in ups),
    )
    return Recognised(
        name="MSRResNet", blocks=blocks, channels=channels, architecture=architecture, tensors=tensors
    )
