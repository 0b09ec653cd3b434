"""``srgan cluster``: what ``srgan upscale`` does, on many machines."""

from __future__ import annotations

import io
import sys
import time
from contextlib import redirect_stdout
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srgan.cli.console import is_debugging, print_error, print_json, print_message, progress_bar
from srgan.cli.job_options import (
    Codec,
    Consistent,
    Crf,
    Denoise,
    Detail,
    FormatOption,
    Height,
    MaxPixels,
    Model,
    Preset,
    Quality,
    Recursive,
    Scale,
    Tile,
    Width,
)
from srgan.cli.options import (
    DeviceName,
    DeviceOption,
    EngineName,
    EngineOption,
    Format,
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
    tile_of,
)
from srgan.images import MOST_PIXELS

if TYPE_CHECKING:
    from srgan.cluster.run import Outcome
    from srgan.events import Event

_cluster = partial(typer.Option, rich_help_panel="Cluster")


def cluster(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder, pattern or file, or a list: a .csv or .parquet with a column 'uri'. Addresses such "
            "as s3://bucket/folder work too."
        ),
    ],
    dest: Annotated[str, typer.Argument(help="Folder for the results, or its address.")],
    ray: Annotated[
        str,
        _cluster(
            metavar="ADDRESS", help="Ray cluster: host:port, 'auto' to find it, 'local' to start one here."
        ),
    ] = "local",
    workers: Annotated[
        int | None, _cluster(min=1, help="Number of workers. Default: as many as the cluster has room for.")
    ] = None,
    cores: Annotated[
        int,
        _cluster(min=1, help="Processor cores per worker; with --device cuda, each has a GPU instead."),
    ] = 1,
    scale: Scale = None,
    width: Width = None,
    height: Height = None,
    file_format: FormatOption = Format.auto,
    quality: Quality = None,
    recursive: Recursive = False,
    overwrite: Annotated[
        bool, output("--overwrite", help="Redo all results, even those that are up to date.")
    ] = False,
    as_json: JsonOption = False,
    model: Model = None,
    detail: Detail = None,
    denoise: Denoise = None,
    consistent: Consistent = False,
    codec: Codec = None,
    crf: Crf = None,
    preset: Preset = None,
    tile: Tile = "auto",
    halo: Halo = None,
    precision: PrecisionOption = Precision.auto,
    engine: EngineOption = EngineName.auto,
    device: DeviceOption = DeviceName.auto,
    model_layout: ModelLayout = None,
    model_range: ModelRange = None,
    model_order: ModelOrder = Order.rgb,
    max_pixels: MaxPixels = MOST_PIXELS,
) -> None:
    """Upscale pictures and videos on a Ray cluster. The same command continues after an interruption.

    Example: srgan cluster photos/ clear/ --workers 2

    Example: srgan cluster s3://photos/2024 s3://clear/2024 --ray auto --recursive
    """
    # Imported here: --help must not wait for NumPy, nor need Ray.
    from srgan.jobs.options import JobOptions

    options = JobOptions(
        scale=scale,
        width=width,
        height=height,
        quality=quality,
        max_pixels=max_pixels,
        model=model,
        detail=detail,
        denoise=denoise,
        halo=halo,
        onnx=onnx_form(model_layout, model_range, model_order),
        consistent=consistent,
        codec=codec,
        crf=crf,
        preset=preset,
    )
    computing_options: dict[str, Any] = {
        "engine": engine.value,
        "precision": precision.value,
        "device": device.value,
        "tile": tile_of(tile),
    }
    from srgan.cluster.connection import check_installed, connected

    check_installed()
    from srgan.cluster.fleet import Fleet
    from srgan.cluster.manifest import MANIFEST
    from srgan.cluster.model_files import ModelFiles
    from srgan.cluster.run import run
    from srgan.cluster.sources import find_items
    from srgan.cluster.storage import Place
    from srgan.cluster.work import Work
    from srgan.cluster.worker import check_model

    place = Place.of(dest)
    work = Work(dest=place, options=options, model=ModelFiles.of(model), anew=overwrite, **computing_options)
    check_model(work)
    extension = None if file_format is Format.auto else f".{file_format.value}"
    items = find_items(source, place, extension=extension, recursive=recursive, tell=print_message)
    fleet = Fleet(workers=workers, cores=cores, gpu=device is DeviceName.cuda)
    began = time.perf_counter()
    # Ray prints tracebacks of what it retries on stdout, which is for --json.
    with (
        redirect_stdout(sys.stderr if is_debugging() else io.StringIO()),
        connected(ray),
        progress_bar("{task.fields[failed]} failed") as bar,
    ):
        task = bar.add_task("upscaling", total=len(items), failed=0)

        def show(event: Event) -> None:
            failed = int(event.figures["failed"])
            bar.update(task, description=event.unit, completed=event.done, total=event.total, failed=failed)

        try:
            outcome = run(items, work, fleet, show)
        except KeyboardInterrupt:
            print_error(f"{dest}: interrupted; the same command continues it")
            raise SystemExit(130) from None
    _report(outcome, str(place / MANIFEST), time.perf_counter() - began, as_json=as_json)


def _report(outcome: Outcome, manifest: str, seconds: float, *, as_json: bool) -> None:
    for row in outcome.failed:
        print_error(row["error"])
    if as_json:
        failed = [{name: row[name] for name in ("input", "output", "error")} for row in outcome.failed]
        counts = {"ok": outcome.done, "skipped": outcome.unchanged, "failed": len(failed)}
        print_json({"manifest": manifest, **counts, "failures": failed, "seconds": round(seconds, 3)})
    else:
        print_message(
            f"{manifest}: {outcome.done} done, {outcome.unchanged} unchanged, {len(outcome.failed)} failed, "
            f"{seconds:.1f} s"
        )
    if outcome.failed:
        raise typer.Exit(1)
