"""Answers with a result: its name, ranges and checksum."""

from __future__ import annotations

import base64
from http import HTTPStatus
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from srgan.serve.outcomes import INVENTED, RESULT
from srgan.serve.problems import ProblemError
from srgan.serve.task import Outcome, Task

_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".tiff": "image/tiff",
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".heic": "image/heic",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
}


class _File(FileResponse):
    """A file sent in larger chunks than usual, since reading each one needs a switch of threads."""

    chunk_size = 2**18


def media_type(file: str) -> str:
    """Returns the media type of a file by its extension."""
    return _TYPES.get(Path(file).suffix, "application/octet-stream")


def result_name(task: Task, outcome: Outcome) -> str:
    """Returns the file name of a result, as ``srgan upscale`` names it."""
    scale = outcome.output_size[0] / outcome.input_size[0]
    return f"{Path(task.name).stem}-x{scale:.3g}{Path(outcome.file).suffix}"


def result_file(task: Task, outcome: Outcome) -> Path:
    """Returns the file of a result.

    Raises:
        ProblemError: if someone removed it.
    """
    return _there(task.folder / RESULT / outcome.file)


def result_response(task: Task, outcome: Outcome, background: BackgroundTask | None = None) -> FileResponse:
    """Answers with a result or the requested ranges, and its SHA-256 as in RFC 9530.

    Raises:
        ProblemError: if someone removed it.
    """
    digest = base64.b64encode(bytes.fromhex(outcome.sha256)).decode()
    return _File(
        result_file(task, outcome),
        media_type=media_type(outcome.file),
        filename=result_name(task, outcome),
        headers={"Repr-Digest": f"sha-256=:{digest}:", "ETag": f'"{outcome.sha256}"'},
        background=background,
    )


def source_response(task: Task) -> FileResponse:
    """Answers with the uploaded file.

    Raises:
        ProblemError: if someone removed it.
    """
    return _File(_there(task.folder / task.source), media_type=media_type(task.source), filename=task.name)


def map_response(task: Task) -> FileResponse:
    """Answers with the map of what was invented, which the task has.

    Raises:
        ProblemError: if someone removed it.
    """
    return FileResponse(_there(task.folder / INVENTED), media_type="image/png")


def _there(path: Path) -> Path:
    if not path.is_file():
        raise ProblemError(HTTPStatus.GONE, "the server no longer has the file; send it again", code="gone")
    return path
