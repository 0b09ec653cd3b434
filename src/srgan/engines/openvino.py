"""The generator in OpenVINO: for any processor, without PyTorch."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from srgan.engines.cache import cache_folder, remove_unused
from srgan.engines.engine import Precision, is_out_of_memory
from srgan.engines.graph import build_model
from srgan.errors import UsageError
from srgan.networks.card import ModelCard

_HINTS = {"fp32": "f32", "bf16": "bf16"}


class OpenVinoEngine:
    """Runs a generator on the processor; see :class:`~srgan.engines.engine.Engine`.

    One compiled model serves every picture size: measured, it is as fast as one compiled for the very size,
    and a size never seen before costs nothing.

    Args:
        card: the model's card.
        tensors: its parameters, float32.
        precision: ``"auto"`` is bf16 where the processor computes it natively, else fp32.
        threads: processor threads; None means all.

    Raises:
        UsageError: if the processor cannot compute in ``precision``.
    """

    name = "openvino"
    device = "cpu"

    def __init__(
        self,
        card: ModelCard,
        tensors: Mapping[str, NDArray[np.float32]],
        *,
        precision: Precision = "auto",
        threads: int | None = None,
    ) -> None:
        self._core = import_openvino().Core()
        self._config = card.generator
        self._tensors = dict(tensors)
        self.precision = choose_precision(self._core, precision)
        self._options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _HINTS[self.precision],
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads is not None:
            self._options["INFERENCE_NUM_THREADS"] = threads
        self._compiled: dict[tuple[bool, int], Any] = {}
        self._lock = threading.Lock()

    def upscale(self, batch: NDArray[Any], context: int = 0) -> NDArray[Any]:
        """Enlarges pictures four times per side; see :meth:`~srgan.engines.engine.Engine.upscale`."""
        if batch.dtype == np.uint8:
            return self._infer(batch, context)
        if batch.dtype == np.uint16:
            enlarged = self._infer(batch / np.float32(65535.0), context)
            enlarged *= 65535.0
            return np.rint(enlarged, out=enlarged).astype(np.uint16)
        return self._infer(batch.astype(np.float32, copy=False), context)

    def release(self) -> None:
        """Gives back memory; see :meth:`~srgan.engines.engine.Engine.release`."""
        with self._lock:
            self._compiled.clear()

    def _infer(self, batch: NDArray[Any], context: int) -> NDArray[Any]:
        is_byte = batch.dtype == np.uint8
        no_memory = f"not enough memory for a tile of {batch.shape}"
        try:
            # A request of one's own, so that threads may call at the same time.
            request = self._model(is_byte, context).create_infer_request()
            result: NDArray[Any] = request.infer([np.ascontiguousarray(batch)], share_inputs=True)[0]
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise MemoryError(no_memory) from error
            raise
        if result.size == 0:  # with a single thread OpenVINO 2026.4 loses its exceptions
            raise MemoryError(no_memory)
        return result

    def _model(self, is_byte: bool, context: int) -> Any:
        """The compiled model for bytes or floats and a width of context, made at first use."""
        with self._lock:
            key = is_byte, context
            if key not in self._compiled:
                model = build_model(self._config, self._tensors, is_byte=is_byte, context=context)
                self._compiled[key] = self._compile(model)
            return self._compiled[key]

    def _compile(self, model: Any) -> Any:
        folder = cache_folder()
        if folder is not None:
            try:
                compiled = self._core.compile_model(model, "CPU", {**self._options, "CACHE_DIR": str(folder)})
                remove_unused(folder)
                return compiled
            except RuntimeError:
                # A damaged or unwritable cache must not stop anyone: it only saves a fraction of a second.
                pass
        return self._core.compile_model(model, "CPU", self._options)


def import_openvino() -> Any:
    """OpenVINO without its converter, which is not needed here and reports every import to its makers.

    Imported at first use and not at the top: it takes 0.2 s, which help texts need not wait for.
    """
    if "openvino" not in sys.modules:
        converter = "openvino.tools.ovc"
        cast("dict[str, Any]", sys.modules)[converter] = None  # Python's way to make an import fail
        try:
            importlib.import_module("openvino")
        finally:
            del sys.modules[converter]
    return importlib.import_module("openvino")


def choose_precision(core: Any, precision: Precision) -> str:
    """The type that is computed in: ``"auto"`` is bf16 where the processor computes it natively, else fp32.

    Raises:
        UsageError: if the processor or the engine does not compute in it.
    """
    has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "auto":
        return "bf16" if has_bf16 else "fp32"
    if precision == "bf16" and not has_bf16:
        raise UsageError("this processor does not compute in bf16; use fp32", field="precision")
    if precision not in _HINTS:
        raise UsageError(f"the openvino engine does not compute in {precision}; use fp32 or bf16")
    return precision
