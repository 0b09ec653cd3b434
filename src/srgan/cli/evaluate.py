"""``srgan evaluate``: models and baselines against ground truth."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srgan.cli.console import print_error, print_json, print_message, progress_bar
from srgan.cli.evaluate_tools import open_tools
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
from srgan.errors import UsageError

if TYPE_CHECKING:
    from srgan.evaluation.metrics import Metric


class BaselineName(StrEnum):
    """Plain enlargements."""

    nearest = "nearest"
    bicubic = "bicubic"
    lanczos = "lanczos"


class MetricName(StrEnum):
    """What can be measured."""

    psnr = "psnr"
    ssim = "ssim"
    psnr_rgb = "psnr_rgb"
    ssim_rgb = "ssim_rgb"
    niqe = "niqe"
    grid_index = "grid_index"
    colour_shift = "colour_shift"
    consistency = "consistency"
    lpips = "lpips"
    dists = "dists"
    fid = "fid"
    seconds_per_megapixel = "seconds_per_megapixel"


def evaluate(
    hr: Annotated[Path, typer.Option(help="Folder of ground-truth pictures.")],
    lr: Annotated[
        Path | None,
        typer.Option(help="Folder of their low-res partners. Default: made by MATLAB's bicubic."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Name of a model, or its file; may be repeated."),
    ] = None,
    baseline: Annotated[
        list[BaselineName] | None, typer.Option(help="Plain enlargement to compare with; may be repeated.")
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of other software's results, named like the ground truth; may be repeated."
        ),
    ] = None,
    metric: Annotated[
        list[MetricName] | None,
        typer.Option(help="What to measure; may be repeated. Default: psnr and ssim."),
    ] = None,
    niqe_model: Annotated[
        Path | None, typer.Option(help="For niqe: niqe_pris_params.npz, or what 'srgan fit-niqe' wrote.")
    ] = None,
    lpips_network: Annotated[
        Path | None, typer.Option(help="LPIPS of two pictures as FILE.onnx. Default: torchmetrics'.")
    ] = None,
    dists_network: Annotated[
        Path | None, typer.Option(help="DISTS of two pictures as FILE.onnx. Default: torchmetrics'.")
    ] = None,
    fid_network: Annotated[
        Path | None,
        typer.Option(help="For fid: Inception's FILE.pth, or any network that makes features as FILE.onnx."),
    ] = None,
    detail: Annotated[
        float | None, typer.Option(min=0, max=1, help="Detail of the models, as in srgan upscale.")
    ] = None,
    consistent: Annotated[
        bool,
        typer.Option("--consistent", help="Measure results that, downscaled again, give the input back."),
    ] = False,
    halo: Halo = None,
    model_layout: ModelLayout = None,
    model_range: ModelRange = None,
    model_order: ModelOrder = Order.rgb,
    engine: Annotated[EngineName, typer.Option(help="What computes.")] = EngineName.auto,
    precision: Annotated[Precision, typer.Option(help="Type to compute in.")] = Precision.auto,
    device: Annotated[DeviceName, typer.Option(help="Where to compute.")] = DeviceName.auto,
    csv: Annotated[
        Path | None, typer.Option(help="Also write the figures of every picture to this file.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page with pictures to this file.")] = None,
    against: Annotated[
        Path | None, typer.Option(help="Earlier --json report: print what changed; exit 1 if worse.")
    ] = None,
    margin: Annotated[
        list[str] | None,
        typer.Option(
            help="With --against: how much worse is allowed, e.g. 0.01 or psnr_y=0.01; may be repeated.",
            metavar="[FIGURE=]NUMBER",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measures how well models restore downscaled pictures.

    PSNR and SSIM are taken on Y of YCbCr, with a border as wide as the scale cropped.

    Example: srgan evaluate --hr Set5 --model srresnet --baseline bicubic

    Example: srgan evaluate --hr Set5 --model mine.safetensors --html set5.html --json
    """
    from srgan.evaluation.against import changes_table, compare_reports, read_report
    from srgan.evaluation.dataset import Dataset
    from srgan.evaluation.evaluate import evaluate
    from srgan.evaluation.methods import common_scale, open_methods
    from srgan.evaluation.page import Page
    from srgan.evaluation.tables import csv_of, markdown_of
    from srgan.files import write_file

    if not model and not baseline and not results:
        raise UsageError("nothing to measure; give --model NAME, --baseline bicubic or --results DIR")
    margins = _margins(margin or [], against)
    for file in (csv, markdown, html):
        if file is not None and not file.parent.is_dir():
            raise UsageError(f"{file}: its folder does not exist; make it, or name another")
    if against:
        read_report(against)  # a wrong file is told now, not after all the work
    metrics: list[Metric] = [name.value for name in metric or (MetricName.psnr, MetricName.ssim)]
    tools = open_tools(metrics, niqe=niqe_model, lpips=lpips_network, dists=dists_network, fid=fid_network)
    methods = open_methods(
        model or [],
        [name.value for name in baseline or []],
        halo=halo,
        onnx=onnx_form(model_layout, model_range, model_order),
        detail=detail,
        consistent=consistent,
        engine=engine.value,
        precision=precision.value,
        device=device.value,
    )
    dataset = Dataset(hr, lr, scale=common_scale(methods))
    page = Page() if html else None
    with progress_bar() as bar:
        task = bar.add_task("evaluating", total=len(dataset))
        report = evaluate(
            dataset,
            methods,
            folders=results or [],
            metrics=metrics,
            tools=tools,
            on_event=lambda event: bar.update(task, completed=event.done),
            show=page.add if page else None,
        )
    table = markdown_of(report)
    if csv:
        write_file(csv, csv_of(report))
    if markdown:
        write_file(markdown, f"{table}\n")
    if html and page:
        write_file(html, page.render(report))
    _tell_undefined(report)
    if not as_json:
        print(table)
    fell = []
    if against:
        changes, missing = compare_reports(report, against, margins)
        report["against"] = {"file": str(against), "changes": [change.to_json() for change in changes]}
        fell = [f"{change.model} {change.figure}" for change in changes if change.fell]
        for name in missing:
            print_message(f"{against}: has {name}, which was not measured now")
        if not as_json:
            print(f"\n{changes_table(changes)}")
    if as_json:
        print_json(report)
    if fell:
        print_error(f"worse than in {against} by more than the margin: {', '.join(fell)}")
        raise typer.Exit(1)


def _margins(texts: list[str], against: Path | None) -> dict[str, float]:
    from srgan.evaluation.against import ANY

    if texts and against is None:
        raise UsageError("--margin is what a report may lose; give --against REPORT.json too")
    margins = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not value >= 0:
            raise UsageError(f"--margin {text}: must be a number from 0, or FIGURE=NUMBER")
        margins[name or ANY] = value
    return margins


def _tell_undefined(report: dict[str, Any]) -> None:
    for result in report["results"]:
        for figure, names in result["undefined"].items():
            print_message(
                f"{result['model']}: {figure} is undefined for {len(names)} of {len(result['images'])} "
                f"pictures, the first is {names[0]}"
            )
