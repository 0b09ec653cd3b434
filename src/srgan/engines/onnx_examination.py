"""Finds out by trials what an ``.onnx`` file does not say.

Some damaged files crash OpenVINO, even later on, so this is run as a process of its own:
``python -m srgan.engines.onnx_examination FILE FORM``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from srgan.engines.onnx_file import convert_onnx, last_line
from srgan.engines.onnx_trial import OnnxTrials, Trial, UnfitError, find_ranges, shape_of
from srgan.engines.openvino import import_openvino
from srgan.errors import ModelError, UsageError
from srgan.networks.onnx import Layout, OnnxForm
from srgan.networks.ranges import SPANS, Range

_LEAST_SIDE = 16  # pixels of pictures of a fixed size; a smaller axis is the channels
_BYTES = "u8"
_MOVES = {"Transpose", "Reshape", "Convert", "DepthToSpace", "Slice", "StridedSlice", "Squeeze", "Unsqueeze"}
"""Operations that do not change values."""


@dataclass(frozen=True, kw_only=True)
class OnnxFacts:
    """What a network takes and gives.

    Attributes:
        layouts: of its input and its output.
        ranges: of both.
        size: the only height and width that it takes, in pixels; None if it takes any.
        scale: how many times larger each side of the result is.
        multiple: the number that both sides of a picture must be multiples of.
        bytes_per_pixel: memory for each pixel of the input.
    """

    layouts: tuple[Layout, Layout]
    ranges: tuple[Range, Range]
    size: tuple[int, int] | None
    scale: int
    multiple: int
    bytes_per_pixel: int


def examine(path: Path, form: OnnxForm) -> OnnxFacts:
    """Runs the network in a file on small pictures.

    Raises:
        ModelError, UsageError: as :func:`~srgan.engines.onnx_loading.load_onnx`.
        MemoryError: if there is not enough memory.
    """
    model = convert_onnx(path)
    try:
        _check_ends(model)
        layout, size = _layout(path, model, form.layout)
        model = shaped(model, layout, size)
        trials = OnnxTrials(import_openvino().Core(), model, layout, size)
        outputs = _ranges(model.outputs[0], form.range or _limits(model))
        inputs = sorted(_ranges(model.inputs[0], form.range), key=lambda each: each not in outputs)
        trial = trials.first(inputs[0])
    except (UnfitError, RuntimeError) as error:
        raise ModelError(f"{path}: cannot be used: {last_line(error)}") from error
    if len(inputs) == len(outputs) == 1:
        ranges: tuple[Range, Range] | None = inputs[0], outputs[0]
    else:
        ranges = find_ranges(trials, trial, inputs, outputs)
    if ranges is None:
        raise UsageError(f"{path}: the range of its values cannot be found; name it", field="model_range")
    return OnnxFacts(
        layouts=(layout, trial.layout),
        ranges=ranges,
        size=size,
        scale=trial.scale,
        multiple=trial.multiple,
        bytes_per_pixel=_bytes_per_pixel(model, layout, trial),
    )


def shaped(model: Any, layout: Layout, size: tuple[int, int] | None) -> Any:
    """Returns the model for one picture of a size, or of any, with float32 in and out if it takes floats.

    Its constant parts are computed; those are mostly shapes of biases, which would otherwise be computed
    each time.
    """
    from openvino import Type
    from openvino.passes import ConstantFolding, Manager
    from openvino.preprocess import PrePostProcessor

    model.reshape(shape_of(layout, size or (-1, -1)))
    ends = PrePostProcessor(model)
    for end, port in ((ends.input(), model.inputs[0]), (ends.output(), model.outputs[0])):
        if port.get_element_type() != Type.u8:
            end.tensor().set_element_type(Type.f32)
    model = ends.build()
    manager = Manager()
    manager.register_pass(ConstantFolding())
    manager.run_passes(model)
    return model


def _check_ends(model: Any) -> None:
    for ports, name in ((model.inputs, "inputs"), (model.outputs, "outputs")):
        if len(ports) != 1:
            raise UnfitError(f"it has {len(ports)} {name}; one picture in and one out are needed")
        kind = ports[0].get_element_type()
        if kind.get_type_name() != _BYTES and not kind.is_real():
            raise UnfitError(f"its {name} are {kind.get_type_name()}; floats or bytes are needed")


def _layout(path: Path, model: Any, asked: Layout | None) -> tuple[Layout, tuple[int, int] | None]:
    """Returns where the channels of the input are; and height and width if the network takes no others."""
    shape = model.inputs[0].get_partial_shape()
    sides = _sides(shape)
    fitting = [layout for layout in get_args(Layout) if _can_be(layout, sides)]
    if asked is not None and asked not in fitting:
        raise UsageError(f"{path}: its input of {shape} is not {asked}", field="model_layout")
    if asked is not None:
        fitting = [asked]
    if len(fitting) > 1:
        fitting = [layout for layout in fitting if _goes_through(model, layout, _size(layout, sides))]
    if not fitting:
        raise UnfitError(f"its input is of {shape}; pictures of three colours are needed")
    if len(fitting) > 1:
        raise UsageError(
            f"{path}: where the colours are in its input of {shape} cannot be determined; name its layout",
            field="model_layout",
        )
    return fitting[0], _size(fitting[0], sides)


def _sides(shape: Any) -> list[int | None]:
    """Returns the lengths of four axes; None for an axis of any length."""
    if shape.rank.is_dynamic:
        return [None] * 4
    if len(shape) != 4:
        raise UnfitError(f"its input is of {shape}; pictures in a batch, of four dimensions, are needed")
    return [side.get_length() if side.is_static else None for side in shape]


def _size(layout: Layout, sides: list[int | None]) -> tuple[int, int] | None:
    height, width = sides[2:] if layout == "nchw" else sides[1:3]
    if height is None and width is None:
        return None
    # If one of them is open, a square is as good as any shape.
    return height or width or 0, width or height or 0


def _can_be(layout: Layout, sides: list[int | None]) -> bool:
    channels = sides[1 if layout == "nchw" else 3]
    size = _size(layout, sides)
    return channels in (None, 3) and (size is None or min(size) >= _LEAST_SIDE)


def _goes_through(model: Any, layout: Layout, size: tuple[int, int] | None) -> bool:
    try:
        model.clone().reshape(shape_of(layout, size or (-1, -1)))
    except RuntimeError:
        return False
    return True


def _ranges(port: Any, asked: Range | None) -> list[Range]:
    if port.get_element_type().get_type_name() == _BYTES:
        return ["0..255"]
    return [*get_args(Range)] if asked is None else [asked]


def _limits(model: Any) -> Range | None:
    """Returns the range that the last operation limits results to; None if it sets no limit."""
    node = _source(model.get_results()[0])
    while node.get_type_name() in _MOVES:
        node = _source(node)
    found: dict[str, Range] = {"Tanh": "-1..1", "Sigmoid": "0..1"}
    if node.get_type_name() in found:
        return found[node.get_type_name()]
    ends: dict[str, float] = {}
    while node.get_type_name() in ("Minimum", "Maximum"):  # OpenVINO reads a Clip as these
        ends[node.get_type_name()] = next(
            (float(each.get_data().item()) for each in _constants(node) if each.get_data().size == 1), np.nan
        )
        node = _source(node)
    low, high = ends.get("Maximum"), ends.get("Minimum")
    return next((each for each, (black, span) in SPANS.items() if (low, high) == (black, black + span)), None)


def _source(node: Any) -> Any:
    """Returns the first input of a node that is not a constant."""
    sources = [port.get_node() for port in node.input_values()]
    return next((each for each in sources if each.get_type_name() != "Constant"), sources[0])


def _constants(node: Any) -> list[Any]:
    sources = [port.get_node() for port in node.input_values()]
    return [each for each in sources if each.get_type_name() == "Constant"]


def _bytes_per_pixel(model: Any, layout: Layout, trial: Trial) -> int:
    """Counts the widest layer twice, for its input and its output, at 4 bytes a value."""
    tried = model.clone()
    tried.reshape(shape_of(layout, trial.size))
    ports = [
        port for node in tried.get_ops() if node.get_type_name() != "Constant" for port in node.outputs()
    ]
    shapes = [port.get_partial_shape() for port in ports]
    widest = max(int(np.prod(shape.to_shape())) for shape in shapes if shape.is_static)
    return 2 * 4 * -(-widest // (trial.size[0] * trial.size[1]))


def _main(path: str, form: str) -> None:
    """Prints the facts in JSON, or what :func:`examine` raises."""
    said: dict[str, Any]
    try:
        said = {"facts": asdict(examine(Path(path), OnnxForm(**json.loads(form))))}
    except ModelError as error:
        said = {"unfit": str(error)}
    except UsageError as error:
        said = {"unclear": str(error), "field": error.field}
    except MemoryError:
        said = {"memory": True}
    print(json.dumps(said))


if __name__ == "__main__":
    _main(*sys.argv[1:])
