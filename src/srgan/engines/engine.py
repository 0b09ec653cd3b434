"""What runs a generator: one interface, and the choice between its two kinds."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from srgan.errors import MissingExtraError, UsageError
from srgan.networks.card import ModelCard

EngineName = Literal["auto", "openvino", "torch"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]
Device = Literal["auto", "cpu", "cuda", "mps"]


class Engine(Protocol):
    """A generator, ready to run.

    Attributes:
        name: ``"openvino"`` or ``"torch"``.
        precision: ``"fp32"``, ``"bf16"`` or ``"fp16"``: the type of the convolutions' inputs.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
    """

    name: str
    precision: str
    device: str

    def upscale(self, batch: NDArray[Any], context: int = 0) -> NDArray[Any]:
        """Enlarges pictures four times per side.

        Args:
            batch: (N, H, W, 3) RGB; uint8, uint16, or float32 in [0, 1].
            context: pixels at each side that only serve as surroundings and have no result of their own.

        Returns:
            (N, 4 * (H - 2 * context), 4 * (W - 2 * context), 3), the same type, clipped, and rounded
            where the type is an integer.

        Raises:
            MemoryError: if the batch needs more memory than there is; a smaller one may do, after
                :meth:`release`.
        """
        ...

    def release(self) -> None:
        """Gives back the memory that is kept for further batches as large as those before."""
        ...


def open_engine(
    card: ModelCard,
    tensors: Mapping[str, NDArray[np.float32]],
    *,
    engine: EngineName = "auto",
    precision: Precision = "auto",
    device: Device = "auto",
    threads: int | None = None,
) -> Engine:
    """Makes a model ready to run.

    ``engine="auto"`` is OpenVINO on the processor, unless ``device`` asks for ``"cuda"`` or ``"mps"``, or
    the caller has already imported torch and it sees such a device. torch is never imported just to look
    for one: that takes longer than a small picture does.

    Args:
        card: the model's card.
        tensors: its parameters, float32, by the names of the generator's ``state_dict``.
        engine: which engine.
        precision: ``"auto"`` is the fastest that the device computes natively.
        device: ``"auto"`` is the processor for OpenVINO, and the best there is for torch.
        threads: processor threads; None means all.

    Raises:
        UsageError: for a combination that does not exist.
        MissingExtraError: if torch is needed and not installed.
    """
    _check("engine", engine, ("auto", "openvino", "torch"))
    _check("precision", precision, ("auto", "fp32", "bf16", "fp16"))
    _check("device", device, ("auto", "cpu", "cuda", "mps"))
    if engine == "openvino" and device in ("cuda", "mps"):
        raise UsageError(
            f"the openvino engine runs on the processor only; for {device} use the torch engine",
            field="engine",
        )
    if engine == "auto":
        engine = "torch" if device in ("cuda", "mps") or _accelerator_in_sight(device) else "openvino"
    if engine == "openvino":
        from srgan.engines.openvino import OpenVinoEngine

        return OpenVinoEngine(card, tensors, precision=precision, threads=threads)
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("the torch engine", "gpu")
    from srgan.engines.torch import TorchEngine

    return TorchEngine(card, tensors, precision=precision, device=device, threads=threads)


def _check(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(f"unknown {option} '{value}'; there are: {', '.join(allowed)}")


def _accelerator_in_sight(device: Device) -> bool:
    """Whether a torch that the caller has already imported sees an accelerator that may be used."""
    torch = sys.modules.get("torch")
    if torch is None or device == "cpu":
        return False
    return bool(torch.cuda.is_available() or torch.backends.mps.is_available())


def is_out_of_memory(error: Exception) -> bool:
    """Whether a library's own kind of error says that memory ran out."""
    text = str(error).lower()
    signs = (
        "bad_alloc",
        "bad allocation",
        "out of memory",
        "allocate memory",
        "failed to alloc",
        "can't alloc",
    )
    return any(sign in text for sign in signs)
