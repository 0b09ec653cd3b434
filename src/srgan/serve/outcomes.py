"""What became of a task, as clients may know it: with names of theirs, and no path of this computer."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from srgan.jobs.result import JobError, JobResult
from srgan.serve.problems import ProblemError
from srgan.serve.task import Outcome, Task

RESULT, INVENTED = "result", "invented.png"
"""The folder of a task's result, and its map, in the task's own folder."""


def outcome_of(task: Task, result: JobResult) -> Outcome:
    """What a job gave, whose result is whole."""
    assert result.input_size is not None
    assert result.output_size is not None
    file = Path(result.output)
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256")
    return Outcome(
        file=file.name,
        bytes=file.stat().st_size,
        sha256=digest.hexdigest(),
        input_size=result.input_size,
        output_size=result.output_size,
        frames=result.frames,
        seconds=result.seconds,
        model=result.model or "",
        notes=tuple(named(note, task) for note in result.notes),
        invented=INVENTED if (task.folder / INVENTED).exists() else None,
    )


def error_of(error: Exception, task: Task) -> JobError:
    """Why a task failed that did not come as far as a result."""
    if isinstance(error, ProblemError):
        return JobError(code=error.code, field=error.field, message=error.detail)
    found = JobError.of(error, task.name)
    return replace(found, message=named(found.message, task))


def named(message: str, task: Task) -> str:
    """A message in which files are called as the client calls them: no path of this computer leaves it."""
    message = message.replace(str(task.folder / task.source), task.name)
    return message.replace(f"{task.folder / RESULT}{os.sep}", "").replace(str(task.folder), "the job")
