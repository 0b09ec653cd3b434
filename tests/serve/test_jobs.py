"""``/v1/jobs``: events, results, cancelling, turns, and what is left for the next start."""

import dataclasses
import hashlib
import io
import json
import shutil
import sqlite3
import threading
import time
from contextlib import closing

import pytest
from PIL import Image
from starlette.testclient import TestClient

from srgan.errors import InUseError, OutputError
from srgan.jobs.run import run_job
from srgan.serve.settings import Limits
from srgan.serve.store import Store


def create(client, content, query="model=tiny", **how):
    response = client.post(f"/v1/jobs?{query}", content=content, **how)
    assert response.status_code == 202, response.text
    job = response.json()
    assert response.headers["location"] == f"/v1/jobs/{job['id']}"
    return job["id"]


def wait(client, job, *states, seconds=30):
    for _ in range(seconds * 50):
        found = client.get(f"/v1/jobs/{job}").json()
        if found["state"] in states:
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def events(client, job):
    """The names and the data of all events of a job."""
    text = client.get(f"/v1/jobs/{job}/events").text
    found = [
        dict(line.split(": ", 1) for line in block.splitlines()) for block in text.split("\n\n") if block
    ]
    return [(event["event"], json.loads(event["data"])) for event in found if "event" in event]


def test_a_job_gives_its_result_with_a_checksum_and_in_ranges(client, png):
    job = create(client, png, "model=tiny&name=a.png")
    done = wait(client, job, "done")
    assert done["result"]["name"] == "a-x4.png"
    assert done["result"]["output_size"] == [120, 96]
    whole = client.get(f"/v1/jobs/{job}/result")
    assert hashlib.sha256(whole.content).hexdigest() == done["result"]["sha256"]
    assert Image.open(io.BytesIO(whole.content)).size == (120, 96)
    part = client.get(f"/v1/jobs/{job}/result", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    assert client.get(f"/v1/jobs/{job}/source").content == png


def test_events_tell_how_it_goes_and_end(client, large):
    job = create(client, large)
    stop = threading.Timer(1.0, lambda: client.delete(f"/v1/jobs/{job}"))
    stop.start()
    told = events(client, job)
    stop.join()
    assert [name for name, _ in told] == ["progress"] * (len(told) - 1) + ["end"]
    shares = [data["share"] for _, data in told if data["share"] is not None]
    assert shares == sorted(shares)
    assert 0 < shares[-1] < 1
    assert told[-1][1]["state"] == "cancelled"


def test_deleting_ends_the_work_soon_and_leaves_nothing(client, large, settings, ffmpeg, tmp_path):
    """It takes effect within two seconds on an idle machine; a busy one has the 10 that a request waits."""
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=60", tmp_path / "a.mp4")
    for number, content in enumerate((large, (tmp_path / "a.mp4").read_bytes()), 1):
        job = create(client, content)
        while not wait(client, job, "running")["share"]:
            time.sleep(0.02)
        assert client.delete(f"/v1/jobs/{job}").status_code == 204
        counts = client.get("/metrics").text.splitlines()
        assert f'srgan_jobs_total{{status="cancelled"}} {number}' in counts
        assert "srgan_jobs_running 0" in counts
        assert client.get(f"/v1/jobs/{job}").status_code == 404
        assert list((settings.state / "tasks").iterdir()) == []


def test_the_map_of_what_was_invented_is_a_picture_of_its_own(client, png):
    job = create(client, png, "model=detailed&invented=true")
    assert wait(client, job, "done")["result"]["invented"]
    image = Image.open(io.BytesIO(client.get(f"/v1/jobs/{job}/invented").content))
    assert (image.format, image.width) == ("PNG", 120)
    other = create(client, png)
    wait(client, other, "done")
    assert client.get(f"/v1/jobs/{other}/invented").status_code == 404


def test_what_fails_says_why_and_names_no_path(client, png, settings):
    job = create(client, png[:400], "model=tiny&name=cut.png")
    failed = wait(client, job, "failed")
    assert failed["error"]["status"] == 422
    assert "cut.png" in failed["error"]["detail"]
    assert str(settings.state) not in json.dumps(failed)
    assert client.get(f"/v1/jobs/{job}/result").status_code == 422


def test_files_that_someone_removed_are_gone(client, png, settings):
    job = create(client, png, "model=detailed&invented=true")
    wait(client, job, "done")
    shutil.rmtree(settings.state / "tasks" / job)
    paths = [f"/v1/jobs/{job}/{name}" for name in ("result", "source", "invented")]
    for path in (*paths, f"/v1/results.zip?job={job}"):
        assert client.get(path).status_code == 410
    assert client.delete(f"/v1/jobs/{job}").status_code == 204


def test_what_nobody_foresaw_goes_to_the_log_alone(client, png, monkeypatch, caplog):
    def fail(*_arguments):
        raise RuntimeError("in /home/secret.so")

    monkeypatch.setattr("srgan.jobs.run._upscale", fail)
    failed = wait(client, create(client, png), "failed")
    assert (failed["error"]["status"], failed["error"]["code"]) == (500, "unexpected")
    assert "secret" not in json.dumps(failed)
    assert "in /home/secret.so" in caplog.text


def test_a_result_that_is_not_there_yet_is_a_conflict(client, large):
    job = create(client, large)
    assert client.get(f"/v1/jobs/{job}/result").status_code == 409
    client.delete(f"/v1/jobs/{job}")


def test_a_small_picture_does_not_wait_for_a_large_one(client, png):
    """Five million pixels go to the other lane; the device is passed on."""
    out = io.BytesIO()
    Image.new("RGB", (2500, 2000)).save(out, "png")
    long = create(client, out.getvalue())
    wait(client, long, "running")
    assert client.post("/v1/upscale?model=tiny", content=png).status_code == 200
    assert client.get(f"/v1/jobs/{long}").json()["state"] == "running"
    client.delete(f"/v1/jobs/{long}")


def test_clients_take_turns(start, settings, large, png, monkeypatch):
    """One's picture comes before the second of another's four, who has too many; one who has none may ask."""
    order = []

    def run(job, *others):
        order.append(job.source.parent.name)
        return run_job(job, *others)

    monkeypatch.setattr("srgan.serve.workshop.run_job", run)
    with start(dataclasses.replace(settings, limits=Limits(waiting=16))) as many:
        few = TestClient(many.app, base_url="http://127.0.0.1", client=("192.0.2.7", 1))
        first = create(many, large)
        wait(many, first, "running")
        queued = [create(many, png) for _ in range(4)]
        assert many.post("/v1/jobs?model=tiny", content=png).status_code == 429
        other = create(few, png)
        assert few.get(f"/v1/jobs/{other}").json()["before_this"] == 1
        many.delete(f"/v1/jobs/{first}")
        for job in queued:
            wait(many, job, "done")
        assert wait(few, other, "done")["before_this"] is None
    assert order == [first, queued[0], other, *queued[1:]]


def test_who_asks_for_too_much_is_told_when_to_come_back(start, settings, large, png):
    limited = dataclasses.replace(settings, limits=Limits(waiting=16))
    with start(limited) as client:
        first = create(client, large)
        wait(client, first, "running")
        queued = [create(client, png) for _ in range(4)]
        assert [client.get(f"/v1/jobs/{job}").json()["before_this"] for job in queued] == [0, 1, 2, 3]
        refused = client.post("/v1/jobs?model=tiny", content=png)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        for job in (first, *queued):
            client.delete(f"/v1/jobs/{job}")


def test_a_model_that_someone_removed_is_missed_by_its_name(client, png, offered):
    (offered / "detailed.safetensors").unlink()
    told = wait(client, create(client, png, "model=detailed"), "failed")
    assert "detailed" in told["error"]["detail"]
    assert str(offered.parent) not in told["error"]["detail"]
    assert "temporary folder" not in told["error"]["detail"]  # where the tests' models are


def test_what_is_over_its_time_goes(start, settings, png, monkeypatch):
    monkeypatch.setattr("srgan.serve.workshop._SWEEP", 0.05)
    with start(dataclasses.replace(settings, limits=Limits(keep_seconds=0.1))) as client:
        job = create(client, png)
        for _ in range(200):
            if client.get(f"/v1/jobs/{job}").status_code == 404:
                break
            time.sleep(0.05)
        assert client.get(f"/v1/jobs/{job}/result").status_code == 404
        assert list((settings.state / "tasks").iterdir()) == []


def test_a_disk_that_is_full_takes_no_more(start, settings, png, monkeypatch):
    monkeypatch.setattr("srgan.serve.store._SECOND", 0)
    with start(dataclasses.replace(settings, limits=Limits(disk_bytes=len(png) + 1000))) as client:
        job = create(client, png)
        wait(client, job, "done")
        assert client.post("/v1/jobs?model=tiny", content=png).status_code == 507
        client.delete(f"/v1/jobs/{job}")
        create(client, png)


def test_what_is_deleted_while_the_disk_is_full_does_not_come_back(start, settings, png, monkeypatch):
    monkeypatch.setattr("srgan.serve.workshop._SWEEP", 0.05)
    really, is_full, refused = Store._write, threading.Event(), threading.Event()

    def write(store, statement, *values):
        if is_full.is_set() and statement.startswith("DELETE"):
            refused.set()
            raise OutputError("the disk is full")
        really(store, statement, *values)

    monkeypatch.setattr(Store, "_write", write)
    with start() as client:
        job = create(client, png)
        wait(client, job, "done")
        is_full.set()
        assert client.delete(f"/v1/jobs/{job}").status_code == 204
        assert refused.is_set()
        assert list((settings.state / "tasks").iterdir()) == []
        assert client.get(f"/v1/jobs/{job}").status_code == 404
        is_full.clear()
        with closing(sqlite3.connect(settings.state / "tasks.sqlite")) as records:
            for _ in range(200):
                if not records.execute("SELECT id FROM tasks").fetchall():
                    break
                time.sleep(0.05)
    with start() as client:
        assert client.get(f"/v1/jobs/{job}").status_code == 404


def test_work_that_takes_too_long_is_ended(start, settings, large):
    with start(dataclasses.replace(settings, limits=Limits(work_seconds=0.3))) as client:
        failed = wait(client, create(client, large), "failed")
    assert "0.3 seconds" in failed["error"]["detail"]


def test_jobs_of_before_are_there_after_a_restart_and_go_on(start, large, png):
    with start() as client:
        done = create(client, png, "model=tiny&name=a.png")
        before = wait(client, done, "done")
        running = create(client, large, "model=tiny&width=600")
        wait(client, running, "running")
        waiting = create(client, png, "model=tiny&format=jpg")
    with start() as client:
        assert client.get(f"/v1/jobs/{done}").json()["result"] == before["result"]
        assert client.get(f"/v1/jobs/{done}/result").status_code == 200
        assert client.get(f"/v1/jobs/{running}").json()["state"] in ("waiting", "running")
        assert client.delete(f"/v1/jobs/{running}").status_code == 204
        assert wait(client, waiting, "done")["result"]["name"] == "upload-x4.jpg"


def test_two_servers_do_not_share_a_folder(start):
    with start(), pytest.raises(InUseError):
        start()


def test_a_job_that_another_version_wrote_stops_nothing(start, settings, png):
    with start() as client:
        job = create(client, png)
        wait(client, job, "done")
    with closing(sqlite3.connect(settings.state / "tasks.sqlite")) as database, database:
        database.execute("UPDATE tasks SET record = '{\"other\": 1}'")
    with start() as client:
        assert client.get(f"/v1/jobs/{job}").status_code == 404
        assert list((settings.state / "tasks").iterdir()) == []


def test_a_list_of_jobs_that_another_program_wrote_is_refused(start, settings):
    with start():
        pass
    with closing(sqlite3.connect(settings.state / "tasks.sqlite")) as database, database:
        database.execute("DROP TABLE tasks")
        database.execute("CREATE TABLE tasks (name TEXT)")
    with pytest.raises(OutputError):
        start()
