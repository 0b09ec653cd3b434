"""The result of a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

from srgan.errors import (
    ImageError,
    InUseError,
    OutOfMemoryError,
    OutputError,
    SrganError,
    UsageError,
    VideoError,
)
from srgan.files import reason_of

Status = Literal["ok", "skipped", "failed", "cancelled"]

_NAMING = (ImageError, InUseError, OutputError, UsageError, VideoError)
"""Errors whose messages name the file already."""


@dataclass(frozen=True, kw_only=True)
class JobError:
    """Why a job failed.

    Attributes:
        code: a short word for the kind of error, as in :mod:`srgan.errors`; "unexpected" for a mistake in the
            program.
        field: the option it is about, under its name in :class:`~srgan.jobs.options.JobOptions` or
            :class:`~srgan.jobs.job.Job`; None if none.
        message: one sentence: what, where, what to do.
    """

    code: str
    field: str | None = None
    message: str

    @classmethod
    def of(cls, error: Exception, source: str) -> Self:
        """Describes an error about the input called ``source``."""
        field = None
        if isinstance(error, SrganError):
            code, field = error.code, error.field
            message = str(error) if isinstance(error, _NAMING) else f"{source}: {error}"
        elif isinstance(error, MemoryError):
            code = OutOfMemoryError.code
            message = f"{source}: there is not enough memory; free some, or use a smaller picture"
        elif isinstance(error, OSError):
            code = SrganError.code
            message = f"{error.filename or source}: {reason_of(error)}"
        else:
            code = "unexpected"
            message = f"{source}: unexpected {type(error).__name__}: {error}"
        return cls(code=code, field=field, message=" ".join(message.split()))


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """The result of one input.

    Attributes:
        input: name of the input.
        output: name of the result.
        status: "ok", "skipped" (the result was there), "failed" or "cancelled".
        error: why it failed; None if it did not.
        input_size: (width, height) before; None unless it is done.
        output_size: (width, height) after.
        seconds: how long it took.
        frames: frames of the result; 1 for a still picture.
        notes: what a person should know about it, a sentence each.
        model: name of the model that was used; None if none was.
        engine: what computed: "openvino" or "torch".
        precision: number format: "fp32", "bf16", "fp16" or "int8".
        device: where: "cpu", "cuda" or "mps".
    """

    input: str
    output: str
    status: Status = "ok"
    error: JobError | None = None
    input_size: tuple[int, int] | None = None
    output_size: tuple[int, int] | None = None
    seconds: float = 0.0
    frames: int = 0
    notes: tuple[str, ...] = ()
    model: str | None = None
    engine: str | None = None
    precision: str | None = None
    device: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the entry for JSON, as the command line and the server give it."""
        return {
            "input": self.input,
            "output": self.output,
            "status": self.status,
            "error": self.error and self.error.message,
            "input_size": self.input_size and list(self.input_size),
            "output_size": self.output_size and list(self.output_size),
            "seconds": round(self.seconds, 3),
            "frames": self.frames,
        }
