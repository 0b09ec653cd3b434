"""The SRResNet as it is usually written in PyTorch: what srgan's speed is compared with."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from srgan.networks.network import load_network


class PlainSRResNet(nn.Module):
    """The shipped SRResNet's description by PyTorch's own operations: nothing is folded into anything else.

    Its last convolution is at full size, as in the paper.
    """

    def __init__(self) -> None:
        super().__init__()
        network = load_network("srresnet")
        self._architecture = network.architecture
        self._weights = nn.ParameterDict(
            {_key(name): nn.Parameter(torch.from_numpy(tensor)) for name, tensor in network.tensors.items()}
        )

    def forward(self, lr_image: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, 3, 4H, 4W), RGB in [0, 1]."""
        return self._architecture.forward(_PlainOps(self._weights), lr_image)


class _PlainOps:
    """Computes on (N, C, H, W); see :class:`~srgan.networks.architectures.description.Ops`."""

    def __init__(self, weights: nn.ParameterDict) -> None:
        self._weights = weights

    def convolution(self, x: Tensor, name: str, norm: str = "") -> Tensor:
        assert _key(f"{norm}.weight") not in self._weights, "the shipped networks have no norms"
        weight = self._weights[_key(f"{name}.weight")]
        return F.conv2d(x, weight, self._weights[_key(f"{name}.bias")], padding=weight.shape[-1] // 2)

    def first_convolution(self, picture: Tensor, name: str) -> Tensor:
        return self.convolution(picture, name)

    def prelu(self, x: Tensor, name: str) -> Tensor:
        return F.prelu(x, self._weights[_key(f"{name}.weight")])

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y

    def shuffle(self, x: Tensor, side: int) -> Tensor:
        return F.pixel_shuffle(x, side)

    def last_convolution(self, x: Tensor, name: str, side: int) -> Tensor:
        return F.pixel_shuffle(self.convolution(x, name), side)

    def last_convolution_of_shuffled(self, x: Tensor, name: str, side: int) -> Tensor:
        return self.convolution(F.pixel_shuffle(x, side), name)

    def add_repeated(self, cells: Tensor, picture: Tensor, side: int) -> Tensor:
        return cells + F.interpolate(picture, scale_factor=float(side), mode="nearest")

    def picture(self, cells: Tensor, side: int) -> Tensor:
        return cells  # which are pixels in their places already


def _key(name: str) -> str:
    return name.replace(".", "/")  # a ParameterDict takes no dots
