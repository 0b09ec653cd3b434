"""``srgan upscale``: pictures, folders and patterns, four times larger per side."""

from __future__ import annotations

import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from srgan.cli.console import is_debugging, print_error, print_json, print_message, progress_bar
from srgan.cli.options import DeviceName, EngineName, Format, Precision
from srgan.cpu import prepare_for_torch
from srgan.errors import ImageError, SrganError, UsageError

if TYPE_CHECKING:
    from srgan.inference.naming import Job
    from srgan.inference.pictures import PictureOptions
    from srgan.inference.upscaler import Progress, Upscaler


def upscale(
    inputs: Annotated[list[str], typer.Argument(help="Pictures, folders, or patterns.", metavar="INPUT...")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A file for one input, else a folder. Default: beside the input."
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="A model's name ('srgan models') or file.")] = "srresnet",
    scale: Annotated[float, typer.Option(min=0.1, max=4.0, help="Enlargement per side.")] = 4.0,
    width: Annotated[int | None, typer.Option(min=1, help="Width of the result, in pixels.")] = None,
    height: Annotated[int | None, typer.Option(min=1, help="Height of the result, in pixels.")] = None,
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
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse inputs with more pixels.")] = 250_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Makes pictures four times larger per side. An input is never overwritten.

    Example: srgan upscale photo.jpg holiday/ -o clear/
    """
    # Imported here: --help and usage errors must not wait for NumPy.
    from srgan.inference.naming import plan_jobs
    from srgan.inference.pictures import PictureOptions
    from srgan.inference.upscaler import Upscaler

    if skip_existing and overwrite:
        raise UsageError("--skip-existing and --overwrite contradict each other; drop one of them")
    jobs = plan_jobs(
        inputs,
        out,
        extension=None if file_format is Format.auto else f".{file_format.value}",
        suffix=f"-x{scale:g}",
        recursive=recursive,
        compare=compare,
    )
    if engine is EngineName.torch:
        prepare_for_torch()
    upscaler = Upscaler(
        model, engine=engine.value, precision=precision.value, device=device.value, tile=_tile(tile)
    )
    options = PictureOptions(scale=scale, width=width, height=height, quality=quality, max_pixels=max_pixels)
    existing: Literal["skip", "replace", "refuse"] = (
        "skip" if skip_existing else "replace" if overwrite else "refuse"
    )
    results = []
    with progress_bar("{task.fields[name]}") as bar:
        task = bar.add_task("upscaling", total=len(jobs), name="")
        for number, job in enumerate(jobs):
            bar.update(task, name=job.source.name)

            def report(share: float, number: int = number) -> None:
                bar.update(task, completed=number + share)

            result = _run(job, upscaler, options, existing, report)
            bar.update(task, completed=number + 1)
            if not as_json:
                _print_result(result)
            elif result["error"]:
                print_error(result["error"])
            results.append(result)
    if as_json:
        computed_by = upscaler.engine
        print_json(
            {
                "results": results,
                "model": upscaler.card.name,
                "engine": computed_by.name,
                "precision": computed_by.precision,
                "device": computed_by.device,
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


def _run(
    job: Job,
    upscaler: Upscaler,
    options: PictureOptions,
    existing: Literal["skip", "replace", "refuse"],
    progress: Progress,
) -> dict[str, Any]:
    """One entry of the results; errors of one picture do not stop the others."""
    from srgan.inference.compare import write_panels
    from srgan.inference.pictures import upscale_file

    result: dict[str, Any] = {
        "input": str(job.source),
        "output": str(job.target),
        "status": "ok",
        "error": None,
        "input_size": None,
        "output_size": None,
        "seconds": 0.0,
        "frames": 0,
    }
    started = time.perf_counter()
    try:
        if existing == "skip" and job.target.exists():
            return {**result, "status": "skipped"}
        there = [output for output in job.outputs if output.exists()]
        if existing == "refuse" and there:
            raise UsageError(f"{there[0]}: exists already; add --overwrite or --skip-existing")
        enlarged = upscale_file(job.source, job.target, upscaler, options, progress=progress)
        if job.panels is not None:
            write_panels(job.source, job.target, job.panels, max_pixels=options.max_pixels)
    except Exception as error:
        if is_debugging():
            traceback.print_exc()
        return {**result, "status": "failed", "error": _reason(error, job.source)}
    return {
        **result,
        "input_size": list(enlarged.input_size),
        "output_size": list(enlarged.output_size),
        "seconds": round(time.perf_counter() - started, 3),
        "frames": enlarged.frames,
    }


def _reason(error: Exception, source: Path) -> str:
    """What failed and where, in one line."""
    if isinstance(error, (ImageError, UsageError)):  # they name the file themselves
        reason = str(error)
    elif isinstance(error, SrganError):
        reason = f"{source}: {error}"
    elif isinstance(error, MemoryError):
        reason = f"{source}: not enough memory; free some, or take a smaller picture"
    elif isinstance(error, OSError):
        reason = f"{error.filename or source}: {error.strerror or error}"
    else:
        reason = f"{source}: unexpected {type(error).__name__}: {error}; add --debug and report what it shows"
    return " ".join(reason.splitlines())


def _print_result(result: dict[str, Any]) -> None:
    if result["status"] == "failed":
        print_error(result["error"])
    elif result["status"] == "skipped":
        print_message(f"{result['output']}: there already, skipped")
    else:
        (width, height), seconds = result["output_size"], result["seconds"]
        print_message(f"{result['output']}: {width}x{height}, {seconds:.1f} s")
