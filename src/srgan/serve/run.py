"""Listening, until told to stop."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from srgan.errors import SrganError
from srgan.jobs.models import Models
from srgan.serve.app import create_app
from srgan.serve.settings import Settings

_MOST_CONNECTIONS = 1000
_LONGEST_HEADERS = 16 * 2**10  # bytes
_SWITCH = 0.0005  # seconds for which a thread at work may keep the one that answers from running
_GRACE = 5  # seconds that answers may go on after Ctrl-C


def run(settings: Settings, models: Models, tell: Callable[[str], None]) -> None:
    """Serves until Ctrl-C or SIGTERM.

    Args:
        settings: where, for whom, and how much.
        models: opens networks.
        tell: takes one line: where the page is.

    Raises:
        SrganError: as ``create_app`` does, or if the address cannot be had.
    """
    config = configured(settings, models)
    try:
        listening = config.bind_socket()
    except SystemExit:  # it has said why
        raise SrganError(
            f"{settings.host}:{settings.port} cannot be listened at; choose another port", field="port"
        ) from None
    place, port = listening.getsockname()[:2]
    line = f"http://{f'[{place}]' if ':' in place else place}:{port}/ (Ctrl-C ends it)"
    sys.setswitchinterval(_SWITCH)
    with suppress(KeyboardInterrupt):  # which is how a server is ended
        _Server(config, lambda: tell(line)).run([listening])


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = tell

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As the server does it."""
        await super().startup(sockets)
        self._tell()


def configured(settings: Settings, models: Models) -> uvicorn.Config:
    """The application, and how HTTP is spoken.

    Raises:
        SrganError: as ``create_app`` does.
    """
    return uvicorn.Config(
        create_app(settings, models),
        host=settings.host,
        port=settings.port,
        http="h11",
        ws="none",
        h11_max_incomplete_event_size=_LONGEST_HEADERS,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE,
        server_header=False,
        access_log=False,
        log_level="warning",
    )
