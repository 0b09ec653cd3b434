"""``srgan prepare``: a training set from raw photographs."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srgan.cli.console import print_json, print_message, progress_bar
from srgan.cli.options import JsonOption
from srgan.events import Event
from srgan.images import MOST_PIXELS

if TYPE_CHECKING:
    from srgan.datasets.examine import PrepareOptions
    from srgan.datasets.prepare import Prepared

_selection = partial(typer.Option, rich_help_panel="Selection")
_split = partial(typer.Option, rich_help_panel="Split")


def prepare(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="Folder, searched with its sub-folders, or a .zip or .tar (.gz, .bz2, .xz).",
        ),
    ],
    dest: Annotated[
        Path,
        typer.Argument(metavar="DEST", help="Folder to make, with train/, validation/ and manifest.json."),
    ],
    min_size: Annotated[int, _selection(min=1, help="Smallest width and height to keep, in pixels.")] = 360,
    crop: Annotated[
        int, _selection(min=0, help="Side of the centre crop in pixels; 0 keeps whole pictures.")
    ] = 256,
    limit: Annotated[int | None, _selection(min=1, help="Stop after keeping this many pictures.")] = None,
    validation: Annotated[
        float, _split(help="Share of the pictures to set aside for validation, from 0 to 1.")
    ] = 0.2,
    seed: Annotated[int, _split(help="Seed that decides which pictures are set aside.")] = 0,
    max_pixels: Annotated[int, _selection(min=1, help="Leave out pictures with more pixels.")] = MOST_PIXELS,
    as_json: JsonOption = False,
) -> None:
    """Make a training set from photographs.

    Leaves out pictures that are too small, grey, damaged, or copies of others, even in another size or
    quality; the manifest names each with the reason. Takes COCO's train2017.zip and CelebA's
    img_align_celeba.zip as downloaded; faces of 178x218 need --min-size 178 --crop 176. After an
    interruption, the same command continues.

    Example: srgan prepare train2017.zip sets/coco

    Example: srgan prepare photos/ sets/mine --crop 0 --validation 0.1
    """
    from srgan.datasets.examine import PrepareOptions

    options = PrepareOptions(
        min_size=min_size,
        crop=crop,
        limit=limit,
        validation=validation,
        seed=seed,
        max_pixels=max_pixels,
    )
    started = time.perf_counter()
    try:
        prepared = _run(source, dest, options)
    except KeyboardInterrupt:
        print_message(f"stopped; the same command continues {dest}")
        raise SystemExit(130) from None
    if as_json:
        print_json(
            {
                "train": str(prepared.train),
                "validation": str(prepared.validation),
                "manifest": str(prepared.manifest),
                "counts": dict(prepared.counts),
                "seconds": round(time.perf_counter() - started, 3),
            }
        )
    else:
        print_message(_summary(prepared))


def _summary(prepared: Prepared) -> str:
    from srgan.datasets.prepare import describe_dropped

    counts = prepared.counts
    return (
        f"{counts['kept']} of {counts['pictures']} pictures kept: {counts['train']} in {prepared.train}, "
        f"{counts['validation']} in {prepared.validation}; left out: {describe_dropped(counts)}; "
        f"{prepared.manifest} names each"
    )


def _run(source: Path, dest: Path, options: PrepareOptions) -> Prepared:
    from srgan.datasets.prepare import prepare

    with progress_bar("{task.fields[kept]} kept") as bar:
        task = bar.add_task("preparing", total=None, kept=0)

        def show(event: Event) -> None:
            bar.update(task, completed=event.done, total=event.total, kept=event.figures["kept"])

        return prepare(source, dest, options, on_event=show)
