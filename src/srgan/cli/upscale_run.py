"""The part of ``srgan upscale`` that runs the jobs and reports on them."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from srgan.cli.console import SilentBar, print_error, print_message, progress_bar, with_option
from srgan.errors import shown
from srgan.events import Event

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from srgan.jobs.job import Job
    from srgan.jobs.models import Models
    from srgan.jobs.options import JobOptions
    from srgan.jobs.result import JobError, JobResult


def run_jobs(jobs: Sequence[Job], models: Models, *, quiet: bool) -> list[JobResult]:
    """Runs all jobs; the failure of one does not stop the others.

    Args:
        jobs: what to do.
        models: opens their models.
        quiet: whether to report failures and notes only.

    Raises:
        SystemExit: on Ctrl-C in a video, with 130; a message says that the work is kept.
    """
    from srgan.jobs.run import run_job

    results = []
    with progress_bar("{task.fields[name]}") as bar:
        task = bar.add_task("upscaling", total=len(jobs), name="")
        for number, job in enumerate(jobs):
            show = _Show(bar, task, number, job)
            try:
                result = run_job(job, models, show)
            except KeyboardInterrupt:
                if not job.is_video:
                    raise
                print_error(f"{job.target}: interrupted; the same command continues it")
                raise SystemExit(130) from None
            bar.update(task, completed=number + 1)
            _print_result(result, quiet=quiet)
            results.append(result)
    return results


def run_pipe(models: Models, options: JobOptions) -> None:
    """Upscales the video on stdin to stdout.

    Raises:
        UsageError, VideoError, OSError: as ``upscale_pipe`` does.
    """
    from srgan.video.pipe import upscale_pipe

    def say(event: Event) -> None:
        if event.note is not None:
            print_message(event.note)

    upscaler = models.for_video(options, None, say)
    with progress_bar("{task.completed} frames") as bar:
        task = bar.add_task("upscaling", total=None)
        upscale_pipe(
            sys.stdin.buffer,
            sys.stdout.buffer,
            upscaler,
            options.video,
            on_event=lambda event: bar.update(task, completed=event.done),
        )


def explain(error: JobError) -> str:
    """Returns one line on why a job failed, with the option that it concerns."""
    if error.code == "unexpected":
        return f"{error.message}; add --debug and report what it shows"
    return with_option(error.message, error.field)


class _Show:
    """Shows the events of one job: on the bar, and notes as lines."""

    def __init__(self, bar: Progress | SilentBar, task: TaskID, number: int, job: Job) -> None:
        from srgan.images.file_objects import name_of

        self._bar, self._task, self._number, self._job = bar, task, number, job
        self._name = shown(str(name_of(job.source)))
        self._first: tuple[float, float] | None = None
        bar.update(task, name=self._name)

    def __call__(self, event: Event) -> None:
        if event.note is not None:
            print_message(f"{self._name}: {event.note}")
            return
        how = self._speed(event) if self._job.is_video else ""
        completed = self._number + (event.share or 0)
        self._bar.update(self._task, completed=completed, name=f"{self._name} {how}".strip())

    def _speed(self, event: Event) -> str:
        now = time.perf_counter()
        if self._first is None:
            self._first = now, event.done
            if resumed := event.figures.get("resumed"):
                print_message(f"{self._job.target}: continues after {resumed:g} frames")
        elapsed, frames = now - self._first[0], event.done - self._first[1]
        speed = f"{frames / elapsed:.1f} frames/s, " if elapsed else ""
        return f"{speed}{event.done:g} frames, {event.figures.get('bytes', 0) / 1e6:.1f} MB"


def _print_result(result: JobResult, *, quiet: bool) -> None:
    if result.error is not None:
        print_error(explain(result.error))
    elif quiet:
        return
    elif result.status == "skipped":
        print_message(f"{result.output}: already exists; skipped")
    elif result.output_size is not None:
        width, height = result.output_size
        print_message(f"{result.output}: {width}x{height}, {result.seconds:.1f} s")
