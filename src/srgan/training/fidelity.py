"""The first stage: the generator alone learns to come close to the ground truth, pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from srgan.training.crops import PictureStore
from srgan.training.losses.grid import grid_loss
from srgan.training.losses.pixel import pixel_loss
from srgan.training.processes import Processes
from srgan.training.recipe import Recipe
from srgan.training.setup import load_teacher, make_optimisers
from srgan.training.trainer import Losses, Part, Trainer

Teacher = Callable[[Tensor], Tensor]
"""Maps (N, 3, H, W) to (N, 3, s * H, s * W), RGB in [0, 1]; s is the scale. Never trained itself."""


class FidelityTrainer(Trainer):
    """The first stage: the generator alone.

    Args:
        recipe, store, device, processes: see :class:`~srgan.training.trainer.Trainer`.
        teacher: stands in for the recipe's teacher; None to load that network.
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
        super().__init__(recipe, store, device, processes)
        self.learners = {"generator": make_optimisers(self.network, recipe.optimiser, self.dtype)}
        self.teacher = teacher
        if recipe.loss.teacher and teacher is None:
            network = load_teacher(recipe.loss.teacher, recipe.generator.scale)
            self.teacher = self.place(network).requires_grad_(False).eval()

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
                with self.autocast(), torch.no_grad():
                    taught = self.teacher(lr_image).float()
                figures["teacher_loss"] = pixel_loss(sr_image, taught, options.pixel)
                loss = loss + options.teacher_weight * figures["teacher_loss"]
            if options.grid_weight:
                figures["grid_loss"] = grid_loss(
                    sr_image, hr_image, self.recipe.generator.scale, self.processes.mean
                )
                loss = loss + options.grid_weight * figures["grid_loss"]
            yield {"generator": (loss, figures)}
