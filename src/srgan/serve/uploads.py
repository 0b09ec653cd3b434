"""Receives uploads, as a form or as the raw body, and streams them to the disk."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from srgan.files import explained, make_folder, opened, replacing
from srgan.serve.problems import ProblemError
from srgan.serve.settings import Limits

UPLOAD = "upload"
"""File name of an upload until its type is known."""

SLOWEST = 1000
"""Bytes a second below which a body is given up."""

_MOST_FIELD, _MOST_PARTS = 1000, 50  # bytes of a field; parts of a form
_LONGEST_NAME = 120

# It logs every form that it refuses, so that strangers could fill the log: the answer says it.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())


@dataclass(kw_only=True)
class Upload:
    """A received upload.

    Attributes:
        name: the client's name of the file; empty if not given.
        bytes: size of the file.
        fields: the other fields of the form.
    """

    name: str = ""
    bytes: int = 0
    fields: dict[str, str] = field(default_factory=dict)


async def receive(request: Request, folder: Path, limits: Limits, check_disk: Callable[[], None]) -> Upload:
    """Writes the upload of a request to ``folder/upload``.

    Args:
        request: a form with a file in the field ``file``, or the file as its body.
        folder: made if absent.
        limits: on size and pauses.
        check_disk: called as data arrives; raises if the disk budget is used up.

    Raises:
        ProblemError: if there is no file, or it is too large or too slow.
        ClientDisconnect: if the client disconnects.
        OutputError: if it cannot be written.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.upload_bytes:
        raise _too_large(limits)
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    upload = Upload()
    path = make_folder(folder) / UPLOAD
    with replacing(path) as part, explained(path), opened(part, "wb") as out:

        def write(data: bytes) -> None:
            upload.bytes += out.write(data)
            check_disk()

        chunks = _chunks(request, limits)
        if kind == b"multipart/form-data":
            await _receive_form(chunks, parameters.get(b"boundary", b""), upload, write)
        else:
            async for chunk in chunks:
                await run_in_threadpool(write, chunk)
    if not upload.bytes:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST,
            "the request holds no file; send one as the form's field 'file', or as the body",
            field="file",
        )
    return upload


def shown_name(name: str, extension: str) -> str:
    """Returns a file name to show: without folders, with the extension of its actual type.

    Args:
        name: the client's name of the file, which may be anything.
        extension: extension of the actual type, with its dot.
    """
    last = re.split(r"[/\\\\]", name)[-1]
    clean = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*')
    stem = Path(clean).stem[:_LONGEST_NAME].strip(" .") or "upload"
    return f"{stem}{extension}"


async def _chunks(request: Request, limits: Limits) -> AsyncIterator[bytes]:
    """Yields the body, while it is fast enough and not too large."""
    stream = aiter(request.stream())
    total, began = 0, time.monotonic()
    while True:
        try:
            async with asyncio.timeout(limits.silence_seconds):
                chunk = await anext(stream, b"")
        except TimeoutError:
            raise _too_slow() from None
        if not chunk:
            return
        total += len(chunk)
        if total > limits.upload_bytes:
            raise _too_large(limits)
        if time.monotonic() - began > limits.silence_seconds + total / SLOWEST:
            raise _too_slow()
        yield chunk


def _too_slow() -> ProblemError:
    return ProblemError(
        HTTPStatus.REQUEST_TIMEOUT,
        "the upload was too slow; send it again",
        code="slow",
        field="file",
        headers={"Connection": "close"},
    )


def _too_large(limits: Limits) -> ProblemError:
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"the upload has more than the {limits.upload_bytes:,} bytes allowed; send a smaller file",
        code="size",
        field="file",
        headers={"Connection": "close"},
    )


class _Form:
    """Parses a form as it arrives: collects bytes of the file to be written, and keeps the fields."""

    def __init__(self, upload: Upload) -> None:
        self.file: list[bytes] = []
        self._upload = upload
        self._parts = 0
        self._has_file = False
        self._header = self._value = b""
        self._name, self._is_file = "", False
        self._field = b""
        self.is_whole = False

    def on_part_begin(self) -> None:
        self._parts += 1
        self._name, self._is_file, self._field = "", False, b""
        if self._parts > _MOST_PARTS:
            raise _bad_form(f"the form has more than {_MOST_PARTS} fields; send fewer")

    def on_header_begin(self) -> None:
        self._header = self._value = b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        if self._header.lower() != b"content-disposition":
            return
        _, parameters = parse_options_header(self._value)
        self._name = parameters.get(b"name", b"").decode(errors="replace")
        if self._name == "file":
            if self._has_file:
                raise _bad_form("the form has two files; send one at a time")
            self._has_file = self._is_file = True
            self._upload.name = parameters.get(b"filename", b"").decode(errors="replace")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self.file.append(data[start:end])
            return
        self._field += data[start:end]
        if len(self._field) > _MOST_FIELD:
            raise _bad_form(f"the field {self._name[:50]!r} is too long; shorten it")

    def on_part_end(self) -> None:
        if not self._is_file:
            self._upload.fields[self._name] = self._field.decode(errors="replace")

    def on_end(self) -> None:
        self.is_whole = True


async def _receive_form(
    chunks: AsyncIterator[bytes], boundary: bytes, upload: Upload, write: Callable[[bytes], None]
) -> None:
    form = _Form(upload)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": form.on_part_begin,
                "on_header_begin": form.on_header_begin,
                "on_header_field": form.on_header_field,
                "on_header_value": form.on_header_value,
                "on_header_end": form.on_header_end,
                "on_part_data": form.on_part_data,
                "on_part_end": form.on_part_end,
                "on_end": form.on_end,
            },
        )
        async for chunk in chunks:
            parser.write(chunk)
            data = b"".join(form.file)
            form.file.clear()
            await run_in_threadpool(write, data)
    except FormParserError:
        raise _bad_form("the form is malformed; send it as multipart/form-data") from None
    if not form.is_whole:
        raise _bad_form("the form is incomplete; send it again")


def _bad_form(sentence: str) -> ProblemError:
    return ProblemError(HTTPStatus.BAD_REQUEST, sentence, code="form")
