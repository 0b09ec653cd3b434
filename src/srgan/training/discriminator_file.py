"""Discriminator files, so that further training of a model begins with the model's own discriminator."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from srgan.errors import ModelError
from srgan.files import write_file
from srgan.networks.catalogue import find_model, list_models
from srgan.training.recipe import DiscriminatorOptions

DISCRIMINATOR_FILE = "discriminator.safetensors"
"""Beside a run's ``generator.safetensors``."""

_SHIPPED = Path(__file__).parent / "discriminators"
_KEY = "discriminator"


def write_discriminator(path: Path, discriminator: nn.Module, options: DiscriminatorOptions) -> None:
    """Writes a discriminator, as 16-bit floats, whole or not at all.

    Args:
        path: the file; replaced if it exists.
        discriminator: the run's.
        options: its kind and size.

    Raises:
        OutputError: if it cannot be written.
    """
    tensors = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in discriminator.state_dict().items()
    }
    cpu = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    write_file(path, save(cpu, metadata={_KEY: json.dumps(asdict(options))}), durable=True)


def find_discriminator(start: str) -> Path:
    """Returns the file of a model's discriminator, if there is one.

    Args:
        start: name of a shipped model, or a file of your own; not "".

    Raises:
        UsageError, ModelError: if there is no such model.
    """
    if start in list_models():
        return shipped_discriminator(start)
    return find_model(start).with_name(DISCRIMINATOR_FILE)


def shipped_discriminator(name: str) -> Path:
    """Returns the file of a shipped model's discriminator, if it has one."""
    return _SHIPPED / f"{name}.safetensors"


def start_discriminator(discriminator: nn.Module, start: str) -> str | None:
    """Gives a discriminator the weights of the start model's discriminator.

    Args:
        discriminator: a fresh one; it stays so unless the start model has one of its kind and size.
        start: name of a shipped model, or a file of your own; not "".

    Returns:
        None if it has those weights now; else a sentence that says why not.

    Raises:
        ModelError: if there is one whose file is damaged.
    """
    path = find_discriminator(start)
    if not path.is_file():
        return f"the discriminator starts anew: '{start}' comes without one"
    tensors, options = _read(path)
    expected = {name: tensor.shape for name, tensor in discriminator.state_dict().items()}
    if expected != {name: tensor.shape for name, tensor in tensors.items()}:
        found = ", ".join(f"{name} {value}" for name, value in options.items() if name != "learning_rate")
        return f"the discriminator starts anew: that of '{start}' has another size ({found})"
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise ModelError(f"{path}: holds values that are not finite; remove it or get it again")
    discriminator.load_state_dict(tensors)
    return None


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, object]]:
    """Returns the tensors of a file, and the options of the discriminator."""
    try:
        tensors = load_file(path)
        with safe_open(path, framework="pt") as file:
            options = json.loads((file.metadata() or {}).get(_KEY, "{}"))
        if not isinstance(options, dict):
            raise TypeError("its options are not a JSON object")
    except (SafetensorError, OSError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{path}: damaged discriminator ({error}); remove it or get it again") from None
    return tensors, options
