"""``srgan fit-niqe``: what clean photographs look like, for the metric NIQE."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from srgan.cli.console import print_message, progress_bar
from srgan.cli.options import output
from srgan.errors import DataError


def fit_niqe(
    folder: Annotated[Path, typer.Argument(help="Folder of clean, sharp photographs.")],
    out: Annotated[Path, output("--output", "-o", help="File to write, such as mine.npz.")],
) -> None:
    """Fit a model of clean photographs, for the metric NIQE of srgan evaluate.

    Use several hundred photographs: with few, NIQE is far too high. Values by different models cannot be
    compared.

    Example: srgan fit-niqe photos/ -o mine.npz

    Example: srgan fit-niqe DIV2K_train_HR/ -o div2k.npz
    """
    import numpy as np

    from srgan.evaluation.niqe_file import write_niqe_model
    from srgan.images.read import list_pictures, read_picture
    from srgan.images.write import to_depth
    from srgan.metrics.niqe import fit_niqe

    files = list_pictures(folder)
    with progress_bar() as bar:
        pictures = (to_depth(read_picture(file).pixels, np.dtype(np.uint8)) for file in files)
        try:
            model = fit_niqe(bar.track(pictures, total=len(files), description="fitting"))
        except ValueError as error:
            raise DataError(f"{folder}: {error}; add photographs") from error
    write_niqe_model(out, model)
    print_message(f"{out}: fitted to {len(files)} pictures")
