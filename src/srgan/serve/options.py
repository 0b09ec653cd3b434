"""Options of a request, named as on the command line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from srgan.errors import UsageError
from srgan.jobs.options import JobOptions
from srgan.serve.problems import ProblemError
from srgan.video.options import parse_time

Format = Literal["auto", "png", "jpg", "webp", "tiff", "avif"]

MEDIA_TYPES: dict[str, Format] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/tiff": "tiff",
    "image/avif": "avif",
}
"""Picture formats by media type."""

_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]+$")]
_OF_THE_SERVER = ("tile", "precision", "engine", "device")
_MOST_TIMES_LARGER = 16  # pixels of a result for each that an upload may have: 4x per side


class Options(BaseModel):
    """Options as query parameters or form fields; see ``srgan upscale --help``."""

    model_config = ConfigDict(extra="forbid", str_max_length=500)

    name: str | None = Field(None, description="Name of the file, if it is the raw body.")
    model: str | None = Field(None, description="Name of a model; /v1/models lists them.")
    detail: float | None = Field(
        None, ge=0, le=1, description="Amount of detail, from 0 (nothing invented) to 1."
    )
    denoise: float | None = Field(
        None, ge=0, le=1, description="Amount of noise and compression to remove, from 0 (none) to 1."
    )
    consistent: bool = Field(
        False, description="Correct the result so that downscaling it gives the input back."
    )
    scale: float | None = Field(
        None, gt=0, le=16, description="Enlargement per side; default: the model's own."
    )
    width: int | None = Field(None, ge=1, le=1_000_000, description="Width of the result in pixels.")
    height: int | None = Field(None, ge=1, le=1_000_000, description="Height of the result in pixels.")
    format: Format | None = Field(None, description="Format of a picture; auto keeps the input's.")
    quality: int | None = Field(None, ge=1, le=100, description="Quality for JPEG, WebP and AVIF.")
    halo: int | None = Field(None, ge=0, le=256, description="Pixels of surroundings that each tile gets.")
    max_pixels: int | None = Field(None, ge=1, description="Refuse an input with more pixels than this.")
    invented: bool = Field(False, description="Also draw a map of what the model invented; pictures only.")
    codec: _Word | None = Field(None, description="Video encoder, such as libx265.")
    crf: int | None = Field(None, ge=0, le=63, description="Constant quality of a video; smaller is better.")
    preset: _Word | None = Field(None, description="Speed of the video encoder, such as veryfast.")
    start: str | None = Field(None, description="Time in a video to begin at, in seconds or h:mm:ss.")
    end: str | None = Field(None, description="Time in a video to end at, in seconds or h:mm:ss.")

    def with_fields(self, fields: Mapping[str, str]) -> Options:
        """Adds the fields of a form, which override the query.

        Raises:
            ProblemError: if a field is unknown or has a wrong value.
        """
        try:
            return Options.model_validate({**self.model_dump(exclude_unset=True), **fields})
        except ValidationError as error:
            raise explained(error.errors()) from error

    def for_job(self, models: Mapping[str, str | Path], pixels: int) -> JobOptions:
        """Converts the options for a job.

        Args:
            models: model or file for each name.
            pixels: most pixels of an input.

        Raises:
            ProblemError: if the model, the encoder or the part of the video does not exist.
        """
        if self.model is not None and self.model not in models:
            near = difflib.get_close_matches(self.model, models, n=1)
            advice = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(models)}"
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"unknown model; {advice}", code="usage", field="model"
            )
        try:
            return JobOptions(
                model=None if self.model is None else models[self.model],
                detail=self.detail,
                denoise=self.denoise,
                consistent=self.consistent,
                scale=self.scale,
                width=self.width,
                height=self.height,
                quality=self.quality,
                halo=self.halo,
                max_pixels=min(self.max_pixels or pixels, pixels),
                codec=self.codec,
                crf=self.crf,
                preset=self.preset,
                start=parse_time(self.start or "0", field="start"),
                end=None if self.end is None else parse_time(self.end, field="end"),
            )
        except UsageError as error:
            raise ProblemError.of(error) from error

    @property
    def extension(self) -> str | None:
        """Extension of a picture's result, with its dot; None for that of the input."""
        return None if self.format in (None, "auto") else f".{self.format}"


def check_result(options: JobOptions, size: tuple[int, int], most: int) -> None:
    """Refuses results that would be too large.

    Args:
        options: options of the job.
        size: (width, height) of the input.
        most: most pixels of an input.

    Raises:
        ProblemError: if the result would have more than 16 times as many pixels.
    """
    width, height = options.output_size(*size)
    if width * height > _MOST_TIMES_LARGER * most:
        raise ProblemError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"the result would have {width}x{height} pixels, more than this server allows; ask for fewer",
            code="usage",
            field="scale" if options.scale is not None else "width" if options.width else "height",
        )


def accepted_format(accept: str | None) -> Format | None:
    """Returns the format that an ``Accept`` header asks for; None if it accepts any.

    Raises:
        ProblemError: if it accepts no format that can be written.
    """
    wanted = [part.strip().partition(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    weights = [_weight(part) for part in (accept or "*/*").split(",")]
    for weight, kind in sorted(zip(weights, wanted, strict=True), key=lambda pair: -pair[0]):
        if weight <= 0:  # not acceptable, by RFC 9110
            break
        if kind in ("*/*", "image/*", ""):
            return None
        if kind in MEDIA_TYPES:
            return MEDIA_TYPES[kind]
    raise ProblemError(
        HTTPStatus.NOT_ACCEPTABLE,
        f"pictures are written as {', '.join(MEDIA_TYPES)}; accept one of these",
        field="format",
    )


def _weight(part: str) -> float:
    _, _, weight = part.replace(" ", "").partition(";q=")
    try:
        return float(weight or 1)
    except ValueError:
        return 0.0


def explained(errors: Sequence[Any]) -> ProblemError:
    """Turns the first validation error into a problem with one sentence."""
    error = errors[0]
    place = [str(part) for part in error["loc"] if part not in ("query", "path", "body")]
    name = place[0] if place else None
    if name in _OF_THE_SERVER:
        sentence = f"{name} is set when the server starts; leave it out"
    elif error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name or "", Options.model_fields, n=1)
        advice = f"did you mean {near[0]}?" if near else "see /v1/openapi.json"
        sentence = f"there is no such option; {advice}"
    else:
        problem = str(error["msg"])
        sentence = f"{name or 'the request'}: {problem[:1].lower()}{problem[1:]}"
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, sentence, code="usage", field=name)
