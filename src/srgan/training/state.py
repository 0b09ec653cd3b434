"""What a training run is made of while it runs, whichever its stage, and what its checkpoints hold."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from srgan.data.store import PictureStore
from srgan.errors import RunError
from srgan.models.generator import Generator
from srgan.training.recipe import Recipe
from srgan.training.setup import autocast_dtype, load_start, schedule


class RunState(ABC):
    """A run at some step. Each stage says what a step does, by :meth:`learn`.

    Args:
        recipe: everything but the pictures.
        store: the training pictures.
        device: where to compute.

    Attributes:
        losses: names of the figures that :meth:`record` takes.
        network: the generator.
        average: the moving average of the generator's weights.
        modules: all that learns, and the average; what a checkpoint holds.
        optimisers: every optimiser of the run.
        step: steps done.
        seconds: time spent, over all calls.
        psnr_y: of the last validation in dB, or None.
    """

    losses: ClassVar[Sequence[str]]

    def __init__(self, recipe: Recipe, store: PictureStore, device: torch.device) -> None:
        torch.manual_seed(recipe.run.seed)
        self.recipe = recipe
        self.store = store
        self.device = device
        self.dtype = autocast_dtype(recipe.run.precision, device)
        self.network = self.place(Generator(recipe.generator))
        if recipe.start:
            load_start(self.network, recipe.start)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.modules: dict[str, nn.Module] = {"network": self.network, "average": self.average}
        self.optimisers: list[torch.optim.Optimizer] = []
        self.random = torch.Generator().manual_seed(recipe.run.seed)
        self.step = 0
        self.seconds = 0.0
        self.psnr_y: float | None = None
        self._sums = {name: torch.zeros((), device=device) for name in self.losses}

    @abstractmethod
    def learn(self, lr_image: Tensor, hr_image: Tensor) -> None:
        """Changes the weights once, by a batch (N, 3, crop, crop) and (N, 3, 4 crop, 4 crop)."""

    def place(self, module: nn.Module) -> Any:
        """A module on the run's device, with its convolutions in channels-last layout."""
        return module.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def train_step(self) -> None:
        """One step: a batch, the stage's learning, the weights' average."""
        data = self.recipe.data
        self.learn(*self.store.sample(data.batch_size, data.crop, self.random))
        self._move_average()
        self.step += 1

    def autocast(self) -> torch.autocast:
        """The context in which networks compute."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def minimise(self, loss: Tensor, optimisers: Sequence[torch.optim.Optimizer]) -> None:
        """One step of some optimisers against a loss, at the rate the schedule gives."""
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        factor = schedule(self.step, self.recipe.optimiser)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = factor * optimiser.defaults["lr"]
            optimiser.step()

    def record(self, **losses: Tensor) -> None:
        """Adds a step's figures to the sums that the next row of the log is made of."""
        for name, loss in losses.items():
            self._sums[name] += loss.detach()

    def means(self, steps: int) -> dict[str, float]:
        """Each figure's mean over the last ``steps`` steps; the sums start anew.

        Raises:
            RunError: if one is not finite.
        """
        self.check_finite()
        means = {name: total.item() / steps for name, total in self._sums.items()}
        for total in self._sums.values():
            total.zero_()
        return means

    def check_finite(self) -> None:
        """Raises RunError if a loss since the last row of the log was not a finite number."""
        for name, total in self._sums.items():
            if not torch.isfinite(total):
                raise RunError(
                    f"the {name.replace('_', ' ')} is {total.item()} at step {self.step}; go on with a lower "
                    "learning rate: the checkpoints before are sound"
                )

    @torch.no_grad()
    def _move_average(self) -> None:
        # A young average must forget its random start.
        decay = min(self.recipe.optimiser.ema_decay, (1 + self.step) / (10 + self.step))
        parameters: list[Tensor] = list(self.network.parameters())
        torch._foreach_lerp_(list(self.average.parameters()), parameters, 1 - decay)
        for average, buffer in zip(self.average.buffers(), self.network.buffers(), strict=True):
            average.copy_(buffer)

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly from here."""
        return {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "random": self.random.get_state(),
            "step": self.step,
            "seconds": self.seconds,
            "psnr_y": self.psnr_y,
            "sums": self._sums,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Goes on from another run's :meth:`state`.

        Raises:
            RunError: if the state is of another stage, network or optimiser.
        """
        try:
            if state["modules"].keys() != self.modules.keys():
                raise KeyError
            for name, module in self.modules.items():
                module.load_state_dict(state["modules"][name])
            for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
                # The learning rates and the like are the recipe's, not the checkpoint's.
                optimiser.load_state_dict({**optimiser.state_dict(), "state": saved["state"]})
        except (KeyError, ValueError, RuntimeError):
            raise RunError(
                "the checkpoint is of another stage, network or optimiser than the recipe's; "
                "use the run's own config.toml, or --resume never"
            ) from None
        self.random.set_state(state["random"])
        self.step = state["step"]
        self.seconds = state["seconds"]
        self.psnr_y = state["psnr_y"]
        self._sums = {name: total.to(self.device) for name, total in state["sums"].items()}
