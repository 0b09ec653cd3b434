"""What a model inherits from those before it: runs, teachers, and siblings to blend it with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from srgan.errors import DataError
from srgan.images.read import list_pictures
from srgan.networks.card import ModelCard
from srgan.networks.catalogue import list_models, load_card
from srgan.networks.module import UnknownArchitectureError
from srgan.training.recipe import Recipe

TEACHER_FILE = "teacher.json"
"""A file among pictures that networks drew: a list of ``{"network", "licence", "pictures"}``."""


def descent(recipe: Recipe, drawn_by: list[dict[str, str]]) -> dict[str, Any]:
    """Returns the fields of a model's card that follow from the model it started from.

    Args:
        recipe: recipe of the run that ends.
        drawn_by: the networks that drew the pictures it learned from, see :func:`drawn_pictures`.

    Returns:
        ``history``, ``taught_by``, ``fidelity`` and ``grain``, as in :class:`~srgan.networks.card.ModelCard`.
        A model that invents gets its start model as its fidelity sibling, and one that cleans gets it as its
        grain sibling, unless the start model has such a sibling itself. Only shipped models become siblings:
        a file may lie anywhere.
    """
    names = list_models()
    start = load_card(recipe.start) if recipe.start else ModelCard(name="", generator=None)
    shipped = recipe.start if recipe.start in names else ""
    invents = recipe.stage == "adversarial" or bool(drawn_by)
    cleans = recipe.degradation.rounds > 0
    teachers = [*start.taught_by, *drawn_by, *_teachers(recipe)]
    return {
        "history": start.steps,
        "taught_by": [teacher for number, teacher in enumerate(teachers) if teacher not in teachers[:number]],
        "fidelity": start.fidelity if start.fidelity in names else shipped if invents else "",
        "grain": start.grain if start.grain in names else shipped if cleans else "",
    }


def drawn_pictures(data: Path) -> list[dict[str, str]]:
    """Returns the networks that drew pictures in a folder or its sub-folders, according to the files there.

    Raises:
        DataError: if such a file cannot be read.
        ImageError: if a folder cannot be listed.
    """
    found = list_pictures(data, recursive=True, extensions={Path(TEACHER_FILE).suffix})
    return [teacher for file in found if file.name == TEACHER_FILE for teacher in _read(file)]


def _read(file: Path) -> list[dict[str, str]]:
    try:
        teachers = json.loads(file.read_text(encoding="utf-8"))
        return [{name: str(each[name]) for name in ("network", "licence", "pictures")} for each in teachers]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{file}: does not say which networks drew the pictures ({error})") from None


def _teachers(recipe: Recipe) -> list[dict[str, str]]:
    """Returns the networks whose results a run learned from while it ran."""
    found = []
    for name in filter(None, (recipe.loss.teacher, recipe.loss.clean_teacher)):
        try:
            card = load_card(name)
        except UnknownArchitectureError:  # spandrel's: nothing is known about it
            card = ModelCard(name=Path(name).stem, generator=None, licence="unknown")
        found.append({"network": card.name, "licence": card.licence, "pictures": "those of the run"})
    return found
