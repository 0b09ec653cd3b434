"""The first stage: the generator alone learns to come close to the true picture, pixel by pixel."""

from __future__ import annotations

import torch
from torch import Tensor

from srgan.data.store import PictureStore
from srgan.losses.pixel import pixel_loss
from srgan.training.recipe import Recipe
from srgan.training.setup import make_optimisers
from srgan.training.state import RunState


class FidelityRun(RunState):
    """A run of the first stage."""

    losses = ("pixel_loss",)

    def __init__(self, recipe: Recipe, store: PictureStore, device: torch.device) -> None:
        super().__init__(recipe, store, device)
        self.optimisers = make_optimisers(self.network, recipe.optimiser)

    def learn(self, lr_image: Tensor, hr_image: Tensor) -> None:
        """Brings the generator's picture closer to the true one."""
        with self.autocast():
            sr_image = self.network(lr_image)
        loss = pixel_loss(sr_image.float(), hr_image, self.recipe.loss.pixel)
        self.minimise(loss, self.optimisers)
        self.record(pixel_loss=loss)
