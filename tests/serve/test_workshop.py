"""When the next job begins: one network runs at a time, but not while results are encoded."""

import threading

import pytest

from srgan.events import Event
from srgan.jobs.result import JobResult


@pytest.mark.parametrize(
    ("unit", "query", "may_begin"),
    [
        ("tiles", "model=tiny", True),
        ("tiles", "model=detailed&invented=true", False),  # the map needs the sibling's network
        ("frames", "model=tiny", False),  # films are often longer than their headers say
    ],
)
def test_the_next_job_begins_once_no_network_is_needed(client, png, monkeypatch, unit, query, may_begin):
    began, ended, seen = [], threading.Semaphore(0), []
    second = threading.Event()

    def run(job, models, on_event, cancel):  # noqa: ARG001
        began.append(job)
        if len(began) == 1:
            on_event(Event(done=1, total=1, unit=unit))
            seen.append(second.wait(20 if may_begin else 0.5))
        else:
            second.set()
        ended.release()
        return JobResult(input="", output="", status="cancelled")

    monkeypatch.setattr("srgan.serve.workshop.run_job", run)
    for _ in range(2):
        assert client.post(f"/v1/jobs?{query}", content=png).status_code == 202
    assert all(ended.acquire(timeout=20) for _ in range(2))
    assert seen == [may_begin]
