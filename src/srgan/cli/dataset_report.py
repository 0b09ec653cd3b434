"""``srgan dataset-report``: what to know of a folder of pictures before training on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from srgan.cli.console import print_json, print_message, progress_bar
from srgan.errors import UsageError
from srgan.events import Event


def dataset_report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of pictures, with its sub-folders.")],
    against: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A test set: name the pictures of DIR that are in it too."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page with pictures here.")] = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Do not decode pictures with more pixels.")
    ] = 250_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Looks at pictures before they are trained on: sizes, sharpness, JPEG quality, grey ones, copies.

    Copies are found also when they were saved again, resized or cropped a little. Every file that cannot be
    read is named. Nothing is changed.

    Example: srgan dataset-report photos/ --against Set5/ --html photos.html
    """
    from srgan.datasets.page import render_page
    from srgan.datasets.report import dataset_report, shown, tables_of, unread
    from srgan.evaluation.files import write_whole

    if html is not None and not html.parent.is_dir():
        raise UsageError(f"{html}: its folder is not there; make it, or name another")
    with progress_bar() as bar:
        task = bar.add_task("pictures read", total=None)

        def show(event: Event) -> None:
            bar.update(task, description=event.unit, completed=event.done, total=event.total)

        report = dataset_report(folder, against, max_pixels=max_pixels, on_event=show)
        if html:
            page = render_page(report, folder, against, max_pixels=max_pixels, on_event=show)
            write_whole(html, page)
    for file, why in unread(report):
        print_message(shown(f"{file}: {why}"))
    if as_json:
        print_json(report)
    else:
        print(tables_of(report))
