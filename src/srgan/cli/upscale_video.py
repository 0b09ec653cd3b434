"""The part of ``srgan upscale`` that is for videos: progress, messages, interruptions."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srgan.cli.console import print_error, print_message, progress_bar

if TYPE_CHECKING:
    from srgan.events import Event
    from srgan.jobs.naming import Job
    from srgan.upscaling.upscaler import Upscaler
    from srgan.video.options import VideoOptions
    from srgan.video.pipeline import UpscaledVideo


FramesPerSecond = Annotated[
    str | None, typer.Option(help="Of numbered frames, such as 'in/%05d.png'. Default: 25.", metavar="RATE")
]


def plan_video(*, start: str, end: str | None, fps: str | None, **others: Any) -> VideoOptions:
    """The options of videos, as they were typed.

    Args:
        start: a time.
        end: likewise.
        fps: a rate.
        others: fields of ``VideoOptions`` that need no reading.

    Raises:
        UsageError: if one cannot be read, there is no such encoder, or they do not go together.
    """
    from srgan.video.options import VideoOptions, parse_rate, parse_time

    if others["codec"] is not None:
        from srgan.video.writing.encoding import find_encoder

        find_encoder(others["codec"])
    return VideoOptions(
        start=parse_time(start),
        end=None if end is None else parse_time(end),
        fps=None if fps is None else parse_rate(fps),
        **others,
    )


def enlarge_pipe(upscaler: Upscaler, options: VideoOptions) -> None:
    """Enlarges the video on stdin into stdout.

    Raises:
        UsageError, VideoError, OSError: as ``upscale_pipe`` does.
    """
    from srgan.video.pipe import upscale_pipe

    with progress_bar("{task.completed} frames") as bar:
        task = bar.add_task("upscaling", total=None)
        upscale_pipe(
            sys.stdin.buffer,
            sys.stdout.buffer,
            upscaler,
            options,
            on_event=lambda event: bar.update(task, completed=event.done),
        )


def enlarge_video(
    job: Job, upscaler: Upscaler, options: VideoOptions, report: Callable[[float, str], None]
) -> UpscaledVideo:
    """Enlarges a job's video, and says what is not as in the input.

    Args:
        job: source and target.
        upscaler: the model.
        options: part, size and encoder.
        report: called after every frame, with the finished share and how it goes.

    Raises:
        SystemExit: on Ctrl-C, with 130; the message says that the work is kept.
        SrganError: as ``upscale_video`` does.
    """
    from srgan.video.pipeline import upscale_video

    started: float | None = None
    before = 0.0

    def on_event(now: Event) -> None:
        nonlocal started, before
        if started is None:
            started, before = time.perf_counter(), now.done
            if resumed := now.figures["resumed"]:
                print_message(f"{job.target}: goes on after {resumed} frames")
        elapsed = time.perf_counter() - started
        speed = f"{(now.done - before) / elapsed:.1f} frames/s, " if elapsed else ""
        report(now.share or 0.0, f"{speed}{now.done:.0f} frames, {now.figures['bytes'] / 1e6:.1f} MB")

    try:
        enlarged = upscale_video(job.source, job.target, upscaler, options, on_event=on_event)
    except KeyboardInterrupt:
        print_error(f"{job.target}: interrupted; the same command goes on with it")
        raise SystemExit(130) from None
    for note in enlarged.notes:
        print_message(f"{job.source}: {note}")
    return enlarged
