"""Several models of one architecture as one: how much detail to add, and how much noise to clean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from srgan.errors import ModelError, UsageError
from srgan.networks.architectures.folding import Array, Tensors
from srgan.networks.card import ModelCard
from srgan.networks.catalogue import find_model, list_models, load_card
from srgan.networks.colour import correct_colours, flat_colours
from srgan.networks.model_file import read_model

Sibling = Literal["fidelity", "grain"]
"""The field of a card that names a model to blend with."""

SIBLINGS: dict[Sibling, str] = {
    "fidelity": "a model that invents nothing",
    "grain": "a model that keeps noise",
}
"""What each is, in words."""

_LEAST_LIKENESS = 0.5
"""Likeness of parameters: above 0.7, measured, if one model was trained from the other; else about 0."""


def blend(parts: Sequence[tuple[Tensors, float]]) -> dict[str, Array]:
    """Interpolates between the parameters of models, as in ESRGAN (arXiv 1809.00219, section 3.4).

    Sensible if one model was trained from the other, so that their channels mean the same.

    Args:
        parts: the parameters of each model, with the same names and shapes, and its share.

    Returns:
        The sum of ``share * parameters``, float32.
    """
    (first, share), *others = parts
    mixed = {name: np.float32(share) * tensor for name, tensor in first.items()}
    for tensors, share in others:
        for name in mixed:
            mixed[name] = mixed[name] + np.float32(share) * tensors[name]
    return mixed


def find_sibling(model: str | Path, kind: Sibling) -> Path:
    """Finds the file of a model's sibling, which its card names.

    Raises:
        UsageError: if there is no such model, or it has no such sibling; shipped ones with one are named.
        ModelError: if a file is missing or damaged.
    """
    path = find_model(model)
    card = load_card(path)
    sibling = getattr(card, kind)
    if not sibling:
        names = [name for name in list_models() if getattr(load_card(name), kind)]
        raise UsageError(
            f"model '{card.name}' has no {kind} sibling, {SIBLINGS[kind]}, to compare or blend it with; "
            f"models that have one: {', '.join(names)}",
            field="model",
        )
    return path.parent / sibling if sibling.endswith(".safetensors") else find_model(sibling)


def read_blend(
    model: str | Path, detail: float | None = None, denoise: float | None = None
) -> tuple[ModelCard, dict[str, Array]]:
    """Reads a model, blended with its siblings if asked for.

    Args:
        model: name of a shipped model, or path of a ``.safetensors`` file.
        detail: 0 for its fidelity sibling, 1 for the model, a value between for a blend; None for the model.
        denoise: 0 for its grain sibling, which cleans nothing, 1 for what ``detail`` asks for, a value
            between for a blend; None for 1.

    Returns:
        The model's card, and the parameters, see :func:`mix_models`.

    Raises:
        UsageError: if a number is not in [0, 1], there is no such model, or it has no such sibling.
        ModelError: if a file is missing or damaged, or the models cannot be blended.
    """
    path = find_model(model)
    if detail is None and denoise is None:
        return read_model(path)
    for name, value in (("detail", detail), ("denoise", denoise)):
        if value is not None and not 0 <= value <= 1:
            raise UsageError(f"{name} must be from 0 to 1, not {value:g}", field=name)
    drawn, cleaned = (1.0 if value is None else value for value in (detail, denoise))
    parts = [(path, drawn * cleaned)]
    if detail is not None:
        parts.append((find_sibling(path, "fidelity"), (1 - drawn) * cleaned))
    if denoise is not None:
        parts.append((find_sibling(path, "grain"), 1 - cleaned))
    shares = dict.fromkeys((file for file, _ in parts), 0.0)
    for file, share in parts:  # one model may be both siblings
        shares[file] += share
    return mix_models(shares)


def mix_models(shares: Mapping[Path, float]) -> tuple[ModelCard, dict[str, Array]]:
    """Mixes several models into one.

    Args:
        shares: their files, srgan's own ``.safetensors``, and the share of each; the sum is 1.

    Returns:
        The first model's card with the largest halo of all, and the parameters. A flat picture gets the
        colour between those of the models; the blend of parameters alone would darken it.

    Raises:
        ModelError: if a file is missing or damaged, or a model is of another architecture than the first or
            neither was trained from the other: a blend of unrelated models is no model.
    """
    models = {path: read_model(path) for path in shares}
    (first, (card, tensors)), *others = models.items()
    for path, (other, other_tensors) in others:
        if other.generator != card.generator:
            raise ModelError(f"{first}: cannot be blended with {path}: another architecture")
        if _likeness(other_tensors, tensors) < _LEAST_LIKENESS:
            raise ModelError(
                f"{first}: cannot be blended with {path}: unrelated weights; train one from the other"
            )
    parts = [(own, shares[path]) for path, (_, own) in models.items()]
    blended = blend(parts)
    architecture = card.own_generator.describe()
    if architecture.blends_shift_colours:
        wanted = np.sum([share * flat_colours(architecture, own) for own, share in parts], axis=0)
        blended = correct_colours(architecture, blended, wanted)
    halos = [other.halo for other, _ in models.values()]
    return replace(card, halo=_largest(halos)), blended


def _largest(halos: Sequence[int | None]) -> int | None:
    """None, the exact one, is larger than any."""
    known = [halo for halo in halos if halo is not None]
    return max(known) if len(known) == len(halos) else None


def _likeness(one: Tensors, other: Tensors) -> float:
    """Returns the cosine between all parameters of two models of one architecture."""
    first, second = (np.concatenate([model[name].ravel() for name in one]) for model in (one, other))
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
