"""When the next job begins: one network runs at a time, but not while results are encoded."""

import dataclasses
import threading
import time

import pytest

from srgan.errors import CancelledError
from srgan.events import Event, check
from srgan.jobs.result import JobResult
from srgan.serve.settings import Limits


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


def test_a_picture_that_starts_again_waits_for_its_turn(client, png, monkeypatch):
    """As it does when memory runs out while its end is encoded and the next job has begun."""
    began, order, ended = [], [], threading.Semaphore(0)
    second = threading.Event()

    def run(job, models, on_event, cancel):  # noqa: ARG001
        began.append(job)
        if len(began) == 1:
            on_event(Event(done=4, total=4, unit="tiles"))
            assert second.wait(20)
            on_event(Event(done=1, total=4, unit="tiles"))
            order.append("the first again")
        else:
            second.set()
            time.sleep(0.5)
            order.append("the second")
        ended.release()
        return JobResult(input="", output="", status="cancelled")

    monkeypatch.setattr("srgan.serve.workshop.run_job", run)
    for _ in range(2):
        assert client.post("/v1/jobs?model=tiny", content=png).status_code == 202
    assert all(ended.acquire(timeout=20) for _ in range(2))
    assert order == ["the second", "the first again"]


def test_the_time_of_a_job_is_limited_where_nothing_is_told_of_it(start, settings, png, monkeypatch):
    """A map's second network, transparency and encoding tell no events; they ask whether to stop."""

    def run(job, models, on_event, cancel):  # noqa: ARG001
        for _ in range(400):
            check(cancel)
            time.sleep(0.05)
        raise CancelledError

    monkeypatch.setattr("srgan.serve.workshop.run_job", run)
    with start(dataclasses.replace(settings, limits=Limits(work_seconds=0.3))) as client:
        job = client.post("/v1/jobs?model=tiny", content=png).json()["id"]
        for _ in range(400):
            told = client.get(f"/v1/jobs/{job}").json()
            if told["state"] == "failed":
                break
            time.sleep(0.05)
    assert "0.3 seconds" in told["error"]["detail"]
