"""``srgan import-keras``: a generator that Keras saved, as a file that srgan takes for a model."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from srgan.cli.console import print_json, print_message

_MUCH = 20  # levels of 255, by which no range that is right puts colours off


class Range(StrEnum):
    """Values from black to white."""

    unit = "0..1"
    signed = "-1..1"
    byte = "0..255"


def import_keras(
    file: Annotated[Path, typer.Argument(help="The whole model as .h5 or .keras.", metavar="FILE")],
    out: Annotated[Path, typer.Argument(help="The .safetensors file to write.", metavar="OUT")],
    model_range: Annotated[
        Range | None, typer.Option(help="Values from black to white in its input. Default: found by trying.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Turns a generator that Keras saved into a model file; nothing in it is executed.

    Example: srgan import-keras generator.h5 generator.safetensors

    Example: srgan import-keras generator.keras generator.safetensors --model-range 0..255
    """
    from srgan.export.keras_import import import_keras

    done = import_keras(file, out, takes=None if model_range is None else model_range.value)
    if as_json:
        print_json({**asdict(done), "path": str(done.path)})
        return
    print_message(
        f"{done.path}: {done.scale}x, takes {done.takes} and gives {done.gives}; colours of flat pictures "
        f"are off by {done.colour_error:.2g} levels of 255"
    )
    if done.colour_error > _MUCH:
        print_message("no usual range keeps its colours: if results look wrong, set --model-range")
