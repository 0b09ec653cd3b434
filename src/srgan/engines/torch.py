"""Networks in PyTorch: on NVIDIA's and Apple's GPUs, and as a second opinion on the processor."""

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
        precision: ``"auto"`` is fp16 on a GPU, where the network allows it; fp32 on the processor.
        device: ``"auto"`` is CUDA, else Apple's, else the processor.
        threads: processor threads, for the whole process; None leaves them as they are.

    Raises:
        UsageError: if the device is not there, or or the network, does not compute in ``precision``.
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
        """Enlarges pictures; see :meth:`~srgan.engines.protocol.Engine.upscale`."""
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
        """What is free on the GPU, what PyTorch keeps for itself included."""
        torch = self._torch
        if self.device == "cuda":
            kept = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
            return int(torch.cuda.mem_get_info()[0] + kept)
        if self.device == "mps":
            used = torch.mps.current_allocated_memory()
            return max(0, int(torch.mps.recommended_max_memory() - used))
        return None

    def release(self) -> None:
        """Nothing: PyTorch gives back what it keeps by itself, before it reports that there is no memory."""

    def try_out(self) -> None:
        """Enlarges a small picture.

        Raises:
            RuntimeError: if the device, its driver and this PyTorch do not go together.
        """
        self.upscale(np.zeros((1, 4, 4, 3), np.uint8))

    def _run(self, batch: NDArray[Any], context: int, white: int) -> NDArray[Any]:
        """The result on the scale of ``batch``, clipped and rounded; of bytes as bytes, else in floats."""
        torch = self._torch
        with torch.inference_mode():
            # torch lacks much for uint16: it travels as floats.
            plain = batch.astype(np.float32) if batch.dtype == np.uint16 else batch
            pixels = torch.from_numpy(np.ascontiguousarray(plain)).to(self.device)
            # An NHWC array seen as NCHW is what torch calls channels-last.
            picture = pixels.permute(0, 3, 1, 2).float() / white
            y = self._forward(picture)
            margin = context * self.info.scale
            y = y[:, margin : y.shape[1] - margin, margin : y.shape[2] - margin]
            y = y.clamp(0.0, 1.0).mul_(white)
            if white > 1:
                y = y.round_()
            if batch.dtype == np.uint8:  # a quarter of what leaves the GPU in floats
                y = y.to(torch.uint8)
            result: NDArray[Any] = y.contiguous().cpu().numpy()
            return result


def best_device() -> Device:
    """CUDA, else Apple's, else the processor: the first that PyTorch sees."""
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
    """PyTorch, at first use and not at the top: it may not be installed, and takes a second to import."""
    avoid_spinning()
    import torch

    return torch
