"""``srgan compare``: low-res, bicubic, models and truth beside each other, as pictures to look at."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from srgan.cli.console import is_debugging, print_error, print_json, print_message, progress_bar, with_option
from srgan.cli.options import (
    DeviceName,
    EngineName,
    Halo,
    ModelLayout,
    ModelOrder,
    ModelRange,
    Order,
    Precision,
    onnx_form,
)
from srgan.errors import SrganError, UsageError


def compare(
    images: Annotated[list[str], typer.Argument(help="Pictures, folders or patterns.", metavar="IMAGE...")],
    out: Annotated[
        Path, typer.Option("--output", "-o", help="A file for one sheet of all, or a folder for a file each.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a model, or its file; may be repeated. Default: all that come with srgan."
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(help="Show only this part; auto: where the models differ most.", metavar="X,Y,W,H|auto"),
    ] = None,
    low_res: Annotated[
        bool,
        typer.Option("--low-res", help="Take the pictures as low-res ones; do not downscale them first."),
    ] = False,
    halo: Halo = None,
    model_layout: ModelLayout = None,
    model_range: ModelRange = None,
    model_order: ModelOrder = Order.rgb,
    engine: Annotated[EngineName, typer.Option(help="What computes.")] = EngineName.auto,
    precision: Annotated[Precision, typer.Option(help="Type to compute in.")] = Precision.auto,
    device: Annotated[DeviceName, typer.Option(help="Where to compute.")] = DeviceName.auto,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that already exist.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Shows low-res | bicubic | models | truth side by side, for pictures downscaled 4x.

    Example: srgan compare photo.jpg -o panels.png --region auto

    Example: srgan compare small/ --low-res --model srresnet --model photo -o panels/
    """
    from srgan.evaluation.comparison import compare_picture, parse_region, write_row
    from srgan.evaluation.methods import open_methods
    from srgan.images.panels import contact_sheet
    from srgan.networks.catalogue import list_models

    shown = parse_region(region) if region else None
    sheet = out if out.suffix and not out.is_dir() else None
    targets = _plan(images, out, sheet, overwrite)
    methods = open_methods(
        model or list_models(),
        ["bicubic"],
        halo=halo,
        onnx=onnx_form(model_layout, model_range, model_order),
        engine=engine.value,
        precision=precision.value,
        device=device.value,
    )
    results = []
    rows = []
    with progress_bar() as bar:
        for source, target in bar.track(targets, description="comparing"):
            result: dict[str, Any] = {"input": str(source), "output": str(target), "status": "ok"}
            result |= {"error": None, "region": None}
            try:
                row, used = compare_picture(source, methods, region=shown, is_low_res=low_res)
                result["region"] = used and [used.x, used.y, used.width, used.height]
                if sheet:
                    rows.append(row)
                else:
                    write_row(target, row)
            except SrganError as error:
                if is_debugging():
                    traceback.print_exc()
                message = with_option(str(error), error.field)
                print_error(message)
                result |= {"status": "failed", "error": message}
            results.append(result)
    if sheet and rows:
        write_row(sheet, contact_sheet(rows))
    done = [result["output"] for result in results if result["status"] == "ok"]
    if as_json:
        print_json({"results": results, "panels": ["low-res", *(method.name for method in methods)]})
    else:
        for output in dict.fromkeys(done):
            print_message(output)
    if len(done) < len(results):
        raise typer.Exit(1)


def _plan(images: list[str], out: Path, sheet: Path | None, overwrite: bool) -> list[tuple[Path, Path]]:
    """Each picture with the file its panels go to: one for all, or one each in a folder."""
    from srgan.images.formats import format_of
    from srgan.jobs.naming import plan_files

    if sheet:
        format_of(sheet, None)
    files = plan_files(
        images,
        None if sheet else out,
        extension=".png",
        suffix="-panels",
        tell=print_message,
    )
    targets = [(source, sheet or target) for source, target in files]
    sources = {source.resolve() for source, _ in targets}
    for _, target in targets:
        if target.resolve() in sources:
            raise UsageError(f"-o {out}: is one of the pictures; choose another name")
        if target.exists() and not overwrite:
            raise UsageError(f"{target}: already exists; add --overwrite or choose another name")
    return targets
