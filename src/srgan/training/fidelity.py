"""The first stage: the generator alone learns to come close to the true picture, pixel by pixel."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from srgan.data.store import PictureStore
from srgan.errors import RunError
from srgan.losses.pixel import pixel_loss
from srgan.models.generator import Generator
from srgan.training.recipe import Recipe
from srgan.training.setup import autocast_dtype, make_optimisers, schedule


class FidelityRun:
    """All that changes while the first stage runs, and all that its checkpoints hold."""

    def __init__(self, recipe: Recipe, store: PictureStore, device: torch.device) -> None:
        torch.manual_seed(recipe.run.seed)
        self.recipe = recipe
        self.store = store
        self.device = device
        self.dtype = autocast_dtype(recipe.run.precision, device)
        self.network = Generator(recipe.generator).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.optimisers = make_optimisers(self.network, recipe.optimiser)
        self.random = torch.Generator().manual_seed(recipe.run.seed)
        self.step = 0
        self.seconds = 0.0
        self.psnr_y: float | None = None
        self.loss_sum = torch.zeros((), device=device)

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly from here."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "random": self.random.get_state(),
            "step": self.step,
            "seconds": self.seconds,
            "psnr_y": self.psnr_y,
            "loss_sum": self.loss_sum,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Goes on from another run's :meth:`state`.

        Raises:
            RunError: if the state is of another network or optimiser.
        """
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
                # The learning rates and the like are the recipe's, not the checkpoint's.
                optimiser.load_state_dict({**optimiser.state_dict(), "state": saved["state"]})
        except (KeyError, ValueError, RuntimeError):
            raise RunError(
                "the checkpoint is of another network or optimiser than the recipe's; "
                "use the run's own config.toml, or --resume never"
            ) from None
        self.random.set_state(state["random"])
        self.step = state["step"]
        self.seconds = state["seconds"]
        self.psnr_y = state["psnr_y"]
        self.loss_sum = state["loss_sum"].to(self.device)

    def train_step(self) -> None:
        """One step: a batch, its loss, the gradients, the weights, their average."""
        data, options = self.recipe.data, self.recipe.optimiser
        lr_image, hr_image = self.store.sample(data.batch_size, data.crop, self.random)
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            sr_image = self.network(lr_image)
        loss = pixel_loss(sr_image.float(), hr_image, self.recipe.loss.pixel)
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        factor = schedule(self.step, options)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = factor * optimiser.defaults["lr"]
            optimiser.step()
        self._move_average()
        self.loss_sum += loss.detach()
        self.step += 1

    @torch.no_grad()
    def _move_average(self) -> None:
        # A young average must forget its random start.
        decay = min(self.recipe.optimiser.ema_decay, (1 + self.step) / (10 + self.step))
        parameters: list[Tensor] = list(self.network.parameters())
        torch._foreach_lerp_(list(self.average.parameters()), parameters, 1 - decay)
        for average, buffer in zip(self.average.buffers(), self.network.buffers(), strict=True):
            average.copy_(buffer)
