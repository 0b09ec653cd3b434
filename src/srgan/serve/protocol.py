"""Limits the number of connections, and the time for which they wait for headers."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from srgan.serve.gate import SECURITY_HEADERS
from srgan.serve.problems import ProblemError
from srgan.serve.uploads import SLOWEST

HEADER_SECONDS = 10.0
"""Longest time from the connection, or from the first byte of a later request, to the end of its headers."""

MOST_CONNECTIONS = 1000
"""Most connections at a time; requests on further ones are answered with 503."""

_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store", "Connection": "close"}
"""Headers of answers that do not come through the gate."""

_FULL = ProblemError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "the server has too many connections; try again in 10 seconds",
    code="busy",
    headers={**_HEADERS, "Retry-After": "10"},
)


class Protocol(H11Protocol):
    """A connection.

    A client that sends its headers byte by byte, or not at all, could keep a connection forever ("slow
    loris"); so could one whose body trickles on after the answer. Uvicorn has no timeout for either: it
    closes only connections that idle between two requests.
    """

    _deadline: asyncio.TimerHandle | None = None
    _clocked: object = None  # what the clock runs for
    _received = 0  # bytes since the clock was started

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Starts the clock."""
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > MOST_CONNECTIONS:
            self.app = _FULL.response()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Takes bytes of headers or of a body."""
        self._received += len(data)
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._stop()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Waits for the next request, or for the rest of a body that nobody reads."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._watch()

    def send_400_response(self, msg: str) -> None:
        """Refuses what is not HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST, msg.lower().rstrip("."), code="http")

    def _watch(self) -> None:
        """Times the wait for headers, or for a body that is answered already; each wait starts the clock."""
        awaited = self._awaited()
        if awaited is not self._clocked:
            self._stop()
            self._clocked = awaited
        if awaited is not None and self._deadline is None:
            self._received = 0
            self._deadline = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _awaited(self) -> object:
        """Returns h11's state of a client that may be too slow; None between two requests, too."""
        state = self.conn.their_state
        if state is h11.IDLE:
            has_begun = self.cycle is None or self.conn.trailing_data[0]
            return state if has_begun else None
        is_answered = self.cycle is not None and self.cycle.response_complete
        return state if state is h11.SEND_BODY and is_answered else None

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.conn.their_state is h11.SEND_BODY and self._received > SLOWEST * HEADER_SECONDS:
            self._watch()  # many clients read the answer only after their last byte
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "the headers came too slowly; try again", code="slow")

    def _refuse(self, status: HTTPStatus, sentence: str, *, code: str) -> None:
        """Answers without the application unless it has begun to, and hangs up."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = ProblemError(status, sentence, code=code, headers=_HEADERS).response()
            events = (
                h11.Response(status_code=answer.status_code, headers=answer.raw_headers),
                h11.Data(data=bytes(answer.body)),
                h11.EndOfMessage(),
            )
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        if self.cycle is not None:
            self.cycle.disconnected = True  # what the application still sends has nowhere to go
        self.transport.close()
