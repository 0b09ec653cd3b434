"""The operations that architectures are described in, in PyTorch: what all ways to run them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor
from torch.nn import functional as F

from srgan.networks.architectures.description import Resampling


class TorchOps(ABC):
    """Computes on (N, C, H, W); see :class:`~srgan.networks.architectures.description.Ops`."""

    @abstractmethod
    def convolution(self, x: Tensor, name: str, norm: str = "") -> Tensor:
        """Folds the norm behind a convolution into it."""

    @abstractmethod
    def _has(self, name: str) -> bool:
        """Returns whether there is a tensor of that name."""

    @abstractmethod
    def _constant(self, name: str) -> Tensor:
        """Returns a tensor of one value for each channel, or of one for all, as (C, 1, 1)."""

    def first_convolution(self, picture: Tensor, name: str) -> Tensor:
        return self.convolution(picture, name)

    def leaky_relu(self, x: Tensor, slope: float) -> Tensor:
        return F.leaky_relu(x, slope)

    def sigmoid(self, x: Tensor) -> Tensor:
        return torch.sigmoid(x)

    def tanh(self, x: Tensor) -> Tensor:
        return torch.tanh(x.float())

    def clamp(self, x: Tensor, low: float, high: float) -> Tensor:
        return x.float().clamp(low, high)  # limits may be beyond what 16 bits hold

    def add(self, x: Tensor, y: Tensor, factor: float = 1.0) -> Tensor:
        return x + y if factor == 1 else y + factor * x

    def multiply(self, x: Tensor, y: Tensor) -> Tensor:
        return x * y

    def concat(self, maps: Sequence[Tensor]) -> Tensor:
        return torch.cat([*maps], 1)

    def scaled(self, x: Tensor, name: str) -> Tensor:
        return self._constant(f"{name}.weight") * x + self._constant(f"{name}.bias")

    def shift(self, picture: Tensor, name: str) -> Tensor:
        if self._has(f"{name}.weight"):
            return self.scaled(picture, name)
        return picture + self._constant(f"{name}.bias")

    def values(self, picture: Tensor) -> Tensor:
        return picture

    def pixels(self, x: Tensor) -> Tensor:
        return x

    def shuffle(self, x: Tensor, side: int) -> Tensor:
        return F.pixel_shuffle(x, side)

    def unshuffle(self, x: Tensor, side: int) -> Tensor:
        return F.pixel_unshuffle(x, side)

    def enlarge(self, x: Tensor, side: int) -> Tensor:
        return F.interpolate(x, scale_factor=float(side), mode="nearest")

    def resized(self, x: Tensor, factor: Fraction, kind: Resampling) -> Tensor:
        places = None if kind == "nearest" else False
        return F.interpolate(x.float(), scale_factor=float(factor), mode=kind, align_corners=places)
