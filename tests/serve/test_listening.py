"""What only a server at a real port shows: slow and broken clients, kill -9, the command."""

import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from srgan.errors import SrganError
from srgan.files import claim
from srgan.jobs.models import Models
from srgan.serve.run import run
from srgan.serve.settings import Limits


def fetch(url, *, method="GET", data=None):
    with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=30) as response:
        return json.loads(response.read() or b"null")


def read(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read().decode()


def ask(address, head, *, then=b""):
    """What a server answers to bytes, within 20 seconds; nothing if it only hangs up."""
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        try:
            connection.sendall(head + then)
            return connection.recv(65536).decode()
        except ConnectionError:
            return ""


def trickle(address, head):
    """What a server answers to a client that keeps sending a byte now and then, until the server hangs up."""
    place, answer = urlsplit(address), b""
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.settimeout(0.1)
        connection.sendall(head)
        for _ in range(300):
            try:
                if not (got := connection.recv(65536)):
                    return answer.decode()
                answer += got
            except TimeoutError:
                with suppress(ConnectionError):
                    connection.sendall(b"x")
            except ConnectionError:
                return answer.decode()
    raise AssertionError("the server never hung up")


def is_strict(answer):
    """Whether an answer has the headers that keep browsers from taking it for anything else."""
    return re.search("(?i)content-security-policy: default-src 'none'.*nosniff", answer, re.DOTALL)


def test_without_threads_the_server_ends_and_says_so(settings, usual, monkeypatch):  # noqa: ARG001
    really, started, told = threading.Thread.start, [], []

    def start(thread):
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        really(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr("sys.setswitchinterval", lambda _: None)
    with pytest.raises(SrganError):
        run(dataclasses.replace(settings, port=0), Models(device="cpu"), told.append)
    assert told == []
    assert not any(thread.is_alive() for thread in started)
    claim(settings.state).release()


def test_an_upload_that_stands_still_is_given_up(listen, settings):
    with listen(dataclasses.replace(settings, limits=Limits(silence_seconds=0.3))) as address:
        head = b"POST /v1/upscale HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
        assert ask(address, head, then=b"\x89PNG").startswith("HTTP/1.1 408")
    assert list((settings.state / "tasks").iterdir()) == []


def test_headers_that_never_end_are_given_up(listen, monkeypatch):
    """Slow loris: connections that say a little now and then, or nothing at all."""
    monkeypatch.setattr("srgan.serve.protocol.HEADER_SECONDS", 0.5)
    with listen() as address:
        for head in (b"", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow:"):
            answer = ask(address, head)
            assert answer.startswith("HTTP/1.1 408")
            assert is_strict(answer)
            assert json.loads(answer.partition("\r\n\r\n")[2])["code"] == "slow"
        assert fetch(f"{address}/healthz") == {"status": "ok"}


@pytest.mark.parametrize("head", ["GET /healthz HTTP/1.1\r\nX-Slow: ", "POST /v1/jobs", "POST /login"])
def test_a_trickle_of_headers_or_of_a_body_is_cut(listen, settings, monkeypatch, head):
    """Each pause is short; all together would take hours."""
    monkeypatch.setattr("srgan.serve.protocol.HEADER_SECONDS", 0.5)
    monkeypatch.setattr("srgan.serve.login._PATIENCE", 0.5)
    if head.startswith("POST"):
        head = f"{head} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n"
    with listen(dataclasses.replace(settings, token="s", limits=Limits(silence_seconds=0.5))) as address:
        if "/v1" in head:
            head = head.replace("Host", "Authorization: Bearer s\r\nHost")
        assert trickle(address, head.encode()).startswith("HTTP/1.1 408")
    assert list((settings.state / "tasks").iterdir()) == []


def test_a_body_that_goes_on_after_the_answer_is_cut(listen, monkeypatch):
    monkeypatch.setattr("srgan.serve.protocol.HEADER_SECONDS", 0.5)
    with listen() as address:
        head = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n"
        assert trickle(address, head).startswith("HTTP/1.1 200")


def test_an_upload_may_go_on_after_a_refusal_that_its_client_reads_at_the_end(listen, monkeypatch):
    monkeypatch.setattr("srgan.serve.protocol.HEADER_SECONDS", 0.5)
    with listen() as address:
        place = urlsplit(address)
        with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
            connection.sendall(b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000\r\n\r\n")
            for _ in range(20):
                connection.sendall(bytes(10_000))
                time.sleep(0.1)
            assert connection.recv(65536).startswith(b"HTTP/1.1 404")
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("path", ["/nowhere", "/v1/upscale?model=tiny"])
def test_a_body_that_is_no_http_fills_no_log(listen, capfd, path):
    """Before the answer, and after it."""
    with listen() as address:
        place = urlsplit(address)
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
            connection.sendall(head.encode())
            if path == "/nowhere":
                assert connection.recv(65536).startswith(b"HTTP/1.1 404")
            connection.sendall(b"nonsense\r\n")
            while connection.recv(65536):
                pass
        assert fetch(f"{address}/healthz") == {"status": "ok"}
    assert "Traceback" not in capfd.readouterr().err


def test_an_upload_may_take_longer_than_its_headers(listen, png, monkeypatch):
    monkeypatch.setattr("srgan.serve.protocol.HEADER_SECONDS", 0.2)
    with listen() as address:
        place = urlsplit(address)
        head = b"POST /v1/upscale?model=tiny HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
        with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
            connection.sendall(head % len(png) + png[:100])
            time.sleep(0.5)
            connection.sendall(png[100:])
            assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_too_many_connections_are_told_to_come_back(listen, monkeypatch):
    monkeypatch.setattr("srgan.serve.protocol.MOST_CONNECTIONS", 1)
    with listen() as address:
        place = urlsplit(address)
        with socket.create_connection((place.hostname, place.port)):
            time.sleep(0.2)
            answer = ask(address, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert answer.startswith("HTTP/1.1 503")
        assert is_strict(answer)
        assert "retry-after" in answer.lower()


def test_huge_headers_are_refused_and_broken_requests_too(listen):
    with listen() as address:
        head = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Large: " + b"x" * 1_000_000 + b"\r\n\r\n"
        assert ask(address, head)[:10] in ("", "HTTP/1.1 4")
        answer = ask(address, b"\x16\x03\x01 nonsense\r\n\r\n")
        assert answer.startswith("HTTP/1.1 400")
        assert is_strict(answer)
        assert fetch(f"{address}/healthz") == {"status": "ok"}


def test_what_nobody_waits_for_any_more_is_not_done(listen, settings, large):
    with listen() as address:
        place = urlsplit(address)
        head = b"POST /v1/upscale?model=tiny HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
        with socket.create_connection((place.hostname, place.port)) as connection:
            connection.sendall(head % len(large) + large)
            while "srgan_jobs_running 1" not in read(f"{address}/metrics"):
                time.sleep(0.02)
        while "srgan_jobs_running 0" not in read(f"{address}/metrics"):
            time.sleep(0.02)
        assert 'srgan_jobs_total{status="cancelled"} 1' in read(f"{address}/metrics")
    assert list((settings.state / "tasks").iterdir()) == []


def test_who_waits_is_told_that_the_server_is_stopped(listen, large):
    """Within the grace that connections have; otherwise uvicorn would cut them off, and say so."""
    answers = {}

    def wait(name, url, data=None):
        try:
            with urllib.request.urlopen(url, data, timeout=30) as response:
                answers[name] = response.read().decode()
        except urllib.error.HTTPError as error:
            answers[name] = error.code
            error.close()

    with listen() as address:
        job = fetch(f"{address}/v1/jobs?model=tiny", method="POST", data=large)["id"]
        asked = [
            threading.Thread(target=wait, args=("events", f"{address}/v1/jobs/{job}/events")),
            threading.Thread(target=wait, args=("picture", f"{address}/v1/upscale?model=tiny", large)),
        ]
        for thread in asked:
            thread.start()
        while "srgan_jobs_waiting 1" not in read(f"{address}/metrics"):
            time.sleep(0.02)
    for thread in asked:
        thread.join(10)
    assert answers["picture"] == 503
    assert "event: progress" in answers["events"]
    assert "event: end" not in answers["events"]


def test_a_client_that_hangs_up_leaves_nothing(listen, settings, png, capfd):
    with listen() as address:
        place = urlsplit(address)
        head = b"POST /v1/upscale?model=tiny HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
        with socket.create_connection((place.hostname, place.port)) as connection:
            connection.sendall(head % (len(png) + 1) + png)
        for _ in range(200):
            if fetch(f"{address}/healthz") and not list((settings.state / "tasks").iterdir()):
                break
            time.sleep(0.02)
        assert list((settings.state / "tasks").iterdir()) == []
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def command(offered, tmp_path):
    """``srgan serve`` as a process of its own, whose temporary files are in ``passing``, and its address."""
    passing = tmp_path / "passing"
    passing.mkdir()

    @contextmanager
    def run(*more):
        options = ["--port", "0", "--models", offered, "--device", "cpu", *more]
        arguments = [sys.executable, "-m", "srgan", "serve", *options]
        where = {**os.environ, "TMPDIR": str(passing)}
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=where) as process:
            try:
                yield process, re.search(r"http://\S+(?=/)", process.stderr.readline())[0]
            finally:
                process.kill()

    return run


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_video_goes_on_where_kill_9_left_it(command, ffmpeg, tmp_path):
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:rate=25:duration=6", tmp_path / "a.mp4")
    with command("--state", tmp_path / "kept") as (process, address):
        video = (tmp_path / "a.mp4").read_bytes()
        job = fetch(f"{address}/v1/jobs?model=tiny&name=a.mp4&preset=ultrafast", method="POST", data=video)[
            "id"
        ]
        while not list((tmp_path / "kept").rglob("000000.mkv")):  # the first segment of the result
            assert fetch(f"{address}/v1/jobs/{job}")["state"] in ("waiting", "running")
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    with command("--state", tmp_path / "kept") as (process, address):
        while (first := fetch(f"{address}/v1/jobs/{job}"))["done"] is None:
            time.sleep(0.01)
        assert first["done"] > 60, "not from the beginning: segments have 60 frames"
        while (done := fetch(f"{address}/v1/jobs/{job}"))["state"] == "running":
            time.sleep(0.05)
        assert (done["state"], done["result"]["frames"]) == ("done", 150)
        assert done["result"]["output_size"] == [256, 192]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_without_a_state_folder_nothing_outlives_the_server(command, png, tmp_path, number, code):
    with command() as (process, address):
        job = fetch(f"{address}/v1/jobs?model=tiny", method="POST", data=png)["id"]
        while fetch(f"{address}/v1/jobs/{job}")["state"] != "done":
            time.sleep(0.02)
        assert list((tmp_path / "passing").rglob("tasks/*/result/*.png"))
        process.send_signal(number)
        assert process.wait(20) == code
    assert list((tmp_path / "passing").iterdir()) == []
