"""Runs networks in PyTorch: on NVIDIA and Apple GPUs, and on the processor as a second opinion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from srgan.cpu import avoid_spinning
from srgan.engines.protocol import Device, Precision, is_out_of_memory
from srgan.errors import UsageError
from srgan.networks.module import ModuleNetwork
from srgan.networks.network import Network


class TorchEngine:
    """Runs a network in PyTorch; see :class:`~srgan.engines.protocol.Engine`.

    Args:
        network: the network.
        precision: ``"auto"`` is fp16 on a GPU if the network allows it, else fp32. int8 is refused.
        device: ``"auto"`` is CUDA, else Apple's GPU, else the processor.
        threads: number of processor threads, for the whole process; None leaves it as it is.

    Raises:
        UsageError: if the device is not there, or the device or the network does not compute in
            ``precision``.
    """

    name = "torch"
    note = ""

    def __init__(
        self,
        network: Network | ModuleNetwork,
        *,
        precision: Precision = "auto",
        device: Device = "auto",
        threads: int | None = None,
    ) -> None:
        torch = _import_torch()
        from srgan.engines.torch_ops import build_forward

        self.device = _available(device)
        low_types = network.types if isinstance(network, ModuleNetwork) else {"fp16", "bf16"}
        if precision == "auto":
            precision = "fp32" if self.device == "cpu" or "fp16" not in low_types else "fp16"
        if precision not in {"fp32", *low_types}:
            who = "the torch engine" if precision == "int8" else "this network"
            raise UsageError(f"{who} does not compute in {precision}; choose fp32", field="precision")
        if precision == "fp16" and self.device == "cpu":
            raise UsageError(
                "the torch engine does not compute in fp16 on the processor; choose fp32 or bf16",
                field="precision",
            )
        if threads is not None:
            torch.set_num_threads(threads)
        self.info = network.info
        self.precision = str(precision)
        self.description = f"{_describe(self.device)}, {self.precision}, by PyTorch"
        self._torch = torch
        types = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
        self._forward = build_forward(network, self.device, types[self.precision])

    def precision_for(self, _: DTypeLike) -> str:
        """See :meth:`~srgan.engines.protocol.Engine.precision_for`."""
        return self.precision

    def upscale(self, batch: NDArray[Any], context: int = 0) -> NDArray[Any]:
        """Upscales pictures; see :meth:`~srgan.engines.protocol.Engine.upscale`."""
        white = np.iinfo(batch.dtype).max if np.issubdtype(batch.dtype, np.integer) else 1
        try:
            enlarged = self._run(batch, context, white)
        except self._torch.OutOfMemoryError as error:
            raise MemoryError(f"not enough memory for a tile of {batch.shape}") from error
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise MemoryError(f"not enough memory for a tile of {batch.shape}") from error
            raise
        return enlarged.astype(batch.dtype, copy=False)

    def free_memory(self) -> int | None:
        """Returns the free memory of the GPU in bytes, with what PyTorch keeps; None on the processor."""
        torch = self._torch
        if self.device == "cuda":
            kept = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
            return int(torch.cuda.mem_get_info()[0] + kept)
        if self.device == "mps":
            used = torch.mps.current_allocated_memory()
            return max(0, int(torch.mps.recommended_max_memory() - used))
        return None

    def release(self) -> None:
        """Does nothing: PyTorch frees what it keeps before it reports that memory ran out."""

    def try_out(self) -> None:
        """Upscales a small picture.

        Raises:
            RuntimeError: if the device, its driver and this PyTorch do not work together.
        """
        self.upscale(np.zeros((1, 4, 4, 3), np.uint8))

    def _run(self, batch: NDArray[Any], context: int, white: int) -> NDArray[Any]:
        """Returns the result in the range of ``batch``, clipped and rounded; uint8 or float32."""
        torch = self._torch
        with torch.inference_mode():
            # PyTorch lacks many operations for uint16, so it travels as floats.
            plain = batch.astype(np.float32) if batch.dtype == np.uint16 else batch
            pixels = torch.from_numpy(np.ascontiguousarray(plain)).to(self.device)
            # An NHWC array viewed as NCHW is what PyTorch calls channels-last.
            picture = pixels.permute(0, 3, 1, 2).float() / white
            y = self._forward(picture)
            margin = context * self.info.scale
            y = y[:, margin : y.shape[1] - margin, margin : y.shape[2] - margin]
            y = y.clamp(0.0, 1.0).mul_(white)
            if white > 1:
                y = y.round_()
            if batch.dtype == np.uint8:  # a quarter of the bytes that floats would copy from the GPU
                y = y.to(torch.uint8)
            result: NDArray[Any] = y.contiguous().cpu().numpy()
            return result


def best_device() -> Device:
    """Returns the first device that PyTorch sees: CUDA, else Apple's GPU, else the processor."""
    devices: tuple[Device, ...] = ("cuda", "mps")
    return next((device for device in devices if _is_available(device)), "cpu")


def _available(device: Device) -> str:
    if device == "auto":
        return best_device()
    if not _is_available(device):
        raise UsageError(f"PyTorch finds no {device} device; choose the processor", field="device")
    return device


def _is_available(device: Device) -> bool:
    torch = _import_torch()
    if device == "cuda":
        return bool(torch.cuda.is_available())
    return device == "cpu" or bool(torch.backends.mps.is_available())


def _describe(device: str) -> str:
    torch = _import_torch()
    if device == "cuda":
        return f"CUDA device {torch.cuda.current_device()} ({torch.cuda.get_device_name()})"
    return "Apple GPU" if device == "mps" else "processor"


def _import_torch() -> Any:
    """Imports PyTorch at first use: it may not be installed, and takes a second to import."""
    avoid_spinning()
    import torch

    return torch
