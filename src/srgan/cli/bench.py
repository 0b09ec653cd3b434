"""``srgan bench``: how fast srgan is here, compared with the processor's peak."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srgan.cli.console import print_json, progress_bar
from srgan.cli.options import Halo, JsonOption, ModelLayout, ModelOrder, ModelRange, Order, onnx_form
from srgan.errors import UsageError

if TYPE_CHECKING:
    from srgan.bench.networks import Subject

_timing = partial(typer.Option, rich_help_panel="Timing")
_MODELS = ("srresnet", "fast")


def bench(
    runs: Annotated[int, _timing(min=1, help="Timed runs of each size; fewer if they take long.")] = 5,
    model: Annotated[
        list[str] | None,
        _timing(help="Time this model only: a name or a file. Repeatable. Default: srresnet and fast."),
    ] = None,
    size: Annotated[
        list[str] | None,
        _timing(metavar="WxH", help="Size of the low-res picture. Repeatable. Default: 64x64 to 1920x1080."),
    ] = None,
    halo: Halo = None,
    model_layout: ModelLayout = None,
    model_range: ModelRange = None,
    model_order: ModelOrder = Order.rgb,
    video: Annotated[
        bool, _timing("--video", help="Time videos only: 320x180 to 1280x720, file to file.")
    ] = False,
    chart: Annotated[
        str | None, _timing(help="Also write a bar chart of the networks, a PNG.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Time srgan in each engine and precision, and compare it with the processor's peak.

    Also times videos, startup and, if PyTorch is installed, a training step. Takes several minutes.

    Example: srgan bench --chart speed.png

    Example: srgan bench --model RealESRGAN_x4plus.pth --size 320x180 --runs 3
    """
    from srgan.bench import report
    from srgan.bench.chart import write_chart
    from srgan.bench.networks import SIZES, subjects

    if model is None and halo is not None:
        raise UsageError("halo belongs to one model; name it with --model", field="halo")
    if video and (model or size or chart):
        raise UsageError("--video times videos only; drop --model, --size and --chart")
    sizes = SIZES if size is None else tuple(_size_of(text) for text in size)
    chosen: list[Subject] = []
    if not video:
        chosen = subjects(model or _MODELS, halo, onnx_form(model_layout, model_range, model_order))
    measured: dict[str, Any] = {}
    with progress_bar("{task.fields[what]}") as bar:
        task = bar.add_task("timing", total=None, what="")

        def step(what: str) -> None:
            bar.update(task, what=what)

        if chosen:
            measured |= report.time_networks(chosen, sizes, runs, step)
        if model is None and size is None:
            measured |= report.time_videos(step)
        if model is None and size is None and not video:
            measured |= report.time_rest(runs, step)
    if chart is not None:
        write_chart(Path(chart), "Share of the convolution peak of the same precision", report.bars(measured))
    if as_json:
        print_json(measured)
        return
    print("\n".join(report.tables(measured)).strip())


def _size_of(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise UsageError(f"size must be two numbers of pixels, such as 320x180, not {text}", field="size")
    return int(width), int(height)
