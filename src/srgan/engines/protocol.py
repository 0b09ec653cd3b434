"""The interface that all engines share."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from numpy.typing import DTypeLike, NDArray

from srgan.networks.info import NetworkInfo

EngineName = Literal["auto", "openvino", "torch"]
Precision = Literal["auto", "fp32", "bf16", "fp16", "int8"]
Device = Literal["auto", "cpu", "cuda", "mps"]


class Engine(Protocol):
    """A network, ready to run. Threads may share one.

    Attributes:
        info: the network's scale, halo and memory.
        name: ``"openvino"`` or ``"torch"``.
        precision: ``"fp32"``, ``"bf16"``, ``"fp16"`` or ``"int8"``: the number format of most layers, for
            pictures of 8 bits.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
        description: device, precision and library in one line, for people.
        note: why a GPU that seems to be there is not used; empty if there is nothing to say.
    """

    info: NetworkInfo
    name: str
    precision: str
    device: str
    description: str
    note: str

    def precision_for(self, dtype: DTypeLike) -> str:
        """Returns the precision for pictures of a type: only uint8 is computed in int8."""
        ...

    def upscale(self, batch: NDArray[Any], context: int = 0) -> NDArray[Any]:
        """Upscales pictures, ``info.scale`` times per side.

        Args:
            batch: (N, H, W, 3) RGB; uint8, uint16, or float32 in [0, 1].
            context: pixels at each side that are only surroundings and have no result of their own.

        Returns:
            (N, scale * (H - 2 * context), scale * (W - 2 * context), 3), of the same type; clipped, and
            rounded if the type is an integer.

        Raises:
            MemoryError: if there is not enough memory; a smaller batch may work, after :meth:`release`.
            UsageError: if int8 was asked for, and the pictures have more than 8 bits.
            ModelError: if the network's int8 ranges do not fit it.
        """
        ...

    def free_memory(self) -> int | None:
        """Returns the free memory of the device in bytes; None if it uses the system's memory."""
        ...

    def release(self) -> None:
        """Frees the memory that is kept for more batches of the same size."""
        ...


def is_out_of_memory(error: Exception) -> bool:
    """Returns whether a library's own error means that memory ran out."""
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
