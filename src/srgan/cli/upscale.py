"""``srgan upscale``: pictures, videos, folders and patterns, four times larger per side."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from srgan.cli.console import print_error, print_json, print_message, progress_bar
from srgan.cli.options import DeviceName, EngineName, Format, Precision
from srgan.cli.upscale_invented import InventionMaps, plan_maps
from srgan.cli.upscale_job import upscale_job
from srgan.cli.upscale_models import FOR_VIDEOS, Models
from srgan.cli.upscale_result import print_result
from srgan.cli.upscale_video import FramesPerSecond, enlarge_pipe, plan_video
from srgan.errors import UsageError
from srgan.networks import DEFAULT_MODEL

if TYPE_CHECKING:
    from srgan.jobs.naming import Job


def upscale(
    inputs: Annotated[
        list[str], typer.Argument(help="Pictures, videos, folders, or patterns.", metavar="INPUT...")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A file for one input, else a folder. Default: beside the input."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help=f"A model's name ('srgan models') or file. Default: {DEFAULT_MODEL}, and {FOR_VIDEOS} "
            "for videos of more than a few seconds on a processor."
        ),
    ] = None,
    scale: Annotated[float, typer.Option(min=0.1, max=4.0, help="Enlargement per side.")] = 4.0,
    width: Annotated[int | None, typer.Option(min=1, help="Width of the result, in pixels.")] = None,
    height: Annotated[int | None, typer.Option(min=1, help="Height of the result, in pixels.")] = None,
    detail: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="0: what the picture supports; 1: all the model's detail."),
    ] = None,
    consistent: Annotated[
        bool, typer.Option("--consistent", help="The 4x result, reduced again, gives the input back.")
    ] = False,
    invented: Annotated[
        Path | None,
        typer.Option(help="PNG, for several inputs a folder: a map of what the model invented."),
    ] = None,
    tile: Annotated[
        str, typer.Option(help="auto: by the free memory; off: whole pictures; or the side in pixels.")
    ] = "auto",
    precision: Annotated[Precision, typer.Option(help="Type to compute in.")] = Precision.auto,
    engine: Annotated[EngineName, typer.Option(help="What computes.")] = EngineName.auto,
    device: Annotated[DeviceName, typer.Option(help="Where to compute.")] = DeviceName.auto,
    file_format: Annotated[
        Format, typer.Option("--format", help="Of the results; auto keeps the input's where possible.")
    ] = Format.auto,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="Of JPEG, WebP and AVIF results.")
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", help="Search folders with their sub-folders.")
    ] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave results that are there already.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are there already.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Also write low-res | bicubic | result side by side.")
    ] = False,
    codec: Annotated[
        str | None, typer.Option(help="Encoder of videos: libx264, libx265, libsvtav1, prores_ks, ffv1, ...")
    ] = None,
    crf: Annotated[
        int | None, typer.Option(min=0, max=63, help="Quality of videos; smaller is better and larger.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="The encoder's speed, for example veryfast.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on with a video that was interrupted.")
    ] = True,
    start: Annotated[
        str, typer.Option(help="Where in a video to begin, in seconds or h:m:s.", metavar="TIME")
    ] = "0",
    end: Annotated[
        str | None, typer.Option(help="Where in a video to end, in seconds or h:m:s.", metavar="TIME")
    ] = None,
    fps: FramesPerSecond = None,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse inputs with more pixels.")] = 250_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Makes pictures and videos four times larger per side. An input is never overwritten.

    Example: srgan upscale photo.jpg holiday/ film.mp4 -o clear/
    """
    # Imported here: --help and usage errors must not wait for NumPy.
    from srgan.jobs.naming import plan_jobs
    from srgan.jobs.pictures import PictureOptions
    from srgan.networks.blend import find_fidelity
    from srgan.upscaling.upscaler import Upscaler

    if skip_existing and overwrite:
        raise UsageError("--skip-existing and --overwrite contradict each other; drop one of them")
    is_pipe = inputs == ["-"] and out == Path("-")
    if (as_json or not is_pipe) and "-" in (*inputs, str(out)):
        raise UsageError("a pipe goes into a pipe, and without --json: srgan upscale - -o -")
    jobs = (
        []
        if is_pipe
        else plan_jobs(
            inputs,
            out,
            extension=None if file_format is Format.auto else f".{file_format.value}",
            suffix=f"-x{scale:g}",
            recursive=recursive,
            compare=compare,
            tell=print_message,
        )
    )
    if compare and any(job.is_video for job in jobs):
        print_message("--compare is for pictures; videos get no panels")
    open_model = partial(
        Upscaler, engine=engine.value, precision=precision.value, device=device.value, tile=_tile(tile)
    )
    maps = None
    if invented is not None:
        targets = plan_maps(jobs, invented)
        sibling = find_fidelity(model or DEFAULT_MODEL)
        maps = InventionMaps(targets=targets, sibling=open_model(sibling), max_pixels=max_pixels)
    # A blend is asked for by somebody who does not look for speed first.
    wanted = DEFAULT_MODEL if model is None and detail is not None else model
    models = Models(wanted, partial(open_model, detail=detail, consistent=consistent))
    engine_used = models.first.engine
    if engine_used.device != "cpu" or engine_used.note:
        print_message("; ".join(filter(None, (engine_used.description, engine_used.note))))
    video = plan_video(
        start=start,
        end=end,
        fps=fps,
        scale=scale,
        width=width,
        height=height,
        codec=codec,
        crf=crf,
        preset=preset,
        quality=quality,
        resume=resume,
    )
    if is_pipe:
        enlarge_pipe(models.of_pipe(), video)
        return
    options = PictureOptions(scale=scale, width=width, height=height, quality=quality, max_pixels=max_pixels)
    existing: Literal["skip", "replace", "refuse"] = (
        "skip" if skip_existing else "replace" if overwrite else "refuse"
    )
    results = []
    with progress_bar("{task.fields[name]}") as bar:
        task = bar.add_task("upscaling", total=len(jobs), name="")
        for number, job in enumerate(jobs):
            bar.update(task, name=job.source.name)

            def report(share: float, how: str = "", number: int = number, job: Job = job) -> None:
                bar.update(task, completed=number + share, name=f"{job.source.name} {how}".strip())

            result = upscale_job(job, models, options, video, existing, report, maps)
            bar.update(task, completed=number + 1)
            if not as_json:
                print_result(result)
            elif result["error"]:
                print_error(result["error"])
            results.append(result)
    if as_json:
        print_json(
            {
                "results": results,
                "model": ", ".join(models.used) or models.first.card.name,
                "engine": engine_used.name,
                "precision": engine_used.precision,
                "device": engine_used.device,
            }
        )
    if any(result["status"] == "failed" for result in results):
        raise typer.Exit(1)


def _tile(text: str) -> Literal["auto", "off"] | int:
    if text == "auto":
        return "auto"
    if text == "off":
        return "off"
    if not text.isdecimal():
        raise UsageError(f"--tile {text}: must be auto, off or a number of pixels")
    return int(text)
