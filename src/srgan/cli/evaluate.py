"""``srgan evaluate``: models and baselines against true pictures."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from srgan.cli.console import print_json, progress_bar
from srgan.cli.options import DeviceName, EngineName, Precision
from srgan.errors import UsageError


class BaselineName(StrEnum):
    """Plain enlargements."""

    bicubic = "bicubic"
    lanczos = "lanczos"


class MetricName(StrEnum):
    """What can be measured."""

    psnr = "psnr"
    ssim = "ssim"


def evaluate(
    hr: Annotated[Path, typer.Option(help="Folder of true pictures.")],
    lr: Annotated[
        Path | None,
        typer.Option(help="Folder of their low-res partners; made by MATLAB's bicubic if absent."),
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="A model's name or file; may be repeated.")] = None,
    baseline: Annotated[
        list[BaselineName] | None, typer.Option(help="A plain enlargement to compare with; may be repeated.")
    ] = None,
    metric: Annotated[
        list[MetricName] | None, typer.Option(help="What to measure; may be repeated; all if absent.")
    ] = None,
    engine: Annotated[EngineName, typer.Option(help="What computes.")] = EngineName.auto,
    precision: Annotated[Precision, typer.Option(help="Type to compute in.")] = Precision.auto,
    device: Annotated[DeviceName, typer.Option(help="Where to compute.")] = DeviceName.auto,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measures PSNR and SSIM (Y channel, border of 4 pixels cropped) of enlargements of reduced pictures.

    Example: srgan evaluate --hr Set5 --model srresnet --baseline bicubic
    """
    from srgan.evaluation.dataset import Dataset
    from srgan.evaluation.evaluate import evaluate

    if not model and not baseline:
        raise UsageError("nothing to measure; give --model NAME or --baseline bicubic")
    dataset = Dataset(hr, lr)
    with progress_bar() as bar:
        task = bar.add_task("evaluating", total=len(dataset))
        result = evaluate(
            dataset,
            models=model or [],
            baselines=[name.value for name in baseline or []],
            metrics=[name.value for name in metric or MetricName],
            report=lambda done, _total: bar.update(task, completed=done),
            engine=engine.value,
            precision=precision.value,
            device=device.value,
        )
    if as_json:
        print_json(result)
    else:
        print(_markdown(result))


def _markdown(result: dict[str, Any]) -> str:
    columns = list(result["results"][0]["mean"])
    lines = [f"| {result['dataset']} x{result['scale']} | {' | '.join(columns)} |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for row in result["results"]:
        means = (row["mean"][column] for column in columns)
        figures = " | ".join("inf" if mean is None else f"{mean:.4f}" for mean in means)
        lines.append(f"| {row['model']} | {figures} |")
    return "\n".join(lines)
