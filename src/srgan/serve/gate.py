"""Checks every request (host, origin, token), and adds security headers to every answer."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from srgan.serve.problems import ProblemError
from srgan.serve.settings import Settings
from srgan.serve.workshop import Workshop

COOKIE = "srgan"
"""Name of the cookie that proves a browser has given the token."""

_OPEN = frozenset(("/healthz", "/readyz", "/login", "/login.css", "/icon.svg"))
"""Paths that need no token."""

SECURITY_HEADERS = {
    # Nothing from elsewhere, nothing inline: whatever a file's name or a message says, it is never a script.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob:; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without any, browsers do not send the origin of forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
"""Headers of every answer, whatever made it."""

_METHODS = ("GET", "HEAD", "POST", "DELETE")


class Gate:
    """Wraps an ASGI application with the checks.

    A page of another site can make a browser send requests here (cross-site requests), or point a name of its
    own at this server (DNS rebinding). Such requests are refused by their ``Host``, ``Origin`` and
    ``Sec-Fetch-Site``, even if they carry the token.

    Args:
        app: the application that answers accepted requests.
        settings: the token and the host names of the server.
        workshop: its tally counts the answers.
    """

    def __init__(self, app: ASGIApp, settings: Settings, workshop: Workshop) -> None:
        self._app = app
        self._token = settings.token
        name = socket.gethostname().lower()
        self._names = {"localhost", name, f"{name}.local", *(name.lower() for name in settings.names)}
        self.workshop = workshop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses a request, or passes it to the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)

        async def finished(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
                # The pattern of the path, and known methods: anything else could make lines without end.
                route = getattr(scope.get("route"), "path", "other")
                method = request.method if request.method in _METHODS else "other"
                self.workshop.tally.request(method, route, message["status"])
            await send(message)

        app: ASGIApp | Response = self._app
        try:
            self._check_host(request)
            self._check_origin(request)
            # Not the path of ``request.url``, which is built from the client's ``Host``.
            if self._token is not None and scope["path"] not in _OPEN and not knows(request, self._token):
                app = self._stranger(request)
        except ProblemError as problem:
            app = problem.response()
        await app(scope, receive, finished)

    def _check_host(self, request: Request) -> None:
        name = _name_in(request.headers.get("host", ""))
        if name not in self._names and not _is_number(name):
            raise ProblemError(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this server does not answer under that host name; start it with the name that clients use",
                code="host",
            )

    def _check_origin(self, request: Request) -> None:
        site = request.headers.get("sec-fetch-site", "none")
        is_visit = request.method == "GET" and request.headers.get("sec-fetch-mode") == "navigate"
        is_foreign = site not in ("same-origin", "none") and not (is_visit and request.scope["path"] == "/")
        origin = request.headers.get("origin")
        if origin is not None and request.method not in ("GET", "HEAD"):
            is_foreign |= origin.partition("://")[2].lower() != request.headers.get("host", "").lower()
        if is_foreign:
            raise ProblemError(
                HTTPStatus.FORBIDDEN, "pages of other sites cannot use this server", code="origin"
            )

    def _stranger(self, request: Request) -> ASGIApp:
        if request.method == "GET" and request.scope["path"] == "/":
            return Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": "/login"})
        return ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "this server requires its token; send it as 'Authorization: Bearer TOKEN'",
            code="token",
            headers={"WWW-Authenticate": "Bearer"},
        ).response()


def knows(request: Request, token: str) -> bool:
    """Returns whether a request proves that its sender has the token, by its header or by the page's cookie.

    Compares digests of equal length in constant time.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and is_token(given.strip().encode("latin-1"), token):
        return True
    return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), cookie_of(token).encode())


def is_token(given: bytes, token: str) -> bool:
    """Returns whether ``given`` is the token, in constant time."""
    return hmac.compare_digest(_digest(given), _digest(token.encode()))


def cookie_of(token: str) -> str:
    """Returns the value of the cookie that stands for the token."""
    return hmac.new(token.encode(), b"the page's cookie", hashlib.sha256).hexdigest()


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def _name_in(host: str) -> str:
    """Returns the name in a ``Host`` header without its port, or an empty string if it is invalid."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_number(name: str) -> bool:
    """Returns whether a host is an IP address, which DNS rebinding cannot forge."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
