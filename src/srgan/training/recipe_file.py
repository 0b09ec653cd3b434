"""Reading recipes: by name or from a TOML file, with changes, and with all their problems at once."""

from __future__ import annotations

import dataclasses
import difflib
import math
import tomllib
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from srgan.errors import UsageError
from srgan.training.recipe import Recipe, contradictions

_SHIPPED = Path(__file__).parent / "recipes"


def list_recipes() -> list[str]:
    """Returns the names of the recipes that come with the package, sorted."""
    return sorted(path.stem for path in _SHIPPED.glob("*.toml"))


def load_recipe(recipe: str, changes: Sequence[str] = ()) -> Recipe:
    """Reads a recipe by its name or from a file.

    Args:
        recipe: a shipped recipe's name, or a path ending in ``.toml``.
        changes: ``"section.key=value"`` each, with the value as TOML; they take precedence over the file's.

    Raises:
        UsageError: if there is no such recipe, or it has problems, all of which are named.
    """
    path = Path(recipe) if recipe.endswith(".toml") else _SHIPPED / f"{recipe}.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"unknown recipe '{recipe}'; there are: {', '.join(list_recipes())}") from None
    except (OSError, ValueError, RecursionError) as error:  # also numbers too long and lists too deep
        raise UsageError(f"{path}: not a readable TOML file ({error})") from None
    for change in changes:
        _apply(values, change)
    problems: list[str] = []
    result = _build(Recipe, values, "", problems)
    if isinstance(result, Recipe):
        problems.extend(contradictions(result))
    if problems:
        raise UsageError(f"{path.name}: " + "; ".join(problems))
    assert isinstance(result, Recipe)
    return result


def _apply(values: dict[str, Any], change: str) -> None:
    key, separator, text = change.partition("=")
    if not separator:
        raise UsageError(
            f"{change}: write it as section.key=value, for example optimiser.steps=1000", field="set"
        )
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        value = text  # a bare word is a string
    *sections, name = key.strip().split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise UsageError(f"{change}: '{section}' is not a section", field="set")
    values[name] = value


def _build(kind: type[Any], values: dict[str, Any], prefix: str, problems: list[str]) -> object:
    """Returns an instance of the dataclass ``kind``, or None after adding to ``problems``."""
    types = typing.get_type_hints(kind)
    names = [item.name for item in dataclasses.fields(kind)]
    before = len(problems)
    arguments: dict[str, Any] = {}
    for key, value in values.items():
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1)
            hint = f"did you mean '{prefix}{near[0]}'?" if near else f"there are: {', '.join(names)}"
            problems.append(f"unknown key '{prefix}{key}', {hint}")
        elif dataclasses.is_dataclass(types[key]):
            if isinstance(value, dict):
                arguments[key] = _build(typing.cast(type, types[key]), value, f"{prefix}{key}.", problems)
            else:
                problems.append(f"'{prefix}{key}' must be a section")
        else:
            arguments[key] = _checked(types[key], value, f"{prefix}{key}", problems)
    missing = [
        item.name
        for item in dataclasses.fields(kind)
        if item.name not in arguments
        and item.default is dataclasses.MISSING
        and item.default_factory is dataclasses.MISSING
    ]
    problems.extend(f"'{prefix}{name}' is missing" for name in missing)
    return kind(**arguments) if len(problems) == before else None


def _checked(kind: Any, value: Any, name: str, problems: list[str]) -> Any:
    if typing.get_origin(kind) is Literal:
        choices = typing.get_args(kind)
        if value not in choices:
            problems.append(f"'{name}' is {value!r}, must be one of {', '.join(map(repr, choices))}")
        return value
    if kind is float and type(value) is int and abs(value) < 2**53:
        value = float(value)
    if type(value) is float and not math.isfinite(value):
        problems.append(f"'{name}' is {value}, must be a number")
    elif type(value) is not kind:
        problems.append(f"'{name}' is {value!r}, must be of type {kind.__name__}")
    return value
