"""Runs one job, for the command line, the server and the cluster."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from srgan.errors import CancelledError, UsageError
from srgan.events import Cancel, Event, OnEvent, check
from srgan.images.file_objects import name_of
from srgan.jobs.invented import InventionMap
from srgan.jobs.job import Job
from srgan.jobs.models import Models
from srgan.jobs.panels import Panels
from srgan.jobs.pictures import Watcher, upscale_watched
from srgan.jobs.result import JobError, JobResult
from srgan.leftovers import remove_abandoned
from srgan.upscaling.size import Upscaled
from srgan.upscaling.upscaler import Upscaler
from srgan.video.image_sequence import exists

_log = logging.getLogger(__name__)


def run_job(
    job: Job, models: Models, on_event: OnEvent | None = None, cancel: Cancel | None = None
) -> JobResult:
    """Runs one job. It never raises for what goes wrong with the job, but lets Ctrl-C through.

    A picture goes from ``images.read`` through ``Upscaler.stream`` to ``images.write``, in bands; panels and
    maps are made from the same bands. Files appear under their names only when they are whole. A video that
    was cancelled or failed continues from there in the next call with the same job.

    Args:
        job: what to do.
        models: opens the model; threads may share one.
        on_event: takes events in this thread: tiles or frames that are done, and notes.
        cancel: asked before every tile, inside frames too, and while encoding, whether to stop.

    Returns:
        What became of it. The traceback of a failure is logged, as a message for debugging.
    """
    notes: list[str] = []

    def tell(event: Event) -> None:
        if event.note is not None:
            notes.append(event.note)
        if on_event is not None:
            on_event(event)

    started = time.perf_counter()
    result = JobResult(input=str(name_of(job.source)), output=str(name_of(job.target)))
    try:
        _remove_leftovers(job)
        if job.existing == "skip" and isinstance(job.target, Path) and exists(job.target):
            return replace(result, status="skipped")
        _check(job)
        check(cancel)
        upscaler = models.for_job(job, tell)
        done = _upscale(job, models, upscaler, tell, cancel)
    except CancelledError:
        return replace(result, status="cancelled", notes=tuple(notes))
    except Exception as error:
        _log.debug("%s failed", result.input, exc_info=True)
        return replace(result, status="failed", error=JobError.of(error, result.input), notes=tuple(notes))
    return replace(
        result,
        input_size=done.input_size,
        output_size=done.output_size,
        seconds=time.perf_counter() - started,
        frames=done.frames,
        notes=tuple(notes),
        model=upscaler.card.name,
        engine=upscaler.engine.name,
        precision=upscaler.engine.precision_for("uint16" if done.is_deep else "uint8"),
        device=upscaler.engine.device,
    )


def _remove_leftovers(job: Job) -> None:
    """Removes the work files of a process that ended just after it had named the result."""
    if isinstance(job.target, Path):
        remove_abandoned(job.target.parent)
        if job.is_video:
            from srgan.video.writing.finishing import remove_finished

            remove_finished(job.target)


def _check(job: Job) -> None:
    if job.is_video:
        for name in ("panels", "invented"):
            if getattr(job, name) is not None:
                raise UsageError(
                    f"{name_of(job.source)}: is a video; this works with pictures only", field=name
                )
    there = [output for output in job.outputs if exists(output)]
    if job.existing == "refuse" and there:
        raise UsageError(f"{there[0]}: already exists", field="existing")


def _upscale(job: Job, models: Models, upscaler: Upscaler, tell: OnEvent, cancel: Cancel | None) -> Upscaled:
    if not job.is_video:
        watchers = list(_watchers(job, models, upscaler))
        return upscale_watched(
            job.source, job.target, upscaler, job.options, watchers, on_event=tell, cancel=cancel
        )
    # Imported here: pictures must not wait for the video library.
    from srgan.video.pipeline import upscale_video

    assert isinstance(job.source, Path)
    assert isinstance(job.target, Path)
    video = upscale_video(job.source, job.target, upscaler, job.options.video, on_event=tell, cancel=cancel)
    for note in video.notes:
        tell(Event(note=note))
    return video


def _watchers(job: Job, models: Models, upscaler: Upscaler) -> Iterator[Watcher]:
    if job.panels is not None:
        yield Panels(job.panels, name=upscaler.card.name)
    if job.invented is not None:
        yield InventionMap(job.invented, models.sibling(job.options))
