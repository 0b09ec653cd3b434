"""The generator as an OpenVINO graph, built from its parameters: no ONNX, no PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.engines.precise import keep_precise
from srgan.networks.architecture import GeneratorConfig
from srgan.networks.norm import fold_norm

_Tensors = Mapping[str, NDArray[np.float32]]


def fold_shuffle(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """The convolution before a PixelShuffle(2) that equals ``weight``'s convolution after it.

    Exact: values are only moved. The same as ``fold_shuffle`` of the training's generator, but with the
    output's sub-pixel outermost, so that the last shuffle moves runs of (column, RGB) in one piece.

    Args:
        weight: (out, in, 9, 9), used with padding 4.

    Returns:
        (4 * out, 4 * in, 5, 5); output channels in the order (row, column, out).
    """
    out_channels, in_channels = weight.shape[:2]
    phases = []
    for row in range(2):
        for column in range(2):
            # Ten taps, shifted by the output's sub-pixel: pairs of taps are then the cells.
            taps = np.pad(weight, ((0, 0), (0, 0), (row, 1 - row), (column, 1 - column)))
            cells = taps.reshape(out_channels, in_channels, 5, 2, 5, 2).transpose(0, 1, 3, 5, 2, 4)
            phases.append(cells.reshape(out_channels, 4 * in_channels, 5, 5))
    return np.concatenate(phases)


def build_model(config: GeneratorConfig, tensors: _Tensors, *, is_byte: bool, context: int) -> Any:
    """Builds the graph of a generator for pictures of any number and size.

    Args:
        config: the generator's dimensions.
        tensors: its parameters, float32, by the names of its ``state_dict``.
        is_byte: uint8 in [0, 255] in and out, else float32 in [0, 1].
        context: pixels at each side of the input that have no result. Convolutions use them up instead of
            padding, from the last layer backwards, which saves up to half of the work on them.

    Returns:
        An ``openvino.Model``: (N, H, W, 3) -> (N, 4 * (H - 2 * context), 4 * (W - 2 * context), 3).
    """
    return _Builder(config, tensors, is_byte=is_byte, context=context).build()


class _Builder:
    """Builds one graph; ``_context`` is what is left of the context at the layer being added."""

    def __init__(self, config: GeneratorConfig, tensors: _Tensors, *, is_byte: bool, context: int) -> None:
        from openvino import opset13

        self._op = opset13
        self._config = config
        self._tensors = tensors
        self._is_byte = is_byte
        self._context = context

    def build(self) -> Any:
        from openvino import Model

        op = self._op
        picture = op.parameter([-1, -1, -1, 3], np.uint8 if self._is_byte else np.float32)
        x = op.convert(picture, "f32") if self._is_byte else picture
        x = keep_precise(op.transpose(x, [0, 3, 1, 2]))
        if self._config.kind == "compact":
            result = self._to_picture(self._compact(x), 4)
        else:
            result = self._to_picture(self._enlarge(self._low_resolution(x)), 2)
        model = Model([result], [picture], "srgan")
        # The cache tells models apart by names too, and names given by default count up through the process.
        for index, node in enumerate(model.get_ordered_ops()):
            node.set_friendly_name(f"node{index}")
        model.input().set_names({"picture"})
        model.output().set_names({"result"})
        return model

    def _compact(self, picture: Any) -> Any:
        """All of the compact kind: (N, 3, H, W) -> (N, 48, H', W'): 4x4 cells, as (row, column, RGB)."""
        context, need = self._context, self._config.blocks + 1
        x = self._head(picture, need)
        for block in range(self._config.blocks):
            need -= 1
            name = f"blocks.{block}"
            weight, bias = self._tensors[f"{name}.conv.weight"], self._tensors[f"{name}.conv.bias"]
            x = self._prelu(self._convolution(x, weight, bias, need), f"{name}.activation")
        # torch's shuffle wants (RGB, row, column).
        weight = self._tensors["tail.weight"]
        weight = weight.reshape(3, 16, *weight.shape[1:]).swapaxes(0, 1).reshape(weight.shape)
        details = self._tail(x, weight, self._tensors["tail.bias"].reshape(3, 16).T.reshape(-1))
        picture = keep_precise(self._crop(picture, context - self._context))
        enlarged = keep_precise(self._op.tile(picture, np.array([1, 16, 1, 1])))
        return keep_precise(self._op.add(details, enlarged))

    def _low_resolution(self, x: Any) -> Any:
        """The SRResNet's head, residual blocks and trunk: (N, 3, H, W) -> (N, channels, H', W')."""
        # What the layers after this one reach: two convolutions a block, the trunk, three pixels to enlarge.
        need = 2 * self._config.blocks + 1 + 3
        x = self._head(x, need)
        head, context = x, self._context
        for block in range(self._config.blocks):
            need -= 2
            x = self._block(x, f"blocks.{block}", need)
        y = self._convolution(x, *fold_norm(self._tensors, "trunk", "trunk_norm"), 3)
        return self._add(y, head, context)

    def _block(self, x: Any, name: str, need: int) -> Any:
        context = self._context
        y = self._convolution(x, *fold_norm(self._tensors, f"{name}.conv1", f"{name}.norm1"), need + 1)
        y = self._prelu(y, f"{name}.activation")
        y = self._convolution(y, *fold_norm(self._tensors, f"{name}.conv2", f"{name}.norm2"), need)
        return self._add(y, x, context)

    def _add(self, y: Any, x: Any, context: int) -> Any:
        """``y + x``, where ``x`` has the context that there was before ``y``.

        What goes from block to block stays in float32: rounded to bf16 each time, it is most of what bf16
        changes. The convolutions round what they read of it, which costs next to nothing.
        """
        return keep_precise(self._op.add(y, self._crop(x, context - self._context)))

    def _enlarge(self, x: Any) -> Any:
        """(N, channels, H, W) -> (N, 12, 2H', 2W'): 2x2 cells of the result, as (row, column, RGB)."""
        tensors = self._tensors
        x = self._convolution(x, tensors["upsample.0.conv.weight"], tensors["upsample.0.conv.bias"], 2)
        x = self._op.depth_to_space(self._prelu(x, "upsample.0.activation"), "depth_first", 2)
        self._context *= 2
        x = self._convolution(x, tensors["upsample.1.conv.weight"], tensors["upsample.1.conv.bias"], 2)
        x = self._prelu(x, "upsample.1.activation")
        return self._tail(x, fold_shuffle(tensors["tail.weight"]), np.tile(tensors["tail.bias"], 4))

    def _head(self, x: Any, need: int) -> Any:
        weight, bias = self._tensors["head.weight"], self._tensors["head.bias"]
        if self._is_byte:
            weight = weight / np.float32(255.0)
        # In bf16 the picture itself would be rounded: to steps of a whole level of 255 near white.
        return self._prelu(self._convolution(x, weight, bias, need, is_precise=True), "head_activation")

    def _tail(self, x: Any, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> Any:
        if self._is_byte:
            weight, bias = weight * np.float32(255.0), bias * np.float32(255.0)
        return self._convolution(x, weight, bias, 0)

    def _to_picture(self, cells: Any, side: int) -> Any:
        """(N, side * side * 3, H, W), cells as (row, column, RGB) -> (N, side * H, side * W, 3).

        Clipped; bytes are rounded. What is left of the context is cut off.
        """
        op = self._op
        x = op.clamp(cells, 0.0, 255.0 if self._is_byte else 1.0)
        if self._is_byte:
            x = op.convert(op.round(x, "half_to_even"), "u8")
        x = op.transpose(x, [0, 2, 3, 1])
        shape = op.shape_of(x, "i64")
        number, height, width = (op.gather(shape, np.array([axis]), np.array(0)) for axis in range(3))
        sides, three, row = (np.array([value], np.int64) for value in (side, 3, 3 * side))
        x = op.reshape(x, op.concat([number, height, width, sides, row], 0), special_zero=False)
        x = op.transpose(x, [0, 1, 3, 2, 4])
        x = op.reshape(
            x,
            op.concat([number, op.multiply(height, sides), op.multiply(width, sides), three], 0),
            special_zero=False,
        )
        # The SRResNet's enlarging layers reach two and a half low-res pixels: half a pixel can be left.
        return self._crop(x, side * self._context, axes=(1, 2))

    def _convolution(
        self,
        x: Any,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32],
        need: int,
        *,
        is_precise: bool = False,
    ) -> Any:
        """A convolution; it pads only where the context beyond what later layers ``need`` is too small."""
        op = self._op
        radius = weight.shape[-1] // 2
        used = max(0, min(radius, self._context - need))
        self._context -= used
        pads = [radius - used] * 2
        x = op.convolution(x, op.constant(weight), [1, 1], pads, pads, [1, 1])
        if is_precise:
            keep_precise(x)
        return op.add(x, op.constant(bias.reshape(1, -1, 1, 1)))

    def _prelu(self, x: Any, name: str) -> Any:
        return self._op.prelu(x, self._op.constant(self._tensors[f"{name}.weight"]))

    def _crop(self, x: Any, margin: int, axes: tuple[int, int] = (2, 3)) -> Any:
        if margin == 0:
            return x
        return self._op.slice(
            x, *(np.array(v, np.int64) for v in ([margin] * 2, [-margin] * 2, [1, 1], axes))
        )
