"""Muon: momentum with orthogonalised updates, for the convolutions inside a network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

# The quintic iteration that takes singular values to about 1 in five rounds (Jordan et al. 2024).
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5


def orthogonalise(matrices: Tensor, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """Replaces each matrix by nearly the closest one with orthonormal rows (Newton-Schulz).

    Args:
        matrices: (N, rows, columns), rows <= columns.
        dtype: to compute in; bfloat16 is enough for a direction, as in ``torch.optim.Muon``, and less work.

    Returns:
        The same shape and type; singular values between about 0.7 and 1.2.
    """
    a, b, c = _COEFFICIENTS
    x = (matrices / (torch.linalg.matrix_norm(matrices, keepdim=True) + 1e-7)).to(dtype)
    for _ in range(_ROUNDS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """Muon (Jordan et al. 2024) with the update's size matched to Adam's (Liu et al. 2025, 2502.16982).

    ``torch.optim.Muon`` takes matrices only, one after the other. Here a convolution's weight is the
    matrix (out, in * height * width), and all weights of one shape are orthogonalised in one batch.

    Args:
        parameters: weights of convolutions, (out, in, height, width), out <= in * height * width.
        learning_rate: root mean square of an update over 0.2, as for Adam.
        weight_decay: share of the weights, times the learning rate, subtracted at each step.
        momentum: for the running mean of gradients (Nesterov).
        dtype: type in which updates are orthogonalised.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        learning_rate: float,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        defaults = {
            "lr": learning_rate,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "dtype": dtype,
        }
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Updates every parameter that has a gradient; a closure recomputes the gradients and the loss."""
        with torch.enable_grad():
            loss = closure() if closure else None
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape[parameter.shape].append(parameter)
            for parameters in by_shape.values():
                self._step_together(parameters, group)
        return loss

    def _step_together(self, parameters: list[nn.Parameter], group: dict[str, Any]) -> None:
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        means = [self._mean(parameter) for parameter in parameters]
        torch._foreach_lerp_(means, gradients, 1 - group["momentum"])
        # The order of a matrix's columns does not matter: this one leaves channels-last weights in place.
        updates = torch.stack(
            [mean.permute(0, 2, 3, 1) for mean in torch._foreach_lerp(gradients, means, group["momentum"])]
        )
        matrices = updates.flatten(2)
        size = 0.2 * max(matrices.shape[1:]) ** 0.5
        updates = orthogonalise(matrices, group["dtype"]).view(updates.shape).permute(0, 1, 4, 2, 3)
        weights: list[Tensor] = [*parameters]
        torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(weights, list(updates), alpha=-group["lr"] * size)

    def _mean(self, parameter: nn.Parameter) -> Tensor:
        state = self.state[parameter]
        if "mean" not in state:
            state["mean"] = torch.zeros_like(parameter)
        mean: Tensor = state["mean"]
        return mean
