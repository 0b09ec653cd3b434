"""Problem details for HTTP (RFC 9457): JSON with a status and one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse

from srgan.errors import (
    CancelledError,
    MissingExtraError,
    OutOfMemoryError,
    OutputError,
    SrganError,
)
from srgan.jobs.result import JobError

_NAMES = {"file_format": "format", "source": "file"}
"""Options whose names differ between requests and Python."""

_STATUSES = {
    CancelledError.code: HTTPStatus.CONFLICT,
    OutOfMemoryError.code: HTTPStatus.SERVICE_UNAVAILABLE,
    MissingExtraError.code: HTTPStatus.NOT_IMPLEMENTED,
    OutputError.code: HTTPStatus.INSUFFICIENT_STORAGE,
    SrganError.code: HTTPStatus.INTERNAL_SERVER_ERROR,
    "unexpected": HTTPStatus.INTERNAL_SERVER_ERROR,
}


class ProblemError(Exception):
    """A request that is refused or fails.

    Args:
        status: HTTP status.
        detail: one sentence: what, where, what to do.
        code: short name of the kind of problem.
        field: option that it concerns, as requests name it; None if none.
        headers: added to the answer.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        code: str = "request",
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.field = None if field is None else _NAMES.get(field, field)
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, error: SrganError | JobError) -> ProblemError:
        """Converts an error of a job."""
        status = _STATUSES.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)
        if error.field == "max_pixels":
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        message = error.message if isinstance(error, JobError) else str(error)
        return cls(status, message, code=error.code, field=error.field)

    def to_json(self) -> dict[str, Any]:
        """Returns the members of the JSON object."""
        return {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "code": self.code,
            "field": self.field,
        }

    def response(self) -> JSONResponse:
        """Returns the answer as problem+json."""
        return JSONResponse(
            self.to_json(), self.status, headers=self.headers, media_type="application/problem+json"
        )
