"""``srgan train --help``: with every field of a recipe explained, from the docstrings of its classes."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from typing import Any

from typer.core import TyperCommand


class CommandWithRecipe(TyperCommand):
    """A command whose help ends with the fields of a recipe."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Writes the help."""
        super().format_help(ctx, formatter)
        # Imported here: other commands and runs need not wait for them.
        from rich.console import Console
        from rich.table import Table

        from srgan.training.recipe import Recipe

        table = Table("Field of the recipe and its default", "Meaning", box=None, title_justify="left")
        for field, default, meaning in recipe_fields(Recipe):
            table.add_row(f"{field} = {default}" if default else field, meaning)
        Console().print(
            table, "\nChange a field with --set FIELD=VALUE, or in a .toml file of your own.", sep=""
        )


def recipe_fields(kind: type[Any], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yields each field of a configuration class and of those inside it: its name, default and meaning.

    Args:
        kind: a dataclass that explains its fields under ``Attributes:`` in its docstring.
        prefix: what the names begin with.
    """
    types = typing.get_type_hints(kind)
    meanings = _attributes(kind)
    for field in dataclasses.fields(kind):
        if dataclasses.is_dataclass(types[field.name]):
            inner = typing.cast("type[Any]", types[field.name])
            yield from recipe_fields(inner, f"{prefix}{field.name}.")
        else:
            default = "" if field.default is dataclasses.MISSING else repr(field.default)
            yield f"{prefix}{field.name}", default, meanings[field.name]


def _attributes(kind: type[Any]) -> dict[str, str]:
    _, _, section = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    entries = re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.replace("``", "").split()) for name, text in entries}
