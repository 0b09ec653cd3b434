"""Answers with a result: its name, ranges and checksum."""

from __future__ import annotations

import base64
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from srgan.serve.outcomes import RESULT
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


def result_response(task: Task, outcome: Outcome, background: BackgroundTask | None = None) -> FileResponse:
    """Answers with a result or the requested ranges, and its SHA-256 as in RFC 9530."""
    digest = base64.b64encode(bytes.fromhex(outcome.sha256)).decode()
    return _File(
        task.folder / RESULT / outcome.file,
        media_type=media_type(outcome.file),
        filename=result_name(task, outcome),
        headers={"Repr-Digest": f"sha-256=:{digest}:", "ETag": f'"{outcome.sha256}"'},
        background=background,
    )


def source_response(task: Task) -> FileResponse:
    """Answers with the uploaded file."""
    return _File(task.folder / task.source, media_type=media_type(task.source), filename=task.name)
