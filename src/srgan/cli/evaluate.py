"""``srgan evaluate``: models and baselines against ground truth."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srgan.cli.console import print_error, print_json, print_message, progress_bar
from srgan.cli.evaluate_tools import open_tools
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
from srgan.errors import UsageError

if TYPE_CHECKING:
    from srgan.evaluation.metrics import Metric


class BaselineName(StrEnum):
    """Plain resampling filters."""

    nearest = "nearest"
    bicubic = "bicubic"
    lanczos = "lanczos"


class MetricName(StrEnum):
    """Metrics."""

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


_pictures = partial(typer.Option, rich_help_panel="Pictures")
_methods = partial(typer.Option, rich_help_panel="Methods")
_metrics = partial(typer.Option, rich_help_panel="Metrics")
_comparison = partial(typer.Option, rich_help_panel="Comparison")


def evaluate(
    hr: Annotated[Path, _pictures(help="Folder of ground-truth pictures.")],
    lr: Annotated[
        Path | None,
        _pictures(help="Folder of their low-res partners. Default: downscaled by MATLAB's bicubic."),
    ] = None,
    model: Annotated[
        list[str] | None,
        _methods(help="Name of a model, or a file; may be repeated."),
    ] = None,
    baseline: Annotated[
        list[BaselineName] | None, _methods(help="Plain resampling to compare with; may be repeated.")
    ] = None,
    results: Annotated[
        list[Path] | None,
        _methods(help="Folder of another program's results, named like the ground truth; may be repeated."),
    ] = None,
    metric: Annotated[
        list[MetricName] | None,
        _metrics(help="Metric to compute; may be repeated. Default: psnr and ssim."),
    ] = None,
    niqe_model: Annotated[
        Path | None,
        _metrics(
            help="Model of clean photographs for niqe: niqe_pris_params.npz, or a file from 'srgan fit-niqe'."
        ),
    ] = None,
    lpips_network: Annotated[
        Path | None, _metrics(help="Network for lpips as FILE.onnx. Default: torchmetrics'.")
    ] = None,
    dists_network: Annotated[
        Path | None, _metrics(help="Network for dists as FILE.onnx. Default: torchmetrics'.")
    ] = None,
    fid_network: Annotated[
        Path | None,
        _metrics(help="Network for fid: Inception's FILE.pth, or any feature network as FILE.onnx."),
    ] = None,
    detail: Annotated[
        float | None, _methods(min=0, max=1, help="Detail of srgan's models, as in srgan upscale.")
    ] = None,
    denoise: Annotated[
        float | None, _methods(min=0, max=1, help="Denoising of srgan's models, as in srgan upscale.")
    ] = None,
    consistent: Annotated[
        bool,
        _methods("--consistent", help="Correct results as srgan upscale --consistent does."),
    ] = False,
    halo: Halo = None,
    model_layout: ModelLayout = None,
    model_range: ModelRange = None,
    model_order: ModelOrder = Order.rgb,
    engine: EngineOption = EngineName.auto,
    precision: PrecisionOption = Precision.auto,
    device: DeviceOption = DeviceName.auto,
    csv: Annotated[Path | None, output(help="Also write every picture's figures to this file.")] = None,
    markdown: Annotated[Path | None, output(help="Also write the table to this file.")] = None,
    html: Annotated[Path | None, output(help="Also write a page with pictures to this file.")] = None,
    against: Annotated[
        Path | None,
        _comparison(help="Earlier --json report: print what changed; exit 1 if a figure is worse."),
    ] = None,
    margin: Annotated[
        list[str] | None,
        _comparison(
            help="Margin by which a figure may be worse, such as 0.01 or psnr_y=0.01; may be repeated.",
            metavar="[FIGURE=]NUMBER",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how well models restore downscaled pictures.

    PSNR and SSIM are computed on Y of YCbCr, with a border as wide as the scale cropped, as in papers.

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
        read_report(against)  # a wrong file fails now, not after all the work
    metrics: list[Metric] = [name.value for name in metric or (MetricName.psnr, MetricName.ssim)]
    tools = open_tools(metrics, niqe=niqe_model, lpips=lpips_network, dists=dists_network, fid=fid_network)
    methods = open_methods(
        model or [],
        [name.value for name in baseline or []],
        halo=halo,
        onnx=onnx_form(model_layout, model_range, model_order),
        detail=detail,
        denoise=denoise,
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
            print_message(f"{against}: has {name}, which was not measured this time")
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
        raise UsageError("--margin needs an earlier report; give --against REPORT.json too")
    margins = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not value >= 0:
            raise UsageError(f"--margin {text}: must be a number of at least 0, or FIGURE=NUMBER")
        margins[name or ANY] = value
    return margins


def _tell_undefined(report: dict[str, Any]) -> None:
    for result in report["results"]:
        for figure, names in result["undefined"].items():
            print_message(
                f"{result['model']}: {figure} is undefined for {len(names)} of {len(result['images'])} "
                f"pictures, the first is {names[0]}"
            )
