"""One run in several processes, as torchrun starts them: each holds its share of the pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, distributed


@dataclass(frozen=True, kw_only=True)
class Processes:
    """The processes of a run, seen from one of them. They take every step together.

    Attributes:
        rank: this process's number, from 0.
        count: number of processes.
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes, validates and reports."""
        return self.rank == 0

    @property
    def share(self) -> slice:
        """The slice of all pictures, or of all samples of a batch, that is this process's."""
        return slice(self.rank, None, self.count)

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replaces each tensor, in place, by its mean over the processes."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        distributed.all_reduce(flat)  # a sum: gloo has no mean
        flat /= self.count
        for tensor, mean in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(mean.view_as(tensor))

    def mean(self, tensor: Tensor) -> Tensor:
        """Returns a tensor's mean over the processes. Gradients flow to the tensors of all of them."""
        if self.count == 1:
            return tensor
        mean: Tensor = _Mean.apply(tensor, self.count)
        return mean

    def any(self, flag: bool, device: torch.device) -> bool:
        """Returns whether the flag is set in any process."""
        if self.count == 1:
            return flag
        total = torch.tensor(float(flag), device=device)
        distributed.all_reduce(total)
        return total.item() > 0

    def from_first(self, value: Any) -> Any:
        """Returns the first process's value, in all processes."""
        if self.count == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values, src=0)
        return values[0]


class _Mean(torch.autograd.Function):
    """The mean over the processes, whose derivative is the mean of the derivatives."""

    @staticmethod
    def forward(context: Any, tensor: Tensor, count: int) -> Tensor:
        context.count = count
        total = tensor.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total / count

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Mean.apply(gradient, context.count), None


@contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Joins the processes that torchrun started with this one; without torchrun, this one is alone.

    Args:
        device: this process's own; it decides how they communicate: NCCL between CUDA devices, else gloo.
    """
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        yield Processes()
        return
    # Torch's optimisers import this, and its functions' default arguments keep the group of that moment. Its
    # threads would outlive it and now and then abort Python at exit.
    import_module("torch.distributed.nn.functional")
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(rank=distributed.get_rank(), count=distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
