"""Runs networks in OpenVINO: on any processor, without PyTorch."""

from __future__ import annotations

import importlib
import threading
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from srgan.cpu import multiplies_eight_bits, sums_eight_bits_exactly
from srgan.engines.cache import cache_folder, cache_lock, remove_unused
from srgan.engines.fixed import FixedModels, run
from srgan.engines.graph import build_model
from srgan.engines.offline import without_converter
from srgan.engines.onnx_graph import build_onnx_model
from srgan.engines.protocol import Precision, is_out_of_memory
from srgan.errors import UsageError
from srgan.networks.eight_bits import MOST_LOSS_IN_SEVEN, EightBits
from srgan.networks.network import Network
from srgan.networks.onnx import OnnxNetwork

HINTS = {"fp32": "f32", "bf16": "bf16"}
"""OpenVINO's own names of the floating-point precisions."""


class OpenVinoEngine:
    """Runs a network on the processor; see :class:`~srgan.engines.protocol.Engine`.

    One compiled model serves all picture sizes, so a new size costs nothing. A shape that comes often, as the
    frames of a video do, gets a model of its own, see :class:`~srgan.engines.fixed.FixedModels`.

    Args:
        network: the network.
        precision: ``"auto"`` is int8 for pictures of 8 bits if the processor is made for it and the network
            loses next to nothing; else bf16 if the processor computes it natively; else fp32.
        threads: number of processor threads; None means all.
        note: why no GPU is used; empty if there is nothing to say.

    Raises:
        UsageError: if the processor or the network cannot compute in ``precision``.
    """

    name = "openvino"
    device = "cpu"

    def __init__(
        self,
        network: Network | OnnxNetwork,
        *,
        precision: Precision = "auto",
        threads: int | None = None,
        note: str = "",
    ) -> None:
        self._core = import_openvino().Core()
        self._network = network
        self.info = network.info
        self._eight_bits = network.eight_bits if isinstance(network, Network) else None
        self.precision = choose_precision(self._core, precision, self._eight_bits)
        self._float = choose_float(self._core) if self.precision == "int8" else self.precision
        self._is_asked = precision == "int8"
        self.description = f"the processor, {self.precision}, by OpenVINO"
        self.note = note
        self._options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": HINTS[self._float],  # in int8: for the other layers
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads is not None:
            self._options["INFERENCE_NUM_THREADS"] = threads
        self._compiled: dict[tuple[bool, int], Any] = {}
        self._fixed = FixedModels(self._compile_fixed)
        self._lock = threading.Lock()

    def precision_for(self, dtype: DTypeLike) -> str:
        """See :meth:`~srgan.engines.protocol.Engine.precision_for`."""
        return self.precision if np.dtype(dtype) == np.uint8 else self._float

    def upscale(self, batch: NDArray[Any], context: int = 0) -> NDArray[Any]:
        """Upscales pictures; see :meth:`~srgan.engines.protocol.Engine.upscale`."""
        if self._is_asked and batch.dtype != np.uint8:
            raise UsageError(
                "int8 is only for pictures of 8 bits, and this one has more; choose bf16 or fp32",
                field="precision",
            )
        if batch.dtype == np.uint8:
            return self._infer(batch, context)
        if batch.dtype == np.uint16:
            enlarged = self._infer(batch / np.float32(65535.0), context)
            enlarged *= 65535.0
            return np.rint(enlarged, out=enlarged).astype(np.uint16)
        return self._infer(batch.astype(np.float32, copy=False), context)

    def free_memory(self) -> None:
        """Returns None: networks run in the system's memory."""

    def release(self) -> None:
        """Gives back memory; see :meth:`~srgan.engines.protocol.Engine.release`."""
        with self._lock:
            self._compiled.clear()
            self._fixed.clear()

    def _infer(self, batch: NDArray[Any], context: int) -> NDArray[Any]:
        if isinstance(self._network, OnnxNetwork) and len(batch) > 1:  # they may not take more than one
            return np.concatenate([self._infer(picture[None], context) for picture in batch])
        is_byte = batch.dtype == np.uint8
        no_memory = f"not enough memory for a tile of {batch.shape}"
        batch = np.ascontiguousarray(batch)
        try:
            result: NDArray[Any] | None = self._fixed.run(batch, context)
            if result is None:
                result = run(self._model(is_byte, context), batch)
                self._fixed.count(batch, context, result)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise MemoryError(no_memory) from error
            raise
        if result.size == 0:  # OpenVINO 2026.4 loses exceptions with a single thread
            raise MemoryError(no_memory)
        return result

    def _model(self, is_byte: bool, context: int) -> Any:
        """Returns the compiled model for bytes or floats and a context in pixels, made at first use."""
        with self._lock:
            key = is_byte, context
            if key not in self._compiled:
                self._compiled[key] = self._compile(self._build(is_byte, context))
            return self._compiled[key]

    def _build(self, is_byte: bool, context: int) -> Any:
        if isinstance(self._network, OnnxNetwork):
            return build_onnx_model(self._network, is_byte=is_byte, context=context)
        is_narrow = is_byte and self.precision == "int8"
        peaks = self._eight_bits.peaks if is_narrow and self._eight_bits is not None else None
        return build_model(self._network, is_byte=is_byte, context=context, peaks=peaks)

    def _compile_fixed(self, batch: NDArray[Any], context: int) -> Any:
        """Compiles a model for one shape; None for ``.onnx`` networks, which may fix shapes themselves."""
        if isinstance(self._network, OnnxNetwork):
            return None
        model = self._build(batch.dtype == np.uint8, context)
        model.reshape(list(batch.shape))
        return self._core.compile_model(model, "CPU", self._options)

    def _compile(self, model: Any) -> Any:
        folder = cache_folder("openvino")
        if folder is not None:
            try:
                with cache_lock(folder):
                    options = {**self._options, "CACHE_DIR": str(folder)}
                    compiled = self._core.compile_model(model, "CPU", options)
                    remove_unused(folder)
                    return compiled
            except (RuntimeError, OSError):  # OSError: the lock's
                # A damaged or unwritable cache must not stop anything: it only saves a fraction of a second.
                pass
        return self._core.compile_model(model, "CPU", self._options)


def import_openvino() -> Any:
    """Imports OpenVINO without its converter, which is not needed and reports every import to its makers.

    Call it at first use, not at the top of a file: the import takes 0.2 s, and help texts should not wait.
    """
    with without_converter():
        return importlib.import_module("openvino")


def choose_precision(core: Any, precision: Precision, eight_bits: EightBits | None) -> str:
    """Returns the precision to compute in: ``"int8"``, ``"bf16"`` or ``"fp32"``.

    Args:
        core: OpenVINO's ``Core``.
        precision: see :class:`OpenVinoEngine`.
        eight_bits: the network's ranges for int8; None if it has none.

    Raises:
        UsageError: if the processor, the network or OpenVINO does not compute in ``precision``.
    """
    if precision == "auto":
        is_narrow = eight_bits is not None and is_int8_default(eight_bits)
        return "int8" if is_narrow else choose_float(core)
    if precision == "bf16" and choose_float(core) != "bf16":
        raise UsageError("this processor does not compute in bf16; choose fp32", field="precision")
    if precision == "int8":
        if eight_bits is None:
            raise UsageError(
                "this network is not calibrated for int8: make a calibrated copy with 'srgan calibrate' "
                "(blends cannot be), or choose bf16 or fp32",
                field="precision",
            )
        if not multiplies_eight_bits():
            raise UsageError(
                "this processor is not known to compute in int8; choose bf16 or fp32",
                field="precision",
            )
    elif precision not in HINTS:
        raise UsageError(
            f"the openvino engine does not compute in {precision}; choose fp32, bf16 or int8",
            field="precision",
        )
    return precision


def is_int8_default(eight_bits: EightBits) -> bool:
    """Returns whether ``"auto"`` is int8 on this processor, for a network that was calibrated so."""
    if not (multiplies_eight_bits() and eight_bits.is_close):
        return False
    return sums_eight_bits_exactly() or eight_bits.loss <= MOST_LOSS_IN_SEVEN


def choose_float(core: Any) -> str:
    """Returns ``"bf16"`` if the processor computes it natively, else ``"fp32"``."""
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "fp32"
