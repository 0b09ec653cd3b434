"""SPAN: Swift Parameter-free Attention Network, arXiv 2311.12770."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srgan.networks.architectures.description import Ops, Shapes, T, convolution_shapes
from srgan.networks.architectures.folding import Array, Tensors, layer
from srgan.networks.architectures.recognised import Recognised, UnfitError, root, shape

_BLOCKS = 6
_WHITE = np.float32(255.0)  # its pictures are from 0 to 255, ours from 0 to 1
_MEAN = np.array([0.4488, 0.4371, 0.4040], np.float32)  # DIV2K's mean colour, subtracted first


@dataclass(frozen=True, kw_only=True)
class SPAN:
    """Six blocks at low resolution, each weighting its result by an odd function of itself.

    Attributes:
        channels: feature maps of every block.
        scale: upscaling factor per side.
        has_mean: whether a mean colour is subtracted from the picture first.
    """

    channels: int
    scale: int
    has_mean: bool

    def shapes(self) -> Shapes:
        """See :meth:`~srgan.networks.architectures.description.Architecture.shapes`."""
        c = self.channels
        shapes: Shapes = {"mean.bias": (3,)} if self.has_mean else {}
        shapes |= convolution_shapes("conv_1", 3, c, 3)
        for name in _inner():
            shapes |= convolution_shapes(name, c, c, 3)
        shapes |= convolution_shapes("conv_cat", 4 * c, c, 1)
        return shapes | convolution_shapes("upsampler.0", c, 3 * self.scale**2, 3)

    def forward(self, ops: Ops[T], picture: T) -> T:
        """See :meth:`~srgan.networks.architectures.description.Architecture.forward`."""
        shifted = ops.shift(picture, "mean") if self.has_mean else picture
        head = x = inner = ops.first_convolution(shifted, "conv_1")
        results = []
        for block in (f"block_{number + 1}" for number in range(_BLOCKS)):
            # The authors' SiLU works in place: the last layers read this after it.
            inner = _silu(ops, ops.convolution(x, f"{block}.c1_r"))
            y = _silu(ops, ops.convolution(inner, f"{block}.c2_r"))
            y = ops.convolution(y, f"{block}.c3_r")
            both = ops.add(y, x)
            x = ops.add(both, ops.multiply(ops.sigmoid(y), both), -0.5)
            results.append(x)
        last = ops.convolution(x, "conv_2")
        x = ops.convolution(ops.concat([head, last, results[0], inner]), "conv_cat")
        return ops.picture(ops.last_convolution(x, "upsampler.0", self.scale), self.scale)


def _silu(ops: Ops[T], x: T) -> T:
    return ops.multiply(x, ops.sigmoid(x))


def _inner() -> list[str]:
    """Returns the 3x3 convolutions between feature maps."""
    blocks = [f"block_{number + 1}.c{part}_r" for number in range(_BLOCKS) for part in (1, 2, 3)]
    return [*blocks, "conv_2"]


def recognise(tensors: Tensors) -> Recognised | None:
    """Recognises a SPAN; None if it is something else.

    Raises:
        UnfitError: if it is one that cannot be run.
    """
    if "block_1.c1_r.sk.weight" not in tensors:
        return None
    channels, inputs, *_ = shape(tensors, "conv_1.sk.weight")
    outputs = shape(tensors, "upsampler.0.weight")[0]
    if inputs != 3 or outputs % 3:
        raise UnfitError("its input and output are not both RGB pictures")
    has_mean = "no_norm" not in tensors
    architecture = SPAN(channels=channels, scale=root(outputs // 3, "its scale"), has_mean=has_mean)
    merged = _merged(tensors)
    if has_mean:
        merged["mean.bias"] = -_MEAN
        merged["conv_1.weight"] = merged["conv_1.weight"] * _WHITE
    return Recognised(
        name="SPAN", blocks=_BLOCKS, channels=channels, architecture=architecture, tensors=merged
    )


def _merged(tensors: Tensors) -> dict[str, Array]:
    """Merges the convolutions that are trained in threes, with the one beside them, into an equivalent 3x3.

    Files hold such a 3x3 too (``eval_conv``), which may be out of date.
    """
    merged = {name: tensor for name, tensor in tensors.items() if name != "no_norm"}
    for name in ("conv_1", *_inner()):
        parts = [f"{name}.conv.0", f"{name}.conv.1", f"{name}.conv.2", f"{name}.sk"]
        for part, size in zip(parts, (1, 3, 1, 1), strict=True):
            if shape(tensors, f"{part}.weight")[2:] != (size, size):
                raise UnfitError(f"the tensor '{part}.weight' is misshapen")
            shape(tensors, f"{part}.bias", 1)
        (w1, b1), (w2, b2), (w3, b3), (beside, beside_bias) = (layer(tensors, part) for part in parts)
        try:
            weight = np.einsum("ab,bcij,cd->adij", w3[..., 0, 0], w2, w1[..., 0, 0], optimize=True)
            weight[..., 1, 1] += beside[..., 0, 0]
            bias = w3[..., 0, 0] @ (np.einsum("bcij,c->b", w2, b1) + b2) + b3 + beside_bias
        except ValueError:
            raise UnfitError(f"the tensors of '{name}' do not go together") from None
        for part in (*parts, f"{name}.eval_conv"):
            merged.pop(f"{part}.weight", None)
            merged.pop(f"{part}.bias", None)
        merged[f"{name}.weight"], merged[f"{name}.bias"] = weight, bias
    return merged
