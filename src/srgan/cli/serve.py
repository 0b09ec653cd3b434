"""``srgan serve``: a page for people and an API for programs."""

from __future__ import annotations

import importlib.util
import ipaddress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from srgan.cli.console import print_message
from srgan.cli.options import (
    DeviceName,
    DeviceOption,
    EngineName,
    EngineOption,
    Precision,
    PrecisionOption,
    computing,
    tile_of,
)
from srgan.errors import MissingExtraError, UsageError

_access = partial(typer.Option, rich_help_panel="Access")
_files = partial(typer.Option, rich_help_panel="Files")
_limit = partial(typer.Option, rich_help_panel="Limits")


def serve(
    host: Annotated[str, _access(help="Address to listen on; any but this computer's own needs a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, _access(min=0, max=65535, help="Port to listen on.")] = 8000,
    token: Annotated[
        str | None,
        _access(envvar="SRGAN_TOKEN", help="Secret that every request must send; the page asks for it."),
    ] = None,
    no_token: Annotated[
        bool, _access("--no-token", help="Let in everybody who can reach the address.")
    ] = False,
    name: Annotated[
        list[str] | None,
        _access(help="Host name under which clients reach the server, such as the proxy's; may be repeated."),
    ] = None,
    state: Annotated[
        Path | None,
        _files(help="Folder in which jobs survive a restart. Default: all are deleted on exit."),
    ] = None,
    models: Annotated[
        Path | None, _files(help="Folder of model files to offer beside the shipped ones.")
    ] = None,
    max_upload: Annotated[int, _limit(min=1, help="Largest upload, in bytes.")] = 2 * 2**30,
    max_pixels: Annotated[int, _limit(min=1, help="Most pixels of a picture or a video frame.")] = 25_000_000,
    max_duration: Annotated[float, _limit(min=1, help="Longest video, in seconds.")] = 7200,
    max_time: Annotated[float, _limit(min=1, help="Longest job, in seconds.")] = 21_600,
    max_disk: Annotated[int, _limit(min=1, help="Space for all uploads and results, in bytes.")] = 20 * 2**30,
    max_waiting: Annotated[
        int, _limit(min=1, help="Most waiting jobs; one client may have a quarter of them.")
    ] = 256,
    keep: Annotated[float, _limit(min=1, help="Age at which a result is deleted, in seconds.")] = 86_400,
    tile: Annotated[
        str, computing(help="Side of a tile in pixels; auto: by free memory; off: whole pictures.")
    ] = "auto",
    precision: PrecisionOption = Precision.auto,
    engine: EngineOption = EngineName.auto,
    device: DeviceOption = DeviceName.auto,
) -> None:
    """Run a server: a page for people and an API for programs.

    Example: srgan serve

    Example: srgan serve --host 0.0.0.0 --token secret --state /var/lib/srgan
    """
    _check_access(host, token, no_token=no_token)
    for module in ("fastapi", "uvicorn", "python_multipart"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("srgan serve", "serve")
    from srgan.files import temporary_folder
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
    with temporary_folder() as passing:
        settings = Settings(
            host=host,
            port=port,
            state=state or passing,
            models=models,
            token=None if no_token else token,
            names=tuple(name or ()),
            limits=limits,
        )
        run(settings, opener, print_message)


def _check_access(host: str, token: str | None, *, no_token: bool) -> None:
    if token == "":
        raise UsageError("--token is empty; check the variable that it may come from")
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
