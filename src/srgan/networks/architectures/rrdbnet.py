"""RRDBNet: ESRGAN's generator, arXiv 1809.00219, and Real-ESRGAN's, arXiv 2107.10833."""

from __future__ import annotations

from dataclasses import dataclass

from srgan.networks.architectures.description import Ops, Shapes, T, convolution_shapes
from srgan.networks.architectures.folding import Tensors
from srgan.networks.architectures.recognised import Recognised, UnfitError, count, renamed, root, shape

_SLOPE = 0.2  # of every LeakyReLU
_SHARE = 0.2  # factor on what a block adds to its input

# Names of the first implementation, which numbered its layers, and of the second.
_FIRST = (
    (r"model\.0\.(\w+)", r"conv_first.\1"),
    (r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.(\w+)", r"body.\1.rdb\2.conv\3.\4"),
    (r"model\.1\.sub\.\d+\.(\w+)", r"conv_body.\1"),
)
_SECOND = (
    (r"RRDB_trunk\.(\d+)\.RDB(\d)\.(.+)", r"body.\1.rdb\2.\3"),
    (r"trunk_conv\.(\w+)", r"conv_body.\1"),
    (r"upconv(\d)\.(\w+)", r"conv_up\1.\2"),
    (r"HRconv\.(\w+)", r"conv_hr.\1"),
)


@dataclass(frozen=True, kw_only=True)
class RRDBNet:
    """Dense blocks in residual blocks at low resolution, then upscalings by two, each with a convolution.

    Attributes:
        blocks: residual blocks, of three dense blocks each.
        channels: feature maps of every block.
        growth: feature maps that each layer of a dense block adds.
        enlargements: how many times it upscales by two.
        unshuffle: side of the squares of pixels that are moved into channels first; 1 for none.
    """

    blocks: int
    channels: int
    growth: int
    enlargements: int
    unshuffle: int

    def shapes(self) -> Shapes:
        """See :meth:`~srgan.networks.architectures.description.Architecture.shapes`."""
        c, growth = self.channels, self.growth
        shapes = convolution_shapes("conv_first", 3 * self.unshuffle**2, c, 3)
        for dense in (f"body.{index}.rdb{part}" for index in range(self.blocks) for part in (1, 2, 3)):
            for layer in range(5):
                outputs = growth if layer < 4 else c
                shapes |= convolution_shapes(f"{dense}.conv{layer + 1}", c + layer * growth, outputs, 3)
        for name in ("conv_body", *self._ups(), "conv_hr"):
            shapes |= convolution_shapes(name, c, c, 3)
        return shapes | convolution_shapes("conv_last", c, 3, 3)

    def forward(self, ops: Ops[T], picture: T) -> T:
        """See :meth:`~srgan.networks.architectures.description.Architecture.forward`."""
        small = picture if self.unshuffle == 1 else ops.unshuffle(picture, self.unshuffle)
        head = x = ops.first_convolution(small, "conv_first")
        for index in range(self.blocks):
            y = x
            for part in (1, 2, 3):
                y = _dense(ops, y, f"body.{index}.rdb{part}")
            x = ops.add(y, x, _SHARE)
        x = ops.add(ops.convolution(x, "conv_body"), head)
        for name in self._ups():
            x = ops.leaky_relu(ops.convolution(ops.enlarge(x, 2), name), _SLOPE)
        x = ops.leaky_relu(ops.convolution(x, "conv_hr"), _SLOPE)
        return ops.picture(ops.last_convolution(x, "conv_last", 1), 1)

    def _ups(self) -> list[str]:
        return [f"conv_up{number + 1}" for number in range(self.enlargements)]


def _dense(ops: Ops[T], x: T, name: str) -> T:
    maps = [x]
    for layer in range(1, 5):
        seen = ops.concat(maps) if len(maps) > 1 else x
        maps.append(ops.leaky_relu(ops.convolution(seen, f"{name}.conv{layer}"), _SLOPE))
    return ops.add(ops.convolution(ops.concat(maps), f"{name}.conv5"), x, _SHARE)


def recognise(tensors: Tensors) -> Recognised | None:
    """Recognises an RRDBNet by any of three sets of tensor names; None if it is something else.

    Raises:
        UnfitError: if it is one that cannot be run.
    """
    if "model.1.sub.0.RDB1.conv1.0.weight" in tensors:
        last = sorted({int(name.split(".")[1]) for name in tensors if name.startswith("model.")})[2:]
        numbered = [*(f"conv_up{number + 1}" for number in range(len(last) - 2)), "conv_hr", "conv_last"]
        rules = [(rf"model\.{at}\.(\w+)", rf"{name}.\1") for at, name in zip(last, numbered, strict=False)]
        tensors = renamed(tensors, (*_FIRST, *rules))
    elif "RRDB_trunk.0.RDB1.conv1.weight" in tensors:
        tensors = renamed(tensors, _SECOND)
    elif "body.0.rdb1.conv1.weight" not in tensors:
        return None
    channels, inputs, *_ = shape(tensors, "conv_first.weight")
    unshuffle = root(inputs // 3, "its scale") if inputs % 3 == 0 else 0
    if not unshuffle or shape(tensors, "conv_last.weight")[0] != 3:
        raise UnfitError("its input and output are not both RGB pictures")
    architecture = RRDBNet(
        blocks=count(tensors, r"body\.(\d+)\..*"),
        channels=channels,
        growth=shape(tensors, "body.0.rdb1.conv1.weight")[0],
        enlargements=sum(f"conv_up{number}.weight" in tensors for number in range(1, 9)),
        unshuffle=unshuffle,
    )
    if 2**architecture.enlargements % unshuffle:
        raise UnfitError("its scale is not a whole number")
    return Recognised(
        name="RRDBNet",
        blocks=architecture.blocks,
        channels=channels,
        architecture=architecture,
        tensors=tensors,
    )
