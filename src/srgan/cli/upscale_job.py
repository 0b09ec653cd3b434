"""The part of ``srgan upscale`` that does one input."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from srgan.cli.console import is_debugging
from srgan.cli.upscale_invented import InventionMaps
from srgan.cli.upscale_models import Models
from srgan.cli.upscale_result import reason_of
from srgan.cli.upscale_video import enlarge_video
from srgan.errors import UsageError

if TYPE_CHECKING:
    from srgan.jobs.naming import Job
    from srgan.jobs.pictures import PictureOptions
    from srgan.upscaling.size import Upscaled
    from srgan.video.options import VideoOptions


def upscale_job(
    job: Job,
    models: Models,
    options: PictureOptions,
    video: VideoOptions,
    existing: Literal["skip", "replace", "refuse"],
    report: Callable[..., None],
    maps: InventionMaps | None,
) -> dict[str, Any]:
    """Enlarges one input; what goes wrong with it does not stop the others.

    Args:
        job: what becomes of which file.
        models: of which it takes the one for its kind.
        options: of pictures.
        video: of videos.
        existing: what to do where a result is there already.
        report: called with the finished share, in (0, 1], and, of videos, how it goes.
        maps: of what was invented; None for none.

    Returns:
        Its entry in what ``--json`` prints.
    """
    from srgan.jobs.panels import write_panels
    from srgan.jobs.pictures import upscale_file
    from srgan.video.image_sequence import exists

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
        if existing == "skip" and exists(job.target):
            return {**result, "status": "skipped"}
        outputs = job.outputs if maps is None else [*job.outputs, maps.targets[job.target]]
        there = [output for output in outputs if exists(output)]
        if existing == "refuse" and there:
            raise UsageError(f"{there[0]}: exists already; add --overwrite or --skip-existing")
        upscaler = models.of(job)
        enlarged: Upscaled = (
            enlarge_video(job, upscaler, video, report)
            if job.is_video
            else upscale_file(job.source, job.target, upscaler, options, progress=report)
        )
        if job.panels is not None:
            name = upscaler.card.name
            write_panels(job.source, job.target, job.panels, name=name, max_pixels=options.max_pixels)
        if maps is not None:
            maps.write(job, upscaler)
    except Exception as error:
        if is_debugging():
            traceback.print_exc()
        return {**result, "status": "failed", "error": reason_of(error, job.source)}
    return {
        **result,
        "input_size": list(enlarged.input_size),
        "output_size": list(enlarged.output_size),
        "seconds": round(time.perf_counter() - started, 3),
        "frames": enlarged.frames,
    }
