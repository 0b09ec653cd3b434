"""``srgan import-keras``: a generator saved by Keras as a model file for srgan."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from srgan.cli.console import print_json, print_message
from srgan.cli.options import JsonOption, Range

_MUCH = 20  # levels of 255; the right range never puts colours so far off


def import_keras(
    file: Annotated[Path, typer.Argument(help="Whole model saved by Keras: .h5 or .keras.", metavar="FILE")],
    out: Annotated[Path, typer.Argument(help="File to write: .safetensors.", metavar="OUT")],
    model_range: Annotated[
        Range | None, typer.Option(help="Values of black and white in its input. Default: found by trying.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Convert a generator saved by Keras to a model file. Nothing in it is executed.

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
