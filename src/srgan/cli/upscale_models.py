"""Which model ``srgan upscale`` takes where none is named."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from srgan.cli.console import print_message
from srgan.networks import DEFAULT_MODEL

if TYPE_CHECKING:
    from srgan.jobs.naming import Job
    from srgan.upscaling.upscaler import Upscaler

FOR_VIDEOS = "fast"

_ADVICE = f"--model fast-photo cleans compressed films as fast, --model {DEFAULT_MODEL} is sharper"

_LONG = 5.0
"""Seconds from which a video is not to wait for the larger model on a processor."""


class Models:
    """The models of one call, each opened once.

    Args:
        name: what the user asked for; None leaves the choice.
        open_model: opens a model by its name or file.

    Attributes:
        first: the model for pictures, or that which was asked for.
        used: names of the models that jobs were given, in order.
    """

    def __init__(self, name: str | None, open_model: Callable[[str], Upscaler]) -> None:
        self._name = name
        self._open = cache(open_model)
        self.first = self._open(name or DEFAULT_MODEL)
        self.used: dict[str, None] = {}

    def of(self, job: Job) -> Upscaler:
        """The model for a job; where that is the small one, a message says so."""
        chosen = self.first
        if job.is_video and self._is_slow(job):
            chosen = self._open(FOR_VIDEOS)
            print_message(f"{job.source}: by the model {FOR_VIDEOS}, for speed; {_ADVICE}")
        self.used[chosen.card.name] = None
        return chosen

    def of_pipe(self) -> Upscaler:
        """The model for a video of unknown length."""
        if self._name is not None or self.first.engine.device != "cpu":
            return self.first
        print_message(f"by the model {FOR_VIDEOS}; {_ADVICE}")
        return self._open(FOR_VIDEOS)

    def _is_slow(self, job: Job) -> bool:
        from srgan.video.reading.reader import seconds_of

        if self._name is not None or self.first.engine.device != "cpu":
            return False
        seconds = seconds_of(job.source)
        return seconds is None or seconds > _LONG
