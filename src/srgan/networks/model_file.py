"""Model files: ``.safetensors`` with the card as JSON in the metadata. Loading one never executes code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save

from srgan.errors import ModelError
from srgan.files import write_file
from srgan.networks.card import ModelCard
from srgan.networks.ncnn.file import is_ncnn
from srgan.networks.torch_file import is_torch_file

_CARD_KEY = "srgan"
_DAMAGED = "not a readable .safetensors model, or damaged; get the file again"


def write_model(path: Path, tensors: Mapping[str, NDArray[np.generic]], card: ModelCard) -> None:
    """Writes a model, whole or not at all.

    Args:
        path: the ``.safetensors`` file; replaced if it exists. Its folder must exist.
        tensors: parameters under the names of the generator's ``state_dict``.
        card: stored as JSON in the file's metadata.

    Raises:
        OutputError: if it cannot be written.
    """
    contiguous = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
    write_file(path, save(contiguous, metadata={_CARD_KEY: card.to_json()}), durable=True)


def has_card(path: Path) -> bool:
    """Returns whether a file is one of srgan's own models.

    Raises:
        ModelError: if it cannot be read.
    """
    try:
        return not is_torch_file(path) and not is_ncnn(path) and _CARD_KEY in _metadata(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None


def read_card(path: Path) -> ModelCard:
    """Reads only a model's card.

    Raises:
        ModelError: if the file is missing, damaged, or not one of srgan's.
    """
    metadata = _metadata(path)
    if _CARD_KEY not in metadata:
        raise ModelError(f"{path}: has no srgan card; only models written by 'srgan train' can be used")
    try:
        return ModelCard.from_json(metadata[_CARD_KEY])
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def read_model(path: Path) -> tuple[ModelCard, dict[str, NDArray[np.float32]]]:
    """Reads a model's card and parameters.

    Returns:
        The card, and the parameters as float32 under the names of the generator's ``state_dict``.

    Raises:
        ModelError: if the file is missing, damaged, not one of srgan's, or its parameters are not finite
            or not those that the card describes.
    """
    card = read_card(path)
    try:
        tensors = {name: tensor.astype(np.float32) for name, tensor in load_file(path).items()}
    except (TypeError, AttributeError) as error:
        raise ModelError(f"{path}: its numbers are of a type that NumPy lacks; save them in fp32") from error
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: damaged model; get the file again") from error
    expected = card.own_generator.shapes()
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if found != expected:
        name = next(iter(sorted(set(expected.items()) ^ set(found.items()))))[0]
        raise ModelError(f"{path}: parameter '{name}' is not as the model's card says; get the file again")
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ModelError(f"{path}: holds values that are not finite; get the file again")
    return card, tensors


def find_metadata(path: Path, key: str) -> str | None:
    """Reads one entry of a ``.safetensors`` file's metadata; None if it has none, or is no such file."""
    try:
        with safe_open(path, framework="numpy") as file:
            return (file.metadata() or {}).get(key)
    except (SafetensorError, OSError):
        return None


def _metadata(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except FileNotFoundError:
        raise ModelError(f"{path}: no such model file; 'srgan models' lists the shipped ones") from None
    except (SafetensorError, OSError) as error:
        reason = (
            f"cannot be read ({error.strerror})" if isinstance(error, OSError) and error.errno else _DAMAGED
        )
        raise ModelError(f"{path}: {reason}") from error


def file_sha256(path: Path) -> str:
    """Returns the file's SHA-256 as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def model_sha256(path: Path) -> str:
    """Returns the SHA-256 of a model's file; of an ncnn network, one of its ``.param`` and its ``.bin``."""
    if not is_ncnn(path):
        return file_sha256(path)
    sums = file_sha256(path) + file_sha256(path.with_suffix(".bin"))
    return hashlib.sha256(sums.encode()).hexdigest()
