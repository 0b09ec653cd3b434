"""Any super-resolution network in an ``.onnx`` file, run by OpenVINO, to be compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from srgan.engines.openvino import choose_precision, import_openvino
from srgan.engines.protocol import Precision
from srgan.errors import ModelError

_PROBED = 64  # pixels a side of the picture by which a scale is found, where the file is for any size
_HINTS = {"fp32": "f32", "bf16": "bf16"}


@dataclass(frozen=True, kw_only=True)
class OnnxOptions:
    """What networks from elsewhere take and give, where it is not RGB in [0, 1].

    Attributes:
        white: the value of white: 1 or 255.
        order: of the three channels.
    """

    white: Literal[1, 255] = 1
    order: Literal["rgb", "bgr"] = "rgb"


class OnnxModel:
    """A network on the processor, called with its inputs; threads may share it.

    Attributes:
        inputs: OpenVINO's ports.
        outputs: likewise; a call's result is found by them or by number.
        size: (height, width) of the pictures that the file was made for, or some that it should take.
    """

    def __init__(self, path: Path, model: Any, compiled: Any, size: tuple[int, int]) -> None:
        self.size = size
        self._path = path
        self.inputs = compiled.inputs
        self.outputs = compiled.outputs
        self._model = model
        self._compiled = compiled
        self._checked: set[tuple[tuple[int, ...], ...]] = set()

    def output_shape(self) -> Any:
        """OpenVINO's shape of the first output for one picture of :attr:`size`.

        Raises:
            ModelError: if the layers do not fit together at that size.
        """
        model = self._model.clone()
        with self._explained(self.size):
            model.reshape({0: [1, 3, *self.size]})
        return model.outputs[0].partial_shape

    def __call__(self, batches: Sequence[NDArray[Any]]) -> Any:
        """What the network makes of a batch for each input.

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
                f"{self._path}: fails on a {size[1]}x{size[0]} picture ({_reason(error)})"
            ) from error


def compile_onnx(
    path: Path, *, pictures: int = 1, any_size: bool = True, precision: str = "fp32"
) -> OnnxModel:
    """Makes a network ready to run on the processor.

    Args:
        path: the ``.onnx`` file.
        pictures: how many inputs (1, 3, H, W), of any float type, it must have.
        any_size: whether a file made for one size of picture is rebuilt for any size, where its layers allow
            that.
        precision: ``"fp32"`` or ``"bf16"``.

    Raises:
        ModelError: if the file is missing, damaged, or no such network.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such model file")
    openvino = import_openvino()
    try:
        # Not ``Core.read_model``: it tries other formats on a damaged file, which print on stderr.
        reader = openvino.frontend.FrontEndManager().load_by_framework("onnx")
        model = reader.convert(reader.load(str(path)))
        inputs = model.inputs
        own = [side.get_length() if side.is_static else _PROBED for side in list(inputs[0].partial_shape)[2:]]
        sides = [[-1, -1] if any_size else list(port.partial_shape)[2:] for port in inputs]
        model.reshape({port: [1, 3, *side] for port, side in zip(inputs, sides, strict=True)})
        compiled = openvino.Core().compile_model(
            model, "CPU", {"INFERENCE_PRECISION_HINT": _HINTS[precision]}
        )
    except Exception as error:  # the reader has a class of its own for each failure
        raise ModelError(
            f"{path}: is not a network of (1, 3, H, W) pictures{' of any size' if any_size else ''} "
            f"({_reason(error)})"
        ) from error
    if len(inputs) != pictures:
        raise ModelError(f"{path}: has {len(inputs)} inputs; a network of {pictures} is needed")
    if not all(np.issubdtype(port.element_type.to_dtype(), np.floating) for port in inputs):
        raise ModelError(f"{path}: takes whole numbers; a network of float pictures is needed")
    return OnnxModel(path, model, compiled, (own[0], own[1]))


class OnnxNetwork:
    """A network of one input (1, 3, H, W) and a first output (1, 3, sH, sW), s whole, of any float type.

    Args:
        path: the ``.onnx`` file.
        options: what the network takes and gives.
        precision: ``"auto"`` (fp32), ``"fp32"`` or ``"bf16"``.

    Raises:
        ModelError: if the file is missing, damaged, or no such network.
        UsageError: if the processor cannot compute in ``precision``.

    Attributes:
        precision: what was chosen.
        scale: s.
    """

    def __init__(
        self, path: Path, options: OnnxOptions | None = None, *, precision: Precision = "auto"
    ) -> None:
        core = import_openvino().Core()
        self._path = path
        self._options = options or OnnxOptions()
        # bf16 costs a network that was not made for it up to half a level of 255 in its last layer.
        self.precision = choose_precision(core, "fp32" if precision == "auto" else precision)
        self._compiled = compile_onnx(path, precision=self.precision)
        self._type = self._compiled.inputs[0].element_type.to_dtype()
        self.scale = _scale_of(path, self._compiled)

    def upscale(self, lr_image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Upscales one picture as a whole.

        Args:
            lr_image: (h, w, 3), RGB, uint8.

        Returns:
            (scale * h, scale * w, 3), clipped and rounded.

        Raises:
            ModelError: if the network fails on this size.
        """
        height, width = lr_image.shape[:2]
        batch = (lr_image if self._options.order == "rgb" else lr_image[:, :, ::-1]).transpose(2, 0, 1)[None]
        unit = 255 / self._options.white
        result = self._compiled([np.ascontiguousarray(batch / unit, dtype=self._type)])[0]
        if result.shape != (1, 3, height * self.scale, width * self.scale):
            raise ModelError(
                f"{self._path}: makes {result.shape} of a {width}x{height} picture; "
                f"{self.scale}x was expected"
            )
        levels = np.rint(result[0].astype(np.float32) * unit).clip(0, 255).astype(np.uint8)
        sr_image = levels.transpose(1, 2, 0)
        return np.ascontiguousarray(sr_image if self._options.order == "rgb" else sr_image[:, :, ::-1])


def _scale_of(path: Path, model: OnnxModel) -> int:
    """How many times larger the network's pictures become."""
    height, width = model.size
    shape = model.output_shape()
    found = list(shape.to_shape()) if shape.is_static else []
    scale = found[2] // height if len(found) == 4 else 0
    if scale < 1 or found != [1, 3, scale * height, scale * width]:
        raise ModelError(
            f"{path}: makes {shape} of a {width}x{height} picture; "
            "a network that upscales by a whole number is needed"
        )
    return scale


def _reason(error: Exception) -> str:
    """The last line of OpenVINO's report, which tells the cause; those before tell where in its source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
