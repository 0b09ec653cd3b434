"""The first stage: the generator alone learns to come close to the ground truth, pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from srgan.training.crops import PictureStore
from srgan.training.losses.grid import grid_loss
from srgan.training.losses.pixel import pixel_loss
from srgan.training.processes import Processes
from srgan.training.recipe import Recipe
from srgan.training.setup import make_optimisers
from srgan.training.teaching import Teacher
from srgan.training.trainer import Losses, Part, Trainer


class FidelityTrainer(Trainer):
    """The first stage: the generator alone.

    Args:
        recipe, store, device, processes, teacher: see :class:`~srgan.training.trainer.Trainer`.
    """

    losses: Sequence[str] = ("pixel_loss",)

    def __init__(
        self,
        recipe: Recipe,
        store: PictureStore,
        device: torch.device,
        processes: Processes | None = None,
        teacher: Teacher | None = None,
    ) -> None:
        if recipe.loss.teacher:
            self.losses = (*self.losses, "teacher_loss")
        if recipe.loss.grid_weight:
            self.losses = (*self.losses, "grid_loss")
        super().__init__(recipe, store, device, processes, teacher)
        self.learners = {"generator": make_optimisers(self.network, recipe.optimiser, self.dtype)}

    def losses_of(self, parts: Sequence[Part]) -> Iterator[Losses]:
        """Yields the losses of the generator's results against the ground truth and the teacher's."""
        options = self.recipe.loss
        for lr_image, hr_image in parts:
            with self.autocast():
                sr_image = self.network(lr_image)
            sr_image = sr_image.float()
            loss = pixel_loss(sr_image, hr_image, options.pixel)
            figures = {"pixel_loss": loss}
            if self.teacher is not None:
                figures["teacher_loss"] = pixel_loss(sr_image, self.teacher(lr_image), options.pixel)
                loss = loss + options.teacher_weight * figures["teacher_loss"]
            if options.grid_weight:
                figures["grid_loss"] = grid_loss(
                    sr_image, hr_image, self.recipe.generator.scale, self.processes.mean
                )
                loss = loss + options.grid_weight * figures["grid_loss"]
            yield {"generator": (loss, figures)}
