"""The login page, which exchanges the token for a cookie."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from srgan.serve.gate import COOKIE, cookie_of, is_token
from srgan.serve.problems import ProblemError
from srgan.serve.service import Service

router = APIRouter(include_in_schema=False)

_PAGES = Path(__file__).with_name("web")
_MOST = 2000  # bytes of the form
_PAUSE = 0.5  # seconds that a wrong token costs
_PATIENCE = 10.0  # seconds that the form may take to arrive


@router.get("/login")
async def form() -> Response:
    """Returns the login form."""
    return FileResponse(_PAGES / "login.html")


@router.get("/login.css")
async def style() -> Response:
    """Returns the style sheet, without a token."""
    return FileResponse(_PAGES / "style.css")


@router.post("/login")
async def enter(request: Request) -> Response:
    """Checks the token, sets the cookie and redirects to the page."""
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await _form_of(request)
    except TimeoutError:
        raise ProblemError(
            HTTPStatus.REQUEST_TIMEOUT, "the form came too slowly; send it again", code="slow"
        ) from None
    given = parse_qs(body.decode("latin-1")).get("token", [""])[0].encode()
    token = cast("Service", request.app.state.service).settings.token
    if token is None:
        return Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
    if not is_token(given, token):
        await asyncio.sleep(_PAUSE)
        return FileResponse(_PAGES / "login.html", HTTPStatus.UNAUTHORIZED)
    response = Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, cookie_of(token), httponly=True, samesite="strict", secure=secure)
    return response


async def _form_of(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST:
            raise ProblemError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the form is too large; send the token only"
            )
    return body
