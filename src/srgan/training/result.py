"""The result of a run: the averaged weights with a card that says how they were made."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from srgan.networks.card import ModelCard
from srgan.networks.model_file import write_model
from srgan.training.degradations.options import DegradationOptions
from srgan.training.descent import descent
from srgan.training.pictures import Pictures
from srgan.training.setup import processor
from srgan.training.trainer import Trainer


def write_generator(
    trainer: Trainer, path: Path, training: dict[str, Any], drawn_by: list[dict[str, str]]
) -> None:
    """Writes the averaged weights, as 16-bit floats, with their card.

    Args:
        trainer: the run's trainer.
        path: the file.
        training: see :func:`training_facts`.
        drawn_by: see :func:`~srgan.training.descent.drawn_pictures`.
    """
    tensors = {name: tensor.cpu().half().numpy() for name, tensor in trainer.average.state_dict().items()}
    recipe = trainer.recipe
    card = ModelCard(
        name=recipe.name,
        generator=recipe.generator,
        summary=recipe.summary,
        licence=recipe.licence,
        training=training,
        version=version("srgan"),
        **descent(recipe, drawn_by),
    )
    write_model(path, tensors, card)


def training_facts(
    trainer: Trainer, pictures: Pictures, data: Path, validation: Path | None, losses: Mapping[str, float]
) -> dict[str, Any]:
    """Describes the run for the card: pictures, length, hardware, last losses and validation.

    Args:
        trainer: the run's trainer.
        pictures: those that it learned from and was validated on.
        data: their folder.
        validation: the folder of the validation pictures.
        losses: means over the last steps.
    """
    recipe = trainer.recipe
    device = torch.cuda.get_device_name() if trainer.device.type == "cuda" else _processor()
    return {
        "data": data.name,
        "pictures": pictures.count,
        "degradation": _degradation(recipe.degradation, pictures.low_res),
        "steps": trainer.step,
        "skipped_updates": trainer.skipped,
        "losses": dict(losses),
        "recipe": _without_folders(dataclasses.asdict(recipe)),
        "hours": round(trainer.seconds / 3600, 2),
        "hardware": device,
        "processes": trainer.processes.count,
        "precision": str(trainer.dtype).removeprefix("torch."),
        "validation": validation.name if validation else None,
        "validation_pictures": len(pictures.validation),
        "validation_psnr_y": trainer.psnr_y and round(trainer.psnr_y, 3),
    }


def _degradation(options: DegradationOptions, low_res: str) -> str:
    if low_res:
        return f"given low-res pictures ({low_res})"
    if options.rounds:
        return f"{options.rounds} rounds of blur, resize, noise and JPEG, as the recipe says, then bicubic"
    return "bicubic reduction of the whole picture (MATLAB's imresize)"


def _without_folders(recipe: dict[str, Any]) -> dict[str, Any]:
    """Removes the folder of a file on this computer, which means nothing elsewhere."""
    loss = recipe["loss"]
    names = {key: Path(loss[key]).name for key in ("features_file", "teacher", "clean_teacher")}
    return {**recipe, "start": Path(recipe["start"]).name, "loss": {**loss, **names}}


def _processor() -> str:
    name = processor().get("cpu_name") or platform.machine()
    return f"{name}, {torch.get_num_threads()} threads"
