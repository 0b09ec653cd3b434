"""``srgan compare``: low-res, bicubic, models and ground truth side by side, as pictures to look at."""

from __future__ import annotations

import traceback
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from srgan.cli.console import is_debugging, print_error, print_json, print_message, progress_bar, with_option
from srgan.cli.options import (
    DeviceName,
    DeviceOption,
    EngineName,
    EngineOption,
    Halo,
    JsonOption,
    ModelLayout,
    ModelOrder,
    ModelRange,
    Order,
    Precision,
    PrecisionOption,
    onnx_form,
    output,
)
from srgan.errors import SrganError, UsageError

_methods = partial(typer.Option, rich_help_panel="Methods")
_view = partial(typer.Option, rich_help_panel="View")


def compare(
    images: Annotated[list[str], typer.Argument(help="Pictures, folders or patterns.", metavar="IMAGE...")],
    out: Annotated[
        str,
        output(
            "--output",
            "-o",
            metavar="PATH",
            help="File for one sheet of all pictures, or folder for one sheet each.",
        ),
    ],
    model: Annotated[
        list[str] | None,
        _methods(help="Name of a model, or a file; may be repeated. Default: all that come with srgan."),
    ] = None,
    region: Annotated[
        str | None,
        _view(
            help="Show this part only, in pixels of the result; auto: where the models differ most.",
            metavar="X,Y,W,H|auto",
        ),
    ] = None,
    low_res: Annotated[
        bool,
        _view("--low-res", help="Take the pictures as low-res; do not downscale them first."),
    ] = False,
    halo: Halo = None,
    model_layout: ModelLayout = None,
    model_range: ModelRange = None,
    model_order: ModelOrder = Order.rgb,
    engine: EngineOption = EngineName.auto,
    precision: PrecisionOption = Precision.auto,
    device: DeviceOption = DeviceName.auto,
    overwrite: Annotated[bool, output("--overwrite", help="Replace results that already exist.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show models side by side: low-res | bicubic | models | ground truth.

    Pictures are downscaled 4x first, so that there is a ground truth to compare with.

    Example: srgan compare photo.jpg -o panels.png --region auto

    Example: srgan compare small/ --low-res --model srresnet --model photo -o panels/
    """
    from srgan.evaluation.comparison import compare_picture, parse_region, write_row
    from srgan.evaluation.methods import open_methods
    from srgan.images.panels import contact_sheet
    from srgan.jobs.naming import names_folder
    from srgan.networks.catalogue import list_models

    shown = parse_region(region) if region else None
    sheet = Path(out) if Path(out).suffix and not names_folder(out) else None
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


def _plan(images: list[str], out: str, sheet: Path | None, overwrite: bool) -> list[tuple[Path, Path]]:
    """Returns each picture with the file its panels go to: one for all, or one each in a folder."""
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
