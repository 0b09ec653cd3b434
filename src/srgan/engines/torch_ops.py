"""Builds a network in PyTorch from its description and parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from srgan.networks.architectures.folding import Array, cells, cells_of_shuffled, fold_norm
from srgan.networks.module import ModuleNetwork
from srgan.networks.network import Network
from srgan.training.networks.torch_ops import TorchOps


def build_forward(
    network: Network | ModuleNetwork, device: str, low_type: torch.dtype
) -> Callable[[Tensor], Tensor]:
    """Builds the forward pass of a network, with its parameters.

    Layers and their inputs are in ``low_type``, except the first two and the last two, a convolution and an
    activation each: 16 bits have steps of a whole level near white, to which neither picture may be rounded.
    Sums that grow from block to block start from the first layer's result and are as exact. A network that is
    a PyTorch module already is in ``low_type`` as a whole.

    Args:
        network: the network.
        device: where to compute.
        low_type: the type of the layers inside.

    Returns:
        A function from (N, 3, H, W), float32 in [0, 1], on the device, to (N, s * H, s * W, 3), float32, not
        clipped; s is the scale.
    """
    if isinstance(network, ModuleNetwork):
        module = network.module.to(device, low_type)
        return lambda picture: module(picture.to(low_type)).float().permute(0, 2, 3, 1)
    return partial(network.architecture.forward, _EngineOps(network, device, low_type))


class _EngineOps(TorchOps):
    """Chooses the type of each layer, and folds normalisations into convolutions.

    Cells are (row, column, RGB), the picture is (N, H, W, 3).
    """

    def __init__(self, network: Network, device: str, low_type: torch.dtype) -> None:
        self._tensors = network.tensors
        self._device = device
        self._low_type = low_type
        layers = list(dict.fromkeys(name.rpartition(".")[0] for name in network.architecture.shapes()))
        self._exact = {*layers[:2], *layers[-2:]}
        self._made: dict[str, tuple[Tensor, ...]] = {}

    def convolution(self, x: Tensor, name: str, norm: str = "") -> Tensor:
        return self._convolved(x, name, lambda: fold_norm(self._tensors, name, norm))

    def prelu(self, x: Tensor, name: str) -> Tensor:
        (slope,) = self._ready(name, lambda: (self._tensors[f"{name}.weight"],))
        return F.prelu(x.to(slope.dtype), slope)

    def last_convolution(self, x: Tensor, name: str, side: int) -> Tensor:
        return self._convolved(x, name, lambda: cells(self._tensors, name, side))

    def last_convolution_of_shuffled(self, x: Tensor, name: str, side: int) -> Tensor:
        return self._convolved(x, name, lambda: cells_of_shuffled(self._tensors, name, side))

    def add_repeated(self, cells: Tensor, picture: Tensor, side: int) -> Tensor:
        return cells + picture.repeat(1, side**2, 1, 1)

    def picture(self, cells: Tensor, side: int) -> Tensor:
        number, _, height, width = cells.shape
        pixels = cells.float().reshape(number, side, side, 3, height, width).permute(0, 4, 1, 5, 2, 3)
        return pixels.reshape(number, side * height, side * width, 3)

    def _has(self, name: str) -> bool:
        return name in self._tensors

    def _constant(self, name: str) -> Tensor:
        return torch.from_numpy(self._tensors[name]).to(self._device).reshape(-1, 1, 1)

    def _convolved(self, x: Tensor, name: str, make: Callable[[], tuple[Array, ...]]) -> Tensor:
        weight, bias = self._ready(name, make)
        return F.conv2d(x.to(weight.dtype), weight, bias, padding=weight.shape[-1] // 2)

    def _ready(self, name: str, make: Callable[[], tuple[Array, ...]]) -> tuple[Tensor, ...]:
        """Returns a layer's parameters on the device, made at first use."""
        if name not in self._made:
            dtype = torch.float32 if name in self._exact else self._low_type
            tensors = (torch.from_numpy(array).to(self._device, dtype) for array in make())
            self._made[name] = tuple(
                tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
                for tensor in tensors
            )
        return self._made[name]
