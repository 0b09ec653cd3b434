"""Limits the number of connections, and the time that the headers of a request may take."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from srgan.serve.problems import ProblemError

HEADER_SECONDS = 10.0
"""Longest time from the connection, or from the first byte of a later request, to the end of its headers."""

MOST_CONNECTIONS = 1000
"""Most connections at a time; requests on further ones are answered with 503."""

_FULL = ProblemError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "the server has too many connections; try again in 10 seconds",
    code="busy",
    headers={"Retry-After": "10", "Connection": "close"},
)


class Protocol(H11Protocol):
    """A connection.

    A client that sends its headers byte by byte, or not at all, could keep a connection forever ("slow
    loris"). Uvicorn has no timeout for that: it closes only connections that idle between two requests.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Starts the clock."""
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > MOST_CONNECTIONS:
            self.app = _FULL.response()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Takes bytes of headers or of a body."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._stop()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuses what is not HTTP."""
        self._refuse(ProblemError(HTTPStatus.BAD_REQUEST, msg.lower().rstrip("."), code="http"))

    def _watch(self) -> None:
        """Runs the clock while headers are awaited; ``IDLE`` is how h11 calls that."""
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._refuse(
            ProblemError(HTTPStatus.REQUEST_TIMEOUT, "the headers came too slowly; try again", code="slow")
        )

    def _refuse(self, problem: ProblemError) -> None:
        """Answers without the application, and hangs up."""
        body = json.dumps(problem.to_json()).encode()
        headers = {
            "Content-Type": "application/problem+json",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        events = (
            h11.Response(status_code=problem.status, headers=list(headers.items())),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()
