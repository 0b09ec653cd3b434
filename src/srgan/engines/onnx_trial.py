"""Tries a network from an ``.onnx`` file on a small picture: what it takes, and what its values mean."""

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
_SIDE = 40  # pixels, about, of the pictures that are tried: enough for layers that look far, and quick
_LARGEST_SCALE = 8
_OFF = 0.08
"""Of white: flat colours that come back farther off than this, on average, came back wrong.

In RealESRGAN_x4plus, realesr-animevideov3 and srgan's own it is 0.012 at most. A network of [0, 255] fails it
by far on [0, 1], which is next to black there; one of [-1, 1] may not, of which that is the brighter half.
"""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a network made of a picture.

    Attributes:
        size: height and width of the picture.
        scale: of the result.
        multiple: that the sides are of.
        layout: of the result.
        result: (sH, sW, 3), as it came out.
    """

    size: tuple[int, int]
    scale: int
    multiple: int
    layout: Layout
    result: NDArray[np.float32]


class UnfitError(Exception):
    """It is no network that enlarges pictures; the message says why."""


class OnnxTrials:
    """Runs a network in float32.

    Args:
        core: OpenVINO's.
        model: the network, with one input of a batch of 1, and one output, of float32 or bytes.
        layout: of its input.
        size: height and width of the only pictures that it takes; None if it takes others.

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
        """What becomes of the picture of flat colours, of the least multiple for which it can be.

        Raises:
            UnfitError: if the network takes no size that is tried, or does not enlarge by a whole number.
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
        """The result for the same picture in another range."""
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
    """The shape of a picture in a batch of its own; -1 stays."""
    return [1, 3, *size] if layout == "nchw" else [1, *size, 3]


def flat_colours(size: tuple[int, int]) -> NDArray[np.float32]:
    """A picture (H, W, 3) in [0, 1] of six rectangles: three greys above red, green and blue."""
    height, width = size
    rows, columns = np.arange(height) * 2 // height, np.arange(width) * 3 // width
    return _COLOURS[rows[:, None], columns]


def colour_error(trial: Trial, result: NDArray[np.float32], values: Range) -> float:
    """How far colours of :func:`flat_colours` came back from what they were, on average; white is 1.

    Only the middle of each rectangle counts. 1 is the most.
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
    """The first ranges of input and output with which flat colours come back; None if there are none.

    Args:
        trials: runs the network.
        trial: its result for the first of ``inputs``.
        inputs: that may be, the likeliest first.
        outputs: likewise.
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
    """Sides that are multiples of nothing larger, so that what needs more fails."""
    times = max(3, _SIDE // multiple | 1)
    return multiple * times, multiple * (times + 2)


def _scale(shape: tuple[int, ...], layout: Layout, size: tuple[int, int]) -> int | None:
    """How often ``size`` goes into a result of a shape that holds a picture in that layout."""
    if len(shape) != 4 or shape[0] != 1 or shape[1 if layout == "nchw" else 3] != 3:
        return None
    height, width = shape[2:] if layout == "nchw" else shape[1:3]
    scale = height // size[0]
    fits = (height, width) == (scale * size[0], scale * size[1]) and 1 <= scale <= _LARGEST_SCALE
    return scale if fits else None
