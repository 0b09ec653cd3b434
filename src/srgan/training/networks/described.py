"""Any network by its description, in PyTorch's own operations: nothing is folded into anything else."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from srgan.networks.network import Network
from srgan.training.networks.torch_ops import TorchOps


class DescribedNetwork(nn.Module):
    """A network as it is usually written in PyTorch: for teachers, and to compare srgan's speed with.

    The last convolution is at full size, as in the papers. The engine for GPUs differs: it folds
    layers, and chooses the type of each.

    Args:
        network: its weights become parameters.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._architecture = network.architecture
        self._weights = nn.ParameterDict(
            {_key(name): nn.Parameter(torch.from_numpy(tensor)) for name, tensor in network.tensors.items()}
        )

    def forward(self, lr_image: Tensor) -> Tensor:
        """Maps (N, 3, H, W) to (N, 3, sH, sW), s the scale; RGB in [0, 1], the result not clipped."""
        return self._architecture.forward(_PlainOps(self._weights), lr_image)


class _PlainOps(TorchOps):
    """Folds nothing."""

    def __init__(self, weights: nn.ParameterDict) -> None:
        self._weights = weights

    def convolution(self, x: Tensor, name: str, norm: str = "") -> Tensor:
        weight = self._weights[_key(f"{name}.weight")]
        y = F.conv2d(x, weight, self._weights[_key(f"{name}.bias")], padding=weight.shape[-1] // 2)
        if _key(f"{norm}.weight") not in self._weights:
            return y
        statistics = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(y, *(self._weights[_key(f"{norm}.{name}")] for name in statistics))

    def prelu(self, x: Tensor, name: str) -> Tensor:
        return F.prelu(x, self._weights[_key(f"{name}.weight")])

    def last_convolution(self, x: Tensor, name: str, side: int) -> Tensor:
        return F.pixel_shuffle(self.convolution(x, name), side)

    def last_convolution_of_shuffled(self, x: Tensor, name: str, side: int) -> Tensor:
        return self.convolution(F.pixel_shuffle(x, side), name)

    def add_repeated(self, cells: Tensor, picture: Tensor, side: int) -> Tensor:
        return cells + self.enlarge(picture, side)

    def picture(self, cells: Tensor, side: int) -> Tensor:
        return cells  # already pixels in their places

    def _has(self, name: str) -> bool:
        return _key(name) in self._weights

    def _constant(self, name: str) -> Tensor:
        return self._weights[_key(name)].reshape(-1, 1, 1)


def _key(name: str) -> str:
    return name.replace(".", "/")  # a ParameterDict takes no dots
