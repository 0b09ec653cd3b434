import importlib.util
import signal
import socket
import subprocess
import sys
import types
from contextlib import suppress

import psutil
import pytest

from srgan.cluster import connection
from srgan.cluster.connection import connected
from srgan.errors import SrganError


@pytest.fixture
def ray(monkeypatch):
    """Stands for Ray, which is connected: what it raises is as its own."""
    fake = types.ModuleType("ray")
    fake.is_initialized = lambda: True
    fake.exceptions = types.ModuleType("ray.exceptions")
    fake.exceptions.RayError = type("RayError", (Exception,), {})
    fake.data = types.ModuleType("ray.data")
    for module in (fake, fake.exceptions, fake.data):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(connection, "check_installed", lambda: None)
    return fake


def failure(ray, text):
    with pytest.raises(SrganError) as error, connected("here:1"):
        raise ray.exceptions.RayError(text)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_what_a_worker_said_is_the_error(ray):
    said = "out/rows: the folder cannot be made (the disk is full)"
    text = (
        f"\x1b[36mray::MapWorker.submit()\n  File 'worker.py', line 1\nsrgan.errors.OutputError: {said}\n\n"
    )
    assert failure(ray, f"{text}The above exception was the direct cause of:\nUDF failed") == said


def test_what_ray_itself_says_is_one_line(ray):
    assert "the node died" in failure(ray, "the node died\n\tclass_name: MapWorker\n\tactor_id: 1")


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra 'cluster'")
def test_an_address_where_nothing_answers_is_told_without_waiting_for_ray(ray, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setattr(ray, "is_initialized", lambda: False)
        with pytest.raises(SrganError, match=address) as error, connected(address):
            raise AssertionError
    assert error.value.field == "ray"


def test_where_ray_does_not_start_its_reason_is_told(ray, monkeypatch):
    def refuse(**_):
        raise OSError("AF_UNIX path length cannot exceed 107 bytes\nby Ray")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refuse, raising=False)
    with pytest.raises(SrganError, match=r"AF_UNIX.* bytes\)$") as error, connected("local"):
        raise AssertionError
    assert error.value.field == "ray"
    assert "start one" not in str(error.value)


@pytest.mark.skipif(sys.platform == "win32", reason="sh")
def test_workers_that_ray_leaves_behind_are_ended(ray, monkeypatch):
    """Some of Ray's lock themselves up while they exit."""
    node = []

    def init(**_):
        node.append(subprocess.Popen(["sh", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE))

    def shutdown():
        node[0].kill()

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init, raising=False)
    monkeypatch.setattr(ray, "shutdown", shutdown, raising=False)
    monkeypatch.setattr(connection, "_PARTING", 0.2)
    with connected("local"):
        worker = psutil.Process(int(node[0].stdout.readline()))
    with suppress(psutil.NoSuchProcess):
        worker.wait(10)
    assert not worker.is_running()
    node[0].wait()
    node[0].stdout.close()


def test_the_handler_of_sigterm_survives_ray(ray, monkeypatch):
    """Ray sets one of its own when it connects."""

    def init(**_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init, raising=False)
    monkeypatch.setattr(ray, "shutdown", lambda: None, raising=False)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with connected("auto"):
            assert signal.getsignal(signal.SIGTERM) == before
    finally:
        signal.signal(signal.SIGTERM, before)


def test_sigterm_while_ray_connects_ends_as_without_ray(ray, monkeypatch):
    def init(**_):
        raise SystemExit(15)  # by Ray's handler

    def terminate(*_):
        raise SystemExit(143)

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init, raising=False)
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        with pytest.raises(SystemExit, match="143"), connected("auto"):
            raise AssertionError
        assert signal.getsignal(signal.SIGTERM) == terminate
    finally:
        signal.signal(signal.SIGTERM, before)
