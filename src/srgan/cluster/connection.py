"""Joins a running Ray cluster, or starts one here for one run."""

from __future__ import annotations

import importlib.util
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil

from srgan.cpu import cores
from srgan.errors import MissingExtraError, SrganError

_OBJECTS = 128 * 2**20
"""Bytes of Ray's object store, which holds rows only: pictures never pass through it."""

_STARTS = 3
_PATIENCE = 10.0  # seconds that an address may take to answer
_PARTING = 5.0  # seconds that the processes of a cluster of our own may take to end
_OURS = "srgan.errors."
_FORGETFUL = {"RAY_task_events_report_interval_ms": "0", "RAY_enable_metrics_collection": "0"}
"""Keeps Ray from recording every task and every figure, in memory that grows with the number of tasks."""

_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}


def check_installed() -> None:
    """Checks that the extra is installed, without importing it.

    Raises:
        MissingExtraError: if a part of it is missing.
    """
    for module in ("ray", "pyarrow", "fsspec", "pandas"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("srgan cluster", "cluster")


def prepare_local() -> None:
    """Sets up Ray, before its import, for a cluster within this computer, which nobody else can use."""
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # makes Ray listen on this computer only
    os.environ.update(_FORGETFUL)
    if "RAY_AUTH_MODE" not in os.environ:
        # A secret for this run alone; Ray would leave one in the home folder.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Connects to Ray for as long as the block lasts.

    Args:
        address: a cluster's, as ``ray.init`` takes it, or ``"local"``: one that is started on this computer,
            listens on it only, and ends with the block. If this process is connected already, that connection
            is used, and stays.

    Raises:
        MissingExtraError: as :func:`check_installed`.
        SrganError: if there is no cluster at the address, none can be started here, or it fails while the
            block lasts.
    """
    check_installed()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # report nothing
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # it raises what matters
    if address == "local" and "ray" not in sys.modules:
        prepare_local()
    import ray
    import ray.data
    from ray.exceptions import RayError

    is_mine = not ray.is_initialized()
    others = set(psutil.Process().children())
    if is_mine:
        _join(ray, address)
    try:
        yield
    except RayError as error:
        raise SrganError(_reason(error)) from error
    finally:
        if is_mine:
            _part(ray, others)


def _reason(error: Exception) -> str:
    """Returns one line on why Ray failed: what a worker raised, or else Ray's first line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    ours = [line.partition(": ")[2] for line in lines if line.startswith(_OURS)]
    if ours:
        return ours[-1]
    first = next(iter(lines), type(error).__name__)
    return f"the Ray cluster failed ({first}); the same command continues"


def _join(ray: Any, address: str) -> None:
    try:
        with _own_sigterm():
            if address == "local":
                _start(ray)
            else:
                _look_for(address)
                ray.init(address=address, **_QUIET)
    except Exception as error:  # Ray raises all kinds, a bare Exception too
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        if address == "local":
            raise SrganError(f"Ray does not start on this computer ({reason})", field="ray") from error
        message = f"no Ray cluster at {address} ({reason}); start one, or use 'local'"
        raise SrganError(message, field="ray") from error


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Keeps the process's handler of SIGTERM: ``ray.init`` sets one that exits with a code of its own."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit:  # by that handler
        if callable(handler):
            handler(signal.SIGTERM, None)
        raise
    finally:
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


def _look_for(address: str) -> None:
    """Checks that something answers at host:port: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if port.isdigit() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()


def _start(ray: Any) -> None:
    options = {"num_cpus": cores(), "object_store_memory": _OBJECTS, "include_dashboard": False}
    others = set(psutil.Process().children())
    for attempts_left in reversed(range(_STARTS)):
        try:
            ray.init(address="local", **options, **_QUIET)
            return
        except Exception:  # on a busy computer it takes longer than Ray waits; what it started goes on
            _end(_started(others))
            if not attempts_left:
                raise


def _part(ray: Any, others: set[psutil.Process]) -> None:
    """Leaves the cluster, and ends what is left of one that was started here.

    Ray's workers outlive it at times, in a deadlock while they exit.
    """
    mine = _started(others)
    workers = [worker for each in mine for worker in each.children(recursive=True)]
    ray.shutdown()
    _, left = psutil.wait_procs([*mine, *workers], _PARTING)
    _end(left)


def _started(others: set[psutil.Process]) -> list[psutil.Process]:
    """Returns the children of this process but for others: those that Ray started."""
    return [child for child in psutil.Process().children() if child not in others]


def _end(processes: Iterable[psutil.Process]) -> None:
    """Kills processes and their children."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            for each in (*process.children(recursive=True), process):
                each.kill()
