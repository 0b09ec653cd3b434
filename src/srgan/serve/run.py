"""Runs the server until it is stopped."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from srgan.errors import SrganError
from srgan.jobs.models import Models
from srgan.serve.app import create_app
from srgan.serve.protocol import Protocol
from srgan.serve.settings import Settings

_LONGEST_HEADERS = 16 * 2**10  # bytes
_SWITCH = 0.0005  # seconds for which a working thread may keep the answering one from running
_GRACE = 5  # seconds that answers may go on after Ctrl-C


def run(settings: Settings, models: Models, tell: Callable[[str], None]) -> None:
    """Serves until Ctrl-C or SIGTERM.

    Args:
        settings: configuration of the server.
        models: loads networks.
        tell: receives one line with the address of the page.

    Raises:
        SrganError: as ``create_app`` does, or if the address cannot be used, or no thread be started.
    """
    server = Server(settings, models, tell)
    try:
        listening = server.config.bind_socket()
    except SystemExit:  # uvicorn has logged why
        raise SrganError(
            f"{settings.host}:{settings.port}: the server cannot listen there; choose another port",
            field="port",
        ) from None
    sys.setswitchinterval(_SWITCH)
    with listening, suppress(KeyboardInterrupt):  # which is how a server is ended
        server.run([listening])


class Server(uvicorn.Server):
    """Configures uvicorn.

    Args:
        settings: as for :func:`run`, like ``models`` and ``tell``.

    Raises:
        SrganError: as ``create_app`` does.
    """

    def __init__(self, settings: Settings, models: Models, tell: Callable[[str], None]) -> None:
        app = create_app(settings, models)
        self._tell = tell
        self._workshop = app.workshop
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                http=Protocol,
                ws="none",
                h11_max_incomplete_event_size=_LONGEST_HEADERS,
                timeout_graceful_shutdown=_GRACE,
                server_header=False,
                access_log=False,
                log_level="warning",
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Reports the address once the server listens.

        Raises:
            SrganError: if the application could not start, which uvicorn has logged.
        """
        with suppress(SystemExit):
            await super().startup(sockets)
        if not self.started:
            raise SrganError("the server could not start; its log says why")
        for listening in sockets or ():
            place, port = listening.getsockname()[:2]
            self._tell(f"http://{f'[{place}]' if ':' in place else place}:{port}/ (Ctrl-C ends it)")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answers requests that wait for work, so that their connections can close."""
        self._workshop.close()
        await super().shutdown(sockets)
