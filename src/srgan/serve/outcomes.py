"""Reports results and errors to clients, without revealing paths of this computer."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from srgan.jobs.result import JobError, JobResult
from srgan.serve.problems import ProblemError
from srgan.serve.task import Outcome, Task
from srgan.serve.uploads import UPLOAD

_log = logging.getLogger(__name__)

RESULT, INVENTED = "result", "invented.png"
"""Names, in the task's folder, of the folder of its result and of its map."""


def outcome_of(task: Task, result: JobResult, models: Collection[Path]) -> Outcome:
    """Describes the result of a job that is done; ``models`` are the folders of the server's models."""
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
        notes=tuple(_named(note, task, models) for note in result.notes),
        invented=INVENTED if (task.folder / INVENTED).exists() else None,
    )


def error_of(error: Exception, task: Task, models: Collection[Path] = ()) -> JobError:
    """Describes why a task failed before it had a result; ``models`` as for :func:`outcome_of`."""
    if isinstance(error, ProblemError):
        return JobError(code=error.code, field=error.field, message=error.detail)
    return shown(JobError.of(error, task.name), task, models)


def shown(error: JobError, task: Task, models: Collection[Path]) -> JobError:
    """Describes an error in the client's names. Only the log has what an unexpected one says."""
    if error.code == "unexpected":
        _log.error("the job %s: %s", task.id, error.message)
        return replace(error, message=f"{task.name}: the server failed unexpectedly; see its log")
    return replace(error, message=_named(error.message, task, models))


def _named(message: str, task: Task, models: Collection[Path]) -> str:
    """Replaces paths of this computer in a message by the client's names."""
    message = message.replace(str(task.folder / (task.source or UPLOAD)), task.name or "the upload")
    message = message.replace(f"{task.folder / RESULT}{os.sep}", "").replace(str(task.folder), "the job")
    for folder in models:
        message = message.replace(f"{folder}{os.sep}", "")
    return message.replace(tempfile.gettempdir(), "the temporary folder")
