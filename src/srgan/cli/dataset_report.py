"""``srgan dataset-report``: what to know about a folder of pictures before training on it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from srgan.cli.console import print_json, print_message, progress_bar
from srgan.cli.options import JsonOption, output
from srgan.errors import UsageError
from srgan.events import Event
from srgan.images import MOST_PIXELS

_pictures = partial(typer.Option, rich_help_panel="Pictures")


def dataset_report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of pictures, searched with its sub-folders.")
    ],
    against: Annotated[
        Path | None,
        _pictures(metavar="DIR", help="Test set: also report which of its pictures are in the folder."),
    ] = None,
    html: Annotated[Path | None, output(help="Also write a page with pictures to this file.")] = None,
    max_pixels: Annotated[int, _pictures(min=1, help="Leave out pictures with more pixels.")] = MOST_PIXELS,
    as_json: JsonOption = False,
) -> None:
    """Report on a folder of pictures before training: sizes, sharpness, JPEG quality, copies.

    Finds copies even if they were saved again, resized or cropped a little. Names every file that cannot be
    read. Changes nothing.

    Example: srgan dataset-report photos/

    Example: srgan dataset-report photos/ --against Set5/ --html photos.html
    """
    from srgan.datasets.page import render_page
    from srgan.datasets.report import dataset_report, tables_of, unread
    from srgan.files import write_file

    if html is not None and not html.parent.is_dir():
        raise UsageError(f"{html}: its folder does not exist; make it, or name another")
    with progress_bar() as bar:
        task = bar.add_task("pictures read", total=None)

        def show(event: Event) -> None:
            bar.update(task, description=event.unit, completed=event.done, total=event.total)

        report = dataset_report(folder, against, max_pixels=max_pixels, on_event=show)
        if html:
            page = render_page(report, folder, against, max_pixels=max_pixels, on_event=show)
            write_file(html, page)
    for file, why in unread(report):
        print_message(f"{file}: {why}")
    if as_json:
        print_json(report)
    else:
        print(tables_of(report))
