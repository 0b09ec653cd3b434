"""Two models of one architecture as one: how much believable detail to add to what the picture supports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from srgan.errors import ModelError, UsageError
from srgan.networks.architectures.folding import Array, Tensors
from srgan.networks.card import ModelCard
from srgan.networks.catalogue import find_model, list_models, load_card
from srgan.networks.colour import correct_colours, flat_colours
from srgan.networks.model_file import read_model

_LEAST_LIKENESS = 0.5
"""Of parameters: one model trained on from the other has above 0.99, measured; strangers have about 0."""


def blend(fidelity: Tensors, model: Tensors, detail: float) -> dict[str, Array]:
    """Interpolates between the parameters of two models, as in ESRGAN (arXiv 1809.00219, section 3.4).

    Sensible where ``model`` was trained on from ``fidelity``, so that their channels mean the same.

    Args:
        fidelity: parameters of the one, by name.
        model: parameters of the other, of the same names and shapes.
        detail: 0 gives ``fidelity``, 1 gives ``model``.

    Returns:
        ``(1 - detail) * fidelity + detail * model``, float32.
    """
    low, high = np.float32(1.0 - detail), np.float32(detail)
    return {name: low * fidelity[name] + high * tensor for name, tensor in model.items()}


def find_fidelity(model: str | Path) -> Path:
    """Finds the file of a model's fidelity sibling, which its card names.

    Raises:
        UsageError: if there is no such model, or it has no sibling; the shipped ones that have are named.
        ModelError: if a file is missing or damaged.
    """
    path = find_model(model)
    card = load_card(path)
    if not card.fidelity:
        names = [name for name in list_models() if load_card(name).fidelity]
        raise UsageError(
            f"model '{card.name}' has no fidelity sibling to compare or blend it with; "
            f"models that have one: {', '.join(names)}",
            field="model",
        )
    if card.fidelity.endswith(".safetensors"):
        return path.parent / card.fidelity
    return find_model(card.fidelity)


def read_blend(model: str | Path, detail: float | None = None) -> tuple[ModelCard, dict[str, Array]]:
    """Reads a model, blended with its fidelity sibling if asked for.

    Args:
        model: name of a shipped model, or path of a ``.safetensors`` file.
        detail: 0 gives its fidelity sibling, 1 the model, what is between a blend; None the model as it is.

    Returns:
        The model's card, and the parameters. The card's halo is the larger of the two. A flat picture gets
        the colour between those of the two models; the blend of parameters alone would darken it.

    Raises:
        UsageError: if ``detail`` is not in [0, 1], there is no such model, or it has no sibling.
        ModelError: if a file is missing or damaged, or the two models are of different architectures or were
            not trained one from the other: what lies between two strangers is no model.
    """
    path = find_model(model)
    if detail is None:
        return read_model(path)
    if not 0 <= detail <= 1:
        raise UsageError(f"detail must be from 0 to 1, not {detail:g}", field="detail")
    sibling_path = find_fidelity(path)
    card, tensors = read_model(path)
    sibling, sibling_tensors = read_model(sibling_path)
    if sibling.generator != card.generator:
        raise ModelError(f"{path}: cannot be blended with {sibling_path}: another architecture")
    if _likeness(sibling_tensors, tensors) < _LEAST_LIKENESS:
        raise ModelError(
            f"{path}: cannot be blended with {sibling_path}: not trained from it; train it from that one"
        )
    halos = (card.halo, sibling.halo)
    halo = None if None in halos else max(halo for halo in halos if halo is not None)
    blended = blend(sibling_tensors, tensors, detail)
    architecture = card.own_generator.describe()
    if architecture.blends_shift_colours:
        low, high = (flat_colours(architecture, end) for end in (sibling_tensors, tensors))
        blended = correct_colours(architecture, blended, (1 - detail) * low + detail * high)
    return replace(card, halo=halo), blended


def _likeness(one: Tensors, other: Tensors) -> float:
    """Returns the cosine between all parameters of two models of one architecture."""
    first, second = (np.concatenate([model[name].ravel() for name in one]) for model in (one, other))
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
