"""Networks that only an engine can run, as teachers: training itself imports no engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from srgan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from srgan.training.recipe import Recipe
    from srgan.training.teaching import Teacher


def open_teacher(recipe: Recipe) -> Teacher | None:
    """Opens the recipe's teacher if it is an ``.onnx`` file; None if training loads it itself, or has none.

    Raises:
        UsageError: if there is no such file, or its scale differs.
        ModelError: if it cannot be read.
    """
    model = recipe.loss.teacher
    if Path(model).suffix.lower() != ".onnx":
        return None
    import numpy as np  # all imported here: the help of other commands must not wait for them
    import torch

    from srgan.upscaling.upscaler import Upscaler

    upscaler = Upscaler(model)
    if upscaler.scale != recipe.generator.scale:
        raise UsageError(
            f"teacher = '{model}': upscales {upscaler.scale}x, the recipe's network {recipe.generator.scale}x"
        )

    def draw(lr_image: Tensor) -> Tensor:
        pictures = lr_image.clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy()
        drawn = np.stack([upscaler.upscale(np.ascontiguousarray(picture)) for picture in pictures])
        return torch.from_numpy(drawn).permute(0, 3, 1, 2).to(lr_image.device)

    return draw
