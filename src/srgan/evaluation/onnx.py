"""Networks in ``.onnx`` files that judge pictures, run by OpenVINO."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.engines.onnx_file import last_line, read_onnx
from srgan.engines.openvino import import_openvino
from srgan.errors import ModelError


class OnnxModel:
    """A network on the processor, called with its inputs; threads may share it.

    Attributes:
        inputs: OpenVINO's ports.
        outputs: the same; a call's results are found by port or by number.
    """

    def __init__(self, path: Path, model: Any, compiled: Any) -> None:
        self._path = path
        self.inputs = compiled.inputs
        self.outputs = compiled.outputs
        self._model = model
        self._compiled = compiled
        self._checked: set[tuple[tuple[int, ...], ...]] = set()

    def __call__(self, batches: Sequence[NDArray[Any]]) -> Any:
        """Returns what the network makes of a batch for each input.

        Raises:
            ModelError: if it fails on their sizes.
        """
        shapes = tuple(batch.shape for batch in batches)
        with self._explained(shapes[0][2:]):
            if shapes not in self._checked:
                # With a single thread, OpenVINO 2026.4 does not report that layers do not fit together.
                self._model.clone().reshape({number: list(shape) for number, shape in enumerate(shapes)})
                self._checked.add(shapes)
            return self._compiled.create_infer_request().infer(list(batches))

    @contextmanager
    def _explained(self, size: Sequence[int]) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise ModelError(
                f"{self._path}: fails on a {size[1]}x{size[0]} picture ({last_line(error)})"
            ) from error


def compile_onnx(path: Path, *, pictures: int = 1, any_size: bool = True) -> OnnxModel:
    """Makes a network ready to run on the processor, in fp32.

    Args:
        path: the ``.onnx`` file.
        pictures: how many inputs (1, 3, H, W), of any float type, it must have.
        any_size: whether a file made for one size of picture is rebuilt for any size, where its layers allow
            that.

    Raises:
        ModelError: if the file is missing, damaged, or no such network.
    """
    model = read_onnx(path)
    inputs = model.inputs
    try:
        sides = [[-1, -1] if any_size else list(port.partial_shape)[2:] for port in inputs]
        model.reshape({port: [1, 3, *side] for port, side in zip(inputs, sides, strict=True)})
        core = import_openvino().Core()
        compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    except (RuntimeError, ValueError, TypeError) as error:
        raise ModelError(
            f"{path}: is not a network of (1, 3, H, W) pictures{' of any size' if any_size else ''} "
            f"({last_line(error)})"
        ) from error
    if len(inputs) != pictures:
        raise ModelError(f"{path}: has {len(inputs)} inputs; a network of {pictures} is needed")
    if not all(np.issubdtype(port.element_type.to_dtype(), np.floating) for port in inputs):
        raise ModelError(f"{path}: takes whole numbers; a network of float pictures is needed")
    return OnnxModel(path, model, compiled)
