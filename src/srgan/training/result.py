"""The file a run is for: the averaged weights with a card that says how they were made."""

from __future__ import annotations

import dataclasses
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from srgan.training.setup import processor
from srgan.training.state import RunState
from srgan.weights.card import ModelCard
from srgan.weights.files import write_model


def write_generator(run: RunState, path: Path, training: dict[str, Any]) -> None:
    """Writes the averaged weights, as 16-bit floats, with their card."""
    tensors = {name: tensor.cpu().half().numpy() for name, tensor in run.average.state_dict().items()}
    card = ModelCard(
        name=run.recipe.name,
        generator=run.recipe.generator,
        summary=run.recipe.summary,
        training=training,
        version=version("srgan"),
    )
    write_model(path, tensors, card)


def training_facts(
    run: RunState, data: Path, pictures: int, validation: Path | None, validation_pictures: int
) -> dict[str, Any]:
    """What the card says of the run: its pictures, its length, its hardware, its last validation."""
    recipe = run.recipe
    # Where a file lay on this computer is nobody else's business.
    files = {"features_file": Path(recipe.loss.features_file).name}
    device = torch.cuda.get_device_name() if run.device.type == "cuda" else _processor()
    return {
        "data": data.name,
        "pictures": pictures,
        "degradation": "bicubic reduction of the whole picture (MATLAB's imresize)",
        "steps": run.step,
        "recipe": {**dataclasses.asdict(recipe), "loss": {**dataclasses.asdict(recipe.loss), **files}},
        "hours": round(run.seconds / 3600, 2),
        "hardware": device,
        "precision": str(run.dtype).removeprefix("torch."),
        "validation": validation.name if validation else None,
        "validation_pictures": validation_pictures,
        "validation_psnr_y": run.psnr_y and round(run.psnr_y, 3),
    }


def _processor() -> str:
    name = processor().get("cpu_name") or platform.machine()
    return f"{name}, {torch.get_num_threads()} threads"
