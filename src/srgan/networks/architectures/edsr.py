"""EDSR: Enhanced Deep Super-Resolution, arXiv 1707.02921."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srgan.networks.architectures.description import Ops, Shapes, T, convolution_shapes
from srgan.networks.architectures.folding import Array, Tensors
from srgan.networks.architectures.recognised import Recognised, UnfitError, count, renamed, root, shape

_WHITE = np.float32(255.0)  # its pictures are from 0 to 255, ours from 0 to 1
_MEAN = np.array([0.4488, 0.4371, 0.4040], np.float32)  # DIV2K's mean colour, subtracted first

# Names of the authors' own implementation; others follow BasicSR's.
_AUTHORS = (
    (r"head\.0\.(\w+)", r"conv_first.\1"),
    (r"body\.(\d+)\.body\.0\.(\w+)", r"body.\1.conv1.\2"),
    (r"body\.(\d+)\.body\.2\.(\w+)", r"body.\1.conv2.\2"),
    (r"body\.\d+\.(weight|bias)", r"conv_after_body.\1"),
    (r"tail\.0\.(\d+)\.(\w+)", r"upsample.\1.\2"),
    (r"tail\.1\.(\w+)", r"conv_last.\1"),
)
_MMAGIC = ((r"upsample\.(\d+)\.upsample_conv\.(\w+)", r"upsample.\1.\2"),)


@dataclass(frozen=True, kw_only=True)
class EDSR:
    """Residual blocks at low resolution, then pixel shuffles.

    Attributes:
        blocks: residual blocks.
        channels: feature maps of every block.
        sides: of the pixel shuffles: (2,), (3,), (2, 2) or (2, 2, 2).
        share: factor on what a block adds to its input.
        gap: difference between the numbers in the names of the pixel shuffles' convolutions.
    """

    blocks: int
    channels: int
    sides: tuple[int, ...]
    share: float
    gap: int

    def shapes(self) -> Shapes:
        """See :meth:`~srgan.networks.architectures.description.Architecture.shapes`."""
        c = self.channels
        shapes = {"mean.bias": (3,), **convolution_shapes("conv_first", 3, c, 3)}
        for name in (f"body.{index}.conv{half}" for index in range(self.blocks) for half in (1, 2)):
            shapes |= convolution_shapes(name, c, c, 3)
        shapes |= convolution_shapes("conv_after_body", c, c, 3)
        for name, side in self._ups():
            shapes |= convolution_shapes(name, c, c * side**2, 3)
        return shapes | convolution_shapes("conv_last", c, 3, 3)

    def forward(self, ops: Ops[T], picture: T) -> T:
        """See :meth:`~srgan.networks.architectures.description.Architecture.forward`."""
        head = x = ops.first_convolution(ops.shift(picture, "mean"), "conv_first")
        for block in (f"body.{index}" for index in range(self.blocks)):
            y = ops.leaky_relu(ops.convolution(x, f"{block}.conv1"), 0.0)
            x = ops.add(ops.convolution(y, f"{block}.conv2"), x, self.share)
        x = ops.add(ops.convolution(x, "conv_after_body"), head)
        for name, side in self._ups():
            x = ops.shuffle(ops.convolution(x, name), side)
        return ops.picture(ops.last_convolution(x, "conv_last", 1), 1)

    def _ups(self) -> list[tuple[str, int]]:
        return [(f"upsample.{self.gap * number}", side) for number, side in enumerate(self.sides)]


def recognise(tensors: Tensors) -> Recognised | None:
    """Recognises an EDSR by its authors' tensor names, BasicSR's or mmagic's; None if it is something else.

    Tensors do not show the share of a block: it is 0.1 in the large network of 256 channels and 1 in
    all others, as in the authors' code.

    Raises:
        UnfitError: if it is one that cannot be run.
    """
    if "head.0.weight" in tensors and "body.0.body.0.weight" in tensors:
        mean = -tensors["sub_mean.bias"] / _WHITE if "sub_mean.bias" in tensors else _MEAN
        tensors = renamed(_without_means(tensors), _AUTHORS)
    else:
        mean, tensors = _MEAN, renamed(_without_means(tensors), _MMAGIC)
    if not {"conv_first.weight", "body.0.conv1.weight", "conv_after_body.weight"} <= tensors.keys():
        return None
    channels, inputs, *_ = shape(tensors, "conv_first.weight")
    if inputs != 3 or shape(tensors, "conv_last.weight")[0] != 3 or mean.shape != (3,):
        raise UnfitError("its input and output are not both RGB pictures")
    ups = sorted(name for name in tensors if name.startswith("upsample.") and name.endswith(".weight"))
    blocks = count(tensors, r"body\.(\d+)\..*")
    architecture = EDSR(
        blocks=blocks,
        channels=channels,
        sides=tuple(root(shape(tensors, name)[0] // channels, "its scale") for name in ups),
        share=0.1 if channels == 256 else 1.0,
        gap=1 if "upsample.1.weight" in tensors else 2,
    )
    return Recognised(
        name="EDSR",
        blocks=blocks,
        channels=channels,
        architecture=architecture,
        tensors=_in_ours(tensors, mean),
    )


def _without_means(tensors: Tensors) -> dict[str, Array]:
    return {
        name: tensor for name, tensor in tensors.items() if not name.startswith(("sub_mean.", "add_mean."))
    }


def _in_ours(tensors: Tensors, mean: Array) -> dict[str, Array]:
    """Returns the same for pictures from 0 to 1, by changing the first layer and the last."""
    changed = {
        "mean.bias": -mean,
        "conv_first.weight": tensors["conv_first.weight"] * _WHITE,
        "conv_last.weight": tensors["conv_last.weight"] / _WHITE,
    }
    if "conv_last.bias" in tensors:
        changed["conv_last.bias"] = tensors["conv_last.bias"] / _WHITE + mean
    return {**tensors, **changed}
