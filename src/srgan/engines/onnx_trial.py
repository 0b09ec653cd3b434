"""Tries a network from an ``.onnx`` file on a small picture, to find out what it takes and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.engines.onnx_file import last_line
from srgan.networks.onnx import Layout
from srgan.networks.ranges import SPANS, Range

_MULTIPLES = (1, 2, 3, 4, 6, 7, 8, 12, 14, 16, 24, 32, 64)
_SIDE = 40  # approximate side of the trial picture in pixels: enough for large layers, and quick
_LARGEST_SCALE = 8
_OFF = 0.08
"""Largest mean error of flat colours, as a part of white: with a larger one, the range is wrong.

RealESRGAN_x4plus, realesr-animevideov3 and srgan's own networks have 0.012 at most. A network of [0, 255]
fails clearly on [0, 1], which is almost black to it. One of [-1, 1] may pass, since that is its
brighter half.
"""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a network made of a picture.

    Attributes:
        size: height and width of the picture in pixels.
        scale: how many times larger each side of the result is.
        multiple: the number that both sides of a picture must be multiples of.
        layout: position of the channels in the result.
        result: (sH, sW, 3), float32, in the network's own range.
    """

    size: tuple[int, int]
    scale: int
    multiple: int
    layout: Layout
    result: NDArray[np.float32]


class UnfitError(Exception):
    """The network does not upscale pictures; the message says why."""


class OnnxTrials:
    """Runs a network in float32.

    Args:
        core: OpenVINO's ``Core``.
        model: the network, with one input, of a batch of 1, and one output; both float32 or uint8.
        layout: position of the channels in its input.
        size: the only height and width that it takes, in pixels; None if it takes any.

    Raises:
        UnfitError: if OpenVINO cannot run it.
    """

    def __init__(self, core: Any, model: Any, layout: Layout, size: tuple[int, int] | None) -> None:
        self._model = model
        self._layout = layout
        self._size = size
        self._type = model.inputs[0].get_element_type().to_dtype()
        try:
            self._compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        except RuntimeError as error:
            raise UnfitError(last_line(error)) from error

    def first(self, values: Range) -> Trial:
        """Returns the result for flat colours, at the least multiple that the network takes.

        Args:
            values: the range of the input.

        Raises:
            UnfitError: if the network takes none of the sizes, or does not enlarge by a whole number.
        """
        reasons: dict[bool, str] = {}
        for multiple in (1,) if self._size else _MULTIPLES:
            try:
                return self._tried(self._size or _trial_size(multiple), values, multiple)
            except (UnfitError, RuntimeError) as error:
                reasons.setdefault(isinstance(error, UnfitError), last_line(error))
        # A result of a wrong size tells more than layers that do not fit together.
        raise UnfitError(
            reasons.get(True)
            or f"no picture goes through it ({reasons[False]}); one of three colours in and out is needed"
        )

    def again(self, trial: Trial, values: Range) -> NDArray[np.float32]:
        """Returns the result for the same picture in another range, (sH, sW, 3), float32."""
        return self._tried(trial.size, values, trial.multiple).result

    def _tried(self, size: tuple[int, int], values: Range, multiple: int) -> Trial:
        # With a single thread, OpenVINO 2026.4 does not report that layers do not fit together; this does.
        self._model.clone().reshape(shape_of(self._layout, size))
        low, span = SPANS[values]
        picture = (flat_colours(size) * span + low)[None]
        batch = picture.transpose(0, 3, 1, 2) if self._layout == "nchw" else picture
        taken = np.ascontiguousarray(np.rint(batch) if self._type == np.uint8 else batch, dtype=self._type)
        result = np.asarray(self._compiled.create_infer_request().infer([taken])[0])
        for layout in ("nchw", "nhwc"):
            scale = _scale(result.shape, layout, size)
            if scale is not None:
                pixels = result[0].transpose(1, 2, 0) if layout == "nchw" else result[0]
                return Trial(
                    size=size,
                    scale=scale,
                    multiple=multiple,
                    layout=layout,
                    result=pixels.astype(np.float32),
                )
        raise UnfitError(
            f"it makes {result.shape} of a {size[1]}x{size[0]} picture, and must make one of three colours "
            f"that is a whole number of times as large, 1 to {_LARGEST_SCALE}"
        )


def shape_of(layout: Layout, size: tuple[int, int]) -> list[int]:
    """Returns the shape of a batch of one picture; a side of -1 means any length."""
    return [1, 3, *size] if layout == "nchw" else [1, *size, 3]


def flat_colours(size: tuple[int, int]) -> NDArray[np.float32]:
    """Returns a picture (H, W, 3), float32 in [0, 1], of six rectangles: three grey, and red, green, blue."""
    height, width = size
    rows, columns = np.arange(height) * 2 // height, np.arange(width) * 3 // width
    return _COLOURS[rows[:, None], columns]


def colour_error(trial: Trial, result: NDArray[np.float32], values: Range) -> float:
    """Returns the mean absolute error of :func:`flat_colours` in a result, from 0 to 1, where white is 1.

    Only the middle of each rectangle counts.

    Args:
        trial: says size and scale.
        result: (sH, sW, 3), in the range ``values``.
        values: what black and white are in the result.
    """
    low, span = SPANS[values]
    away = np.abs(
        (result - low) / span - flat_colours(trial.size).repeat(trial.scale, 0).repeat(trial.scale, 1)
    )
    height, width = away.shape[:2]
    middles = [
        away[_middle(height, row, 2), _middle(width, column, 3)] for row in range(2) for column in range(3)
    ]
    error = float(np.mean([middle.mean() for middle in middles]))
    return min(error, 1.0) if np.isfinite(error) else 1.0


def find_ranges(
    trials: OnnxTrials, trial: Trial, inputs: list[Range], outputs: list[Range]
) -> tuple[Range, Range] | None:
    """Returns the first ranges of input and output that reproduce flat colours; None if there are none.

    Args:
        trials: runs the network.
        trial: its result for the first of ``inputs``.
        inputs: possible ranges of the input, the likeliest first.
        outputs: possible ranges of the output, the likeliest first.
    """
    results = {inputs[0]: trial.result}
    for taken, given in sorted(product(inputs, outputs), key=lambda pair: pair[0] != pair[1]):
        if taken not in results:
            results[taken] = trials.again(trial, taken)
        if colour_error(trial, results[taken], given) <= _OFF:
            return taken, given
    return None


_COLOURS = np.array(
    [[[0.1] * 3, [0.5] * 3, [0.9] * 3], [[0.8, 0.2, 0.2], [0.2, 0.7, 0.2], [0.2, 0.2, 0.8]]], np.float32
)


def _middle(length: int, number: int, count: int) -> slice:
    part = length // count
    return slice(number * part + part // 4, (number + 1) * part - part // 4)


def _trial_size(multiple: int) -> tuple[int, int]:
    """Returns sides that are multiples of no larger number, so that a network that needs one fails."""
    times = max(3, _SIDE // multiple | 1)
    return multiple * times, multiple * (times + 2)


def _scale(shape: tuple[int, ...], layout: Layout, size: tuple[int, int]) -> int | None:
    """Returns the scale of a result of a shape, if it is a picture in that layout; else None."""
    if len(shape) != 4 or shape[0] != 1 or shape[1 if layout == "nchw" else 3] != 3:
        return None
    height, width = shape[2:] if layout == "nchw" else shape[1:3]
    scale = height // size[0]
    fits = (height, width) == (scale * size[0], scale * size[1]) and 1 <= scale <= _LARGEST_SCALE
    return scale if fits else None
