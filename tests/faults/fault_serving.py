"""A server is killed at random moments and started again; its jobs end as if nothing had been."""

import re
import shutil
import signal
import sqlite3
import threading
import time
import traceback
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import numpy as np
from fault_process import Run, start
from fault_results import seen
from fault_rounds import Round

_WAIT = 600.0  # seconds after which a job hangs, even on a busy machine
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

    def start(self) -> Run:
        """Starts the server."""
        cache, said = self.folder.parent / "cache", self.folder / "said.txt"
        environment = {"XDG_CACHE_HOME": str(cache), "TMPDIR": str(self.folder / "tmp")}
        said.unlink(missing_ok=True)
        arguments = ("serve", "--port", "0", "--state", "state", "--models", "models")
        computing = ("--device", "cpu", "--precision", "fp32")
        return start((*arguments, *computing), self.folder, environment, said)

    def address(self, server: Run) -> str | None:
        """Where it listens, as soon as it says so; None if it ends first."""
        while server.process.is_alive():
            found = re.search(r"http://\S+/", server.said.read_text() if server.said.exists() else "")
            if found:
                return found[0]
            time.sleep(0.02)
        return None

    def send(self, address: str) -> None:
        """Sends what has not been accepted yet.

        Raises:
            httpx2.TransportError: if the server is gone.
        """
        for name in UPLOADS:
            if name not in self.jobs:
                query = {"model": "tiny", "name": Path(name).name, "crf": "0"}
                content = (self.inputs / name).read_bytes()
                answer = httpx2.post(f"{address}v1/jobs", params=query, content=content, timeout=_WAIT)
                assert answer.status_code == 202, answer.text
                self.jobs[name] = answer.json()["id"]

    def results(self, address: str) -> dict[str, str]:
        """What is seen of each result, once it is there.

        Raises:
            httpx2.TransportError: if the server is gone.
            AssertionError: if a job failed or is lost.
        """
        found = {}
        for name, job in self.jobs.items():
            state = {"state": "waiting"}
            while state["state"] in ("waiting", "running"):
                time.sleep(0.05)
                answer = httpx2.get(f"{address}v1/jobs/{job}", timeout=_WAIT)
                assert answer.status_code == 200, f"{name}: {answer.text}"
                state = answer.json()
            assert state["state"] == "done", state
            result = self.folder / state["result"]["name"]
            result.write_bytes(httpx2.get(f"{address}v1/jobs/{job}/result", timeout=_WAIT).content)
            found[name] = seen(result)
        return found

    def forget(self, address: str) -> None:
        """Deletes the jobs; what stays was accepted by a server that was killed before it said so.

        Raises:
            AssertionError: if something else does.
        """
        for job in self.jobs.values():
            assert httpx2.delete(f"{address}v1/jobs/{job}", timeout=_WAIT).status_code == 204
        gone, self.jobs = set(self.jobs.values()), {}
        state = self.folder / "state"
        with closing(sqlite3.connect(f"file:{state / 'tasks.sqlite'}?mode=ro", uri=True)) as database:
            known = {job for (job,) in database.execute("SELECT id FROM tasks")}
        assert not known & gone
        assert {path.name for path in (state / "tasks").iterdir()} == known


def serve_once(client: Client) -> tuple[dict[str, str], float]:
    """Sends everything, takes the results, deletes them, and ends the server.

    Returns:
        The results, and the seconds that the server took of the processor.

    Raises:
        AssertionError: if something is lost, or lies where nothing should.
    """
    server = client.start()
    try:
        address = client.address(server)
        assert address is not None, server.said.read_text()
        client.send(address)
        found = client.results(address)
        client.forget(address)
        cpu = server.cpu()
    finally:
        server.signal(signal.SIGTERM)
        server.process.join(_WAIT)
    assert list((client.folder / "tmp").iterdir()) == []
    return found, cpu


def play_serving(client: Client, whole: dict[str, str], cpu: float, random: np.random.Generator) -> Round:
    """Kills a server one to three times, while it is sent work or works; never raises for what goes wrong."""
    faults: list[str] = []
    try:
        for _ in range(random.integers(1, 4)):
            faults.append(_kill(client, cpu, random))
        found, _ = serve_once(client)
        return Round(faults=faults, wrong=None if found == whole else f"differ: {found}, not {whole}")
    except Exception:
        return Round(faults=faults, wrong=traceback.format_exc())


def _kill(client: Client, cpu: float, random: np.random.Generator) -> str:
    last = random.uniform(0, cpu)
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
