"""The generator in PyTorch: for NVIDIA and Apple accelerators, and as a second opinion on the processor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.engines.engine import Device, Precision, is_out_of_memory
from srgan.errors import UsageError
from srgan.networks.card import ModelCard


class TorchEngine:
    """Runs a generator in PyTorch; see :class:`~srgan.engines.engine.Engine`.

    Args:
        card: the model's card.
        tensors: its parameters, float32.
        precision: ``"auto"`` is fp16 on an accelerator, fp32 on the processor.
        device: ``"auto"`` is CUDA, else Apple's, else the processor.
        threads: processor threads, for the whole process; None leaves them as they are.

    Raises:
        UsageError: if the device is not there, or does not compute in ``precision``.
    """

    name = "torch"

    def __init__(
        self,
        card: ModelCard,
        tensors: Mapping[str, NDArray[np.float32]],
        *,
        precision: Precision = "auto",
        device: Device = "auto",
        threads: int | None = None,
    ) -> None:
        # Here and not at the top: torch may not be installed, and takes a second to import.
        import torch

        from srgan.training.networks.generator import make_generator

        self.device = _choose_device(torch, device)
        if precision == "auto":
            precision = "fp32" if self.device == "cpu" else "fp16"
        if precision == "fp16" and self.device == "cpu":
            raise UsageError("the torch engine does not compute in fp16 on the processor; use fp32 or bf16")
        self.precision = str(precision)
        if threads is not None:
            torch.set_num_threads(threads)
        self._torch = torch
        self._scale = card.generator.SCALE
        generator: Any = make_generator(card.generator)  # torch's stubs lack memory_format of its method to()
        generator.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
        generator.eval().to(self.device)
        if precision != "fp32":
            _reduce(generator, {"bf16": torch.bfloat16, "fp16": torch.float16}[precision])
        self._generator = generator.to(memory_format=torch.channels_last)

    def upscale(self, batch: NDArray[Any], context: int = 0) -> NDArray[Any]:
        """Enlarges pictures four times per side; see :meth:`~srgan.engines.engine.Engine.upscale`."""
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

    def release(self) -> None:
        """Nothing: PyTorch gives back what it keeps by itself, before it reports that there is no memory."""

    def _run(self, batch: NDArray[Any], context: int, white: int) -> NDArray[np.float32]:
        """The result on the scale of ``batch``, clipped and rounded, but still in floats."""
        torch = self._torch
        with torch.inference_mode():
            # torch lacks much for uint16: it travels as floats.
            plain = batch.astype(np.float32) if batch.dtype == np.uint16 else batch
            picture = torch.from_numpy(np.ascontiguousarray(plain)).to(self.device)
            # An NHWC array seen as NCHW is what torch calls channels-last.
            y = self._generator(picture.permute(0, 3, 1, 2).float() / white)
            margin = context * self._scale
            y = y[:, :, margin : y.shape[2] - margin, margin : y.shape[3] - margin]
            y = y.float().clamp_(0.0, 1.0).mul_(white)
            if white > 1:
                y = y.round_()
            result: NDArray[np.float32] = y.permute(0, 2, 3, 1).contiguous().cpu().numpy()
            return result


def _reduce(generator: Any, low_type: Any) -> None:
    """Lets a generator compute in a type of 16 bits, but for its first and last convolution.

    bf16 has steps of a whole level near white: neither picture may be rounded to it. Nor may the sums that
    grow from block to block; they are as exact as the first layer's result, which begins them.
    """
    modules = generator.modules()
    layers = [module for module in modules if next(module.parameters(recurse=False), None) is not None]
    for layer in layers[2:-2]:  # each of the two convolutions has an activation beside it
        layer.to(low_type)
    for layer in layers:
        layer.register_forward_pre_hook(lambda layer, inputs: (inputs[0].to(layer.weight.dtype),))


def _choose_device(torch: Any, device: Device) -> str:
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, is_there in available.items() if is_there)
    if not available[device]:
        raise UsageError(f"no {device} device is available to torch; use --device cpu")
    return device
