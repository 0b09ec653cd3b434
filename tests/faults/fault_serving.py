"""A server meets a fault, or is killed, and is started again; its jobs end as if nothing had been."""

import re
import shutil
import signal
import sqlite3
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import httpx2
import numpy as np
from fault_disk import Fault, Kind
from fault_process import Run, start
from fault_results import seen
from fault_rounds import Round, Whole, check_code, check_said, draw_fault

_WAIT = 600.0  # seconds after which a job hangs, even on a busy machine
_STOPPED = 143  # the exit code of a server that is told to end
_IDLE = 30.0  # seconds after which a server is killed that uses less of the processor than another did
UPLOADS = ("pictures/0.png", "film.mkv", "large.png")
"""What is sent, of the inputs that ``fault_inputs`` makes."""


@dataclass
class Client:
    """Sends files to a server that may be gone at any moment, and comes back for the results.

    Args:
        inputs: where the files are.
        folder: the server's state and what it prints; made anew.

    Attributes:
        jobs: the ids of what was accepted, by the file.
    """

    inputs: Path
    folder: Path
    jobs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        (self.folder / "tmp").mkdir()
        (self.folder / "models").mkdir()
        shutil.copy(self.inputs / "tiny.safetensors", self.folder / "models")

    def start(self, fault: Fault | None = None) -> Run:
        """Starts the server, which keeps its jobs in the folder that a fault may remove."""
        cache, said = self.folder.parent / "cache", self.folder / "said.txt"
        environment = {"XDG_CACHE_HOME": str(cache), "TMPDIR": str(self.folder / "tmp")}
        said.unlink(missing_ok=True)
        arguments = ("serve", "--port", "0", "--state", "out", "--models", "models")
        computing = ("--device", "cpu", "--precision", "fp32")
        return start((*arguments, *computing), self.folder, environment, said, fault)

    def address(self, server: Run) -> str | None:
        """Where it listens, as soon as it says so; None if it ends first."""
        while server.process.is_alive():
            found = re.search(r"http://\S+/", server.said.read_text() if server.said.exists() else "")
            if found:
                return found[0]
            time.sleep(0.02)
        return None

    def send(self, address: str) -> None:
        """Sends what has not been accepted yet; some of it may be refused.

        Raises:
            httpx2.TransportError: if the server is gone.
            AssertionError: if something is refused without a reason.
        """
        for name in UPLOADS:
            if name not in self.jobs:
                query = {"model": "tiny", "name": Path(name).name, "crf": "0"}
                content = (self.inputs / name).read_bytes()
                answer = httpx2.post(f"{address}v1/jobs", params=query, content=content, timeout=_WAIT)
                if answer.status_code == HTTPStatus.ACCEPTED:
                    self.jobs[name] = answer.json()["id"]
                else:
                    self._check_problem(answer.json())

    def over(self, address: str) -> dict[str, dict]:
        """Waits for the end of each job; returns how each is described then.

        Raises:
            httpx2.TransportError: if the server is gone.
            AssertionError: if a job is lost.
        """
        found = {}
        for name, job in self.jobs.items():
            state = {"state": "waiting"}
            while state["state"] in ("waiting", "running"):
                time.sleep(0.05)
                answer = httpx2.get(f"{address}v1/jobs/{job}", timeout=_WAIT)
                assert answer.status_code == HTTPStatus.OK, f"{name}: {answer.text}"
                state = answer.json()
            found[name] = state
        return found

    def results(self, address: str) -> dict[str, str]:
        """What is seen of each result, once it is there.

        Raises:
            httpx2.TransportError: if the server is gone.
            AssertionError: if a job failed or is lost.
        """
        found = {}
        for name, state in self.over(address).items():
            assert state["state"] == "done", state
            result = self.folder / state["result"]["name"]
            result.write_bytes(httpx2.get(f"{address}v1/jobs/{state['id']}/result", timeout=_WAIT).content)
            found[name] = seen(result)
        return found

    def forget_failed(self, address: str) -> None:
        """Deletes the jobs that failed, so that they are sent again.

        Raises:
            httpx2.TransportError: if the server is gone.
            AssertionError: if one failed without a reason.
        """
        for name, state in self.over(address).items():
            if state["state"] != "done":
                self._check_problem(state["error"])
                httpx2.delete(f"{address}v1/jobs/{self.jobs.pop(name)}", timeout=_WAIT)

    def forget(self, address: str) -> None:
        """Deletes the jobs; those stay that a server accepted but could not say so any more.

        Raises:
            AssertionError: if something else does.
        """
        for job in self.jobs.values():
            answer = httpx2.delete(f"{address}v1/jobs/{job}", timeout=_WAIT)
            assert answer.status_code == HTTPStatus.NO_CONTENT, answer.text
        gone, self.jobs = set(self.jobs.values()), {}
        state = self.folder / "out"
        with closing(sqlite3.connect(f"file:{state / 'tasks.sqlite'}?mode=ro", uri=True)) as database:
            known = {job for (job,) in database.execute("SELECT id FROM tasks")}
        assert not known & gone
        assert {path.name for path in (state / "tasks").iterdir()} == known

    def _check_problem(self, problem: dict) -> None:
        """Raises AssertionError if a problem has no reason, or tells where the server keeps its files."""
        assert problem["detail"], problem
        assert str(self.folder) not in problem["detail"], problem


@contextmanager
def running(client: Client) -> Iterator[tuple[Run, str]]:
    """Starts a server without a fault, which ends with the block; gives its address too."""
    server = client.start()
    try:
        address = client.address(server)
        assert address is not None, server.said.read_text()
        yield server, address
    finally:
        _stop(server)


def serve_once(client: Client) -> Whole:
    """Sends everything, takes the results, deletes them, and ends the server.

    Raises:
        AssertionError: if something is lost, or lies where nothing should.
    """
    with running(client) as (server, address):
        client.send(address)
        found = client.results(address)
        client.forget(address)
        cpu = server.cpu()
    assert list((client.folder / "tmp").iterdir()) == []
    return Whole(seen=found, cpu=cpu, steps=server.steps)


def play_serving(client: Client, whole: Whole, kind: Kind, random: np.random.Generator) -> Round:
    """Lets a server meet a fault, or kills it one to three times; never raises for what goes wrong."""
    faults: list[str] = []
    try:
        for _ in range(random.integers(1, 4) if kind == "kill" else 1):
            faults.append((_kill if kind == "kill" else _meet)(client, whole, kind, random))
        found = serve_once(client).seen
        return Round(faults=faults, wrong=None if found == whole.seen else f"differ: {found}, not {whole}")
    except Exception:
        return Round(faults=faults, wrong=traceback.format_exc())


def _stop(server: Run) -> None:
    server.signal(signal.SIGTERM)
    server.process.join(_WAIT)


def _meet(client: Client, whole: Whole, kind: Kind, random: np.random.Generator) -> str:
    """A server that meets a fault answers every request, and says of each job that fails why."""
    fault = draw_fault(kind, whole, random)
    server, knows = client.start(fault), False
    try:
        with suppress(httpx2.TransportError):  # it did not start, or has no memory left
            address = client.address(server)
            if address is not None:
                client.send(address)
                client.forget_failed(address)
                knows = True
    finally:
        _stop(server)
    if kind != "memory":  # without it, other libraries fail in ways that nobody foresaw, and log them
        check_said(server)
        assert "unexpected" not in server.said.read_text()
        assert knows or server.process.exitcode == 1
    if kind == "gone":  # with all jobs
        client.jobs = {}
    if not knows:  # which jobs failed
        with running(client) as (_, address):
            client.forget_failed(address)
    return f"{fault.kind} at {fault.at}: {check_code(server, kind, usual=_STOPPED)}"


def _kill(client: Client, whole: Whole, _kind: Kind, random: np.random.Generator) -> str:
    last = random.uniform(0, whole.cpu)
    server = client.start()
    sending = threading.Thread(target=_send_quietly, args=(client, server))
    sending.start()
    idle = time.monotonic() + _IDLE
    while server.cpu() < last and time.monotonic() < idle:
        time.sleep(0.01)
    server.process.kill()
    server.process.join(_WAIT)
    sending.join()
    return f"SIGKILL at {last:.2f} s"


def _send_quietly(client: Client, server: Run) -> None:
    with suppress(httpx2.TransportError):  # the server is gone
        address = client.address(server)
        if address is not None:
            client.send(address)
