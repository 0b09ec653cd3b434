"""Batch norm over the pictures of all processes, which then learn the same as one with the whole batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from srgan.training.processes import Processes


def share_batch_norms(module: nn.Module, processes: Processes) -> None:
    """Makes every batch norm in a module take its means and variances over the pictures of all processes.

    PyTorch's SyncBatchNorm does the same, between CUDA devices only.
    """
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            shared = _SharedBatchNorm(child.num_features, child.eps, processes)
            shared.load_state_dict(child.state_dict())
            setattr(module, name, shared)
        else:
            share_batch_norms(child, processes)


class _SharedBatchNorm(nn.BatchNorm2d):
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def __init__(self, features: int, eps: float, processes: Processes) -> None:
        super().__init__(features, eps)
        self._processes = processes

    def forward(self, x: Tensor) -> Tensor:
        """Normalises (N, C, H, W), N and H and W the same in all processes."""
        if not self.training:
            return super().forward(x)
        maps = x.float()
        mean = self._processes.mean(maps.mean((0, 2, 3)))
        maps = maps - mean.view(-1, 1, 1)
        variance = self._processes.mean(maps.square().mean((0, 2, 3)))
        self._remember(mean, variance, self._processes.count * x.numel() / len(mean))
        scale = self.weight * (variance + self.eps).rsqrt()
        return (maps * scale.view(-1, 1, 1) + self.bias.view(-1, 1, 1)).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, samples: float) -> None:
        """Updates the running mean and the running, unbiased, variance, as BatchNorm2d does."""
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * samples / (samples - 1), self.momentum)
