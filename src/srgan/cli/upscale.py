"""``srgan upscale``: pictures, videos, folders and patterns, upscaled 4x per side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from srgan.cli.console import print_json, print_message
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
    video,
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
from srgan.cli.upscale_run import explain, run_jobs, run_pipe
from srgan.errors import UsageError
from srgan.images import MOST_PIXELS
from srgan.jobs.models import Models

if TYPE_CHECKING:
    from srgan.jobs.job import Existing
    from srgan.jobs.result import JobResult
    from srgan.upscaling.upscaler import Upscaler


def upscale(
    inputs: Annotated[
        list[str], typer.Argument(help="Pictures, videos, folders or patterns.", metavar="INPUT...")
    ],
    out: Annotated[
        str | None,
        output(
            "--output",
            "-o",
            metavar="PATH",
            help="File for one input, folder for several. Default: beside the input.",
        ),
    ] = None,
    scale: Scale = None,
    width: Width = None,
    height: Height = None,
    file_format: FormatOption = Format.auto,
    quality: Quality = None,
    recursive: Recursive = False,
    skip_existing: Annotated[
        bool, output("--skip-existing", help="Skip results that already exist.")
    ] = False,
    overwrite: Annotated[bool, output("--overwrite", help="Replace results that already exist.")] = False,
    compare: Annotated[
        bool, output("--compare", help="Also write a picture of low-res | bicubic | result side by side.")
    ] = False,
    invented: Annotated[
        str | None,
        output(
            metavar="PATH",
            help="Also write a map of what the model invented: a PNG, or a folder for several inputs.",
        ),
    ] = None,
    as_json: JsonOption = False,
    model: Model = None,
    detail: Detail = None,
    denoise: Denoise = None,
    consistent: Consistent = False,
    codec: Codec = None,
    crf: Crf = None,
    preset: Preset = None,
    resume: Annotated[bool, video("--resume/--no-resume", help="Continue an interrupted video.")] = True,
    start: Annotated[str, video(help="Time to begin at, in seconds or h:mm:ss.", metavar="TIME")] = "0",
    end: Annotated[
        str | None,
        video(help="Time to end at, in seconds or h:mm:ss. Default: the end.", metavar="TIME"),
    ] = None,
    fps: Annotated[
        str | None,
        video(help="Frame rate of an image sequence such as 'in/%05d.png'. Default: 25.", metavar="RATE"),
    ] = None,
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
    """Upscale pictures and videos 4x per side. An input is never overwritten.

    Example: srgan upscale photo.jpg

    Example: srgan upscale holiday/ video.mp4 -o clear/ --skip-existing
    """
    # Imported here: --help and usage errors must not wait for NumPy.
    from srgan.jobs.naming import plan_jobs
    from srgan.jobs.options import JobOptions
    from srgan.video.options import parse_rate, parse_time

    existing = _existing(skip_existing, overwrite)
    is_pipe = _is_pipe(inputs, out, as_json=as_json, invented=invented)
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
        start=parse_time(start, field="start"),
        end=None if end is None else parse_time(end, field="end"),
        fps=None if fps is None else parse_rate(fps),
        resume=resume,
    )
    models = Models(engine=engine.value, precision=precision.value, device=device.value, tile=tile_of(tile))
    # Opened before anything is planned: the names need its scale, and an error in it ends the command.
    usual = models.for_pictures(options)
    if usual.engine.device != "cpu" or usual.engine.note:
        print_message("; ".join(filter(None, (f"computes on {usual.engine.description}", usual.engine.note))))
    if is_pipe:
        run_pipe(models, options)
        return
    jobs = plan_jobs(
        inputs,
        out,
        extension=None if file_format is Format.auto else f".{file_format.value}",
        suffix=f"-x{scale or usual.scale:g}",
        recursive=recursive,
        compare=compare,
        invented=invented,
        options=options,
        existing=existing,
        tell=print_message,
    )
    if invented is not None:
        models.sibling(options)
    if compare and any(job.is_video for job in jobs):
        print_message("--compare is for pictures; videos get no panels")
    results = run_jobs(jobs, models, quiet=as_json)
    if as_json:
        _print_json(results, usual)
    if any(result.status == "failed" for result in results):
        raise typer.Exit(1)


def _existing(skip_existing: bool, overwrite: bool) -> Existing:
    if skip_existing and overwrite:
        raise UsageError("--skip-existing and --overwrite contradict each other; drop one of them")
    return "skip" if skip_existing else "replace" if overwrite else "refuse"


def _is_pipe(inputs: list[str], out: str | None, *, as_json: bool, invented: str | None) -> bool:
    is_pipe = inputs == ["-"] and out == "-"
    if (as_json or not is_pipe) and "-" in (*inputs, out):
        raise UsageError("a pipe takes y4m from stdin to stdout, without --json: srgan upscale - -o -")
    if is_pipe and invented is not None:
        raise UsageError("--invented works with pictures only, not with a pipe")
    return is_pipe


def _print_json(results: list[JobResult], usual: Upscaler) -> None:
    used = dict.fromkeys(result.model for result in results if result.model is not None)
    precisions = dict.fromkeys(result.precision for result in results if result.precision is not None)
    print_json(
        {
            "results": [
                {**result.to_json(), "error": result.error and explain(result.error)} for result in results
            ],
            "model": ", ".join(used) or usual.card.name,
            "engine": usual.engine.name,
            "precision": ", ".join(precisions) or usual.engine.precision,
            "device": usual.engine.device,
        }
    )
