"""What runs a network: one interface for all engines."""

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
        info: what is to be known of the network.
        name: ``"openvino"`` or ``"torch"``.
        precision: ``"fp32"``, ``"bf16"``, ``"fp16"`` or ``"int8"``: the type of most convolutions' inputs,
            for pictures of 8 bits.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
        description: device, precision and library in one line, for people.
        note: why it is not on the GPU that seems to be there; empty if there is nothing to say.
    """

    info: NetworkInfo
    name: str
    precision: str
    device: str
    description: str
    note: str

    def precision_for(self, dtype: DTypeLike) -> str:
        """As ``precision``, for pictures of a type: only those of 8 bits are computed in 8 bits."""
        ...

    def upscale(self, batch: NDArray[Any], context: int = 0) -> NDArray[Any]:
        """Enlarges pictures, ``info.scale`` times per side.

        Args:
            batch: (N, H, W, 3) RGB; uint8, uint16, or float32 in [0, 1].
            context: pixels at each side that only serve as surroundings and have no result of their own.

        Returns:
            (N, scale * (H - 2 * context), scale * (W - 2 * context), 3), the same type, clipped, and rounded
            where the type is an integer.

        Raises:
            MemoryError: if the batch needs more memory than there is; a smaller one may do, after
                :meth:`release`.
            UsageError: if 8 bits were asked for, and the pictures have more.
        """
        ...

    def free_memory(self) -> int | None:
        """Bytes that are free on a device with memory of its own; None if that is the system's."""
        ...

    def release(self) -> None:
        """Gives back the memory that is kept for further batches as large as those before."""
        ...


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
