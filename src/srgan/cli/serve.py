"""``srgan serve``: a page for people and an API for programs."""

from __future__ import annotations

import importlib.util
import ipaddress
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from srgan.cli.console import print_message
from srgan.cli.options import DeviceName, EngineName, Precision, tile_of
from srgan.errors import MissingExtraError, UsageError

_access = partial(typer.Option, rich_help_panel="Who may ask")
_limit = partial(typer.Option, rich_help_panel="Limits")
_computing = partial(typer.Option, rich_help_panel="How it computes")


def serve(
    host: Annotated[str, _access(help="Address to listen at; others than this computer need a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, _access(min=0, max=65535, help="Port to listen at.")] = 8000,
    token: Annotated[
        str | None,
        _access(envvar="SRGAN_TOKEN", help="What every request must know; the page asks for it."),
    ] = None,
    no_token: Annotated[
        bool, _access("--no-token", help="Let everybody in who can reach the address.")
    ] = False,
    name: Annotated[
        list[str] | None,
        _access(help="A name that the server is reached under, such as that of a proxy; may be repeated."),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="Folder in which jobs survive a restart. Default: none; all goes at the end."),
    ] = None,
    models: Annotated[
        Path | None, typer.Option(help="Folder of model files that are offered beside the shipped ones.")
    ] = None,
    max_upload: Annotated[int, _limit(min=1, help="Bytes of an upload.")] = 2 * 2**30,
    max_pixels: Annotated[
        int, _limit(min=1, help="Pixels of a picture, or of a video's frame.")
    ] = 25_000_000,
    max_duration: Annotated[float, _limit(min=1, help="Seconds that a video may play.")] = 7200,
    max_time: Annotated[float, _limit(min=1, help="Seconds that a job may take.")] = 21_600,
    max_disk: Annotated[int, _limit(min=1, help="Bytes of all uploads and results.")] = 20 * 2**30,
    max_waiting: Annotated[int, _limit(min=1, help="Jobs that wait; a client has a quarter of them.")] = 256,
    keep: Annotated[float, _limit(min=1, help="Seconds after which a result is deleted.")] = 86_400,
    tile: Annotated[
        str, _computing(help="Side of the tiles in pixels; auto: by the free memory; off: whole pictures.")
    ] = "auto",
    precision: Annotated[Precision, _computing(help="Type to compute in.")] = Precision.auto,
    engine: Annotated[EngineName, _computing(help="What computes.")] = EngineName.auto,
    device: Annotated[DeviceName, _computing(help="Where to compute.")] = DeviceName.auto,
) -> None:
    """Opens a page that makes pictures and videos clearer; programs use the same address.

    Example: srgan serve

    Example: srgan serve --host 0.0.0.0 --token secret --state /var/lib/srgan
    """
    _check_access(host, token, no_token=no_token)
    for module in ("fastapi", "uvicorn", "python_multipart"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("srgan serve", "serve")
    from srgan.jobs.models import Models
    from srgan.serve.run import run
    from srgan.serve.settings import Limits, Settings

    limits = Limits(
        upload_bytes=max_upload,
        pixels=max_pixels,
        video_seconds=max_duration,
        work_seconds=max_time,
        disk_bytes=max_disk,
        waiting=max_waiting,
        keep_seconds=keep,
    )
    opener = Models(engine=engine.value, precision=precision.value, device=device.value, tile=tile_of(tile))
    with tempfile.TemporaryDirectory(prefix="srgan-") as passing:
        settings = Settings(
            host=host,
            port=port,
            state=state or Path(passing),
            models=models,
            token=None if no_token else token,
            names=tuple(name or ()),
            limits=limits,
        )
        run(settings, opener, print_message)


def _check_access(host: str, token: str | None, *, no_token: bool) -> None:
    if token == "":
        raise UsageError("--token is empty; it may come from a variable that is")
    if no_token and token:
        raise UsageError("--token and --no-token contradict each other; drop one of them")
    if not token and not no_token and not _is_this_computer(host):
        raise UsageError(
            f"{host} can be reached by others: choose a --token, or let everybody in with --no-token"
        )


def _is_this_computer(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
