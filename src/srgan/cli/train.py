"""``srgan train``: trains the SRGAN on a folder of pictures."""

from __future__ import annotations

import importlib.util
import os
from functools import partial
from pathlib import Path
from signal import SIGINT
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from srgan.cli.console import print_json, print_message, progress_bar
from srgan.cli.options import DeviceName, JsonOption
from srgan.cli.teacher import open_teacher
from srgan.cpu import prepare_for_torch
from srgan.errors import MissingExtraError, UsageError
from srgan.events import Event

if TYPE_CHECKING:
    from srgan.training.recipe import Recipe
    from srgan.training.run import RunResult

_pictures = partial(typer.Option, rich_help_panel="Pictures")
_recipe = partial(typer.Option, rich_help_panel="Recipe")
_folder = partial(typer.Option, rich_help_panel="Run")


def train(
    recipe: Annotated[str, _recipe(help="Name of a recipe, such as srresnet, or a .toml file.")],
    data: Annotated[Path, _pictures(help="Folder of training pictures, searched with its sub-folders.")],
    out: Annotated[Path, _folder(help="Folder of the run: log, checkpoints, samples, model.")],
    validation: Annotated[
        Path | None, _pictures(help="Folder of pictures to validate on, which training never sees.")
    ] = None,
    low_res: Annotated[
        Path | None,
        _pictures(help="Learn from given pairs: folder of low-res partners with the same names."),
    ] = None,
    steps: Annotated[int | None, _recipe(help="Length of the run in steps. Default: the recipe's.")] = None,
    changes: Annotated[
        list[str] | None,
        _recipe("--set", metavar="KEY=VALUE", help="Change a field of the recipe; may be repeated."),
    ] = None,
    resume: Annotated[
        str,
        _folder(help="auto: continue from the newest checkpoint; never: start anew; or a checkpoint file."),
    ] = "auto",
    device: Annotated[
        DeviceName, _folder(help="Device to train on; auto: a GPU if there is one.")
    ] = DeviceName.auto,
    as_json: JsonOption = False,
) -> None:
    """Train a model on a folder of pictures.

    After an interruption, the same command continues from the newest checkpoint.

    Example: srgan train --recipe srresnet --data photos --validation valid --out runs/mine

    Example: srgan train --recipe mine.toml --data photos --out runs/short --steps 1000
    """
    for module in ("torch", "tensorboard", "matplotlib"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("srgan train", "train")
    prepare_for_torch()
    from srgan.training.recipe_file import load_recipe

    if steps is not None:
        changes = [*(changes or []), f"optimiser.steps={steps}", "optimiser.epochs=0"]
    loaded = load_recipe(recipe, changes or [])
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: is not a folder; name a new one")
    is_first = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun may have started
    result = _run(loaded, data, validation, out, low_res, resume, device, hidden=not is_first)
    if is_first:
        _print_result(result, as_json)
    if not result.finished:
        raise SystemExit(128 + (result.stopped_by or SIGINT))


def _print_result(result: RunResult, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "step": result.step,
                "finished": result.finished,
                "psnr_y": result.psnr_y,
                "model": result.model and str(result.model),
                "seconds": result.seconds,
            }
        )
    elif result.finished:
        print_message(f"{result.step} steps done; the model is {result.model}")
    else:
        print_message(f"stopped after {result.step} steps; the same command continues from there")


def _run(
    recipe: Recipe,
    data: Path,
    validation: Path | None,
    out: Path,
    low_res: Path | None,
    resume: str,
    device: DeviceName,
    *,
    hidden: bool,
) -> RunResult:
    from srgan.training.run import train

    with progress_bar("loss {task.fields[loss]}", "validation {task.fields[psnr]} dB", hidden=hidden) as bar:
        task = bar.add_task("training", total=None, loss="-", psnr="-")

        def show(event: Event) -> None:
            if event.note is not None:
                print_message(event.note)
            loss, psnr = (event.figures.get(name) for name in ("loss", "validation_psnr_y"))
            bar.update(
                task,
                total=event.total,
                completed=event.done,
                loss="-" if loss is None else f"{loss:.4f}",
                psnr="-" if psnr is None else f"{psnr:.2f}",
            )

        return train(
            recipe,
            data,
            validation,
            out,
            low_res=low_res,
            teacher=open_teacher(recipe),
            resume=_where_to_go_on(resume),
            device=device.value,
            on_event=show,
        )


def _where_to_go_on(text: str) -> Literal["auto", "never"] | Path:
    if text == "auto":
        return "auto"
    return "never" if text == "never" else Path(text)
