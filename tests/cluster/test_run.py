"""Ray on this computer, alone and as two nodes: whole runs, and runs in which something is killed."""

import hashlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
import skimage.data
from PIL import Image

if importlib.util.find_spec("ray") is None:
    pytest.skip("needs the extra 'cluster'", allow_module_level=True)

import pyarrow.parquet

from srgan.cluster.run import tables_of
from srgan.cluster.work import TASK
from srgan.jobs.pictures import upscale_file
from srgan.upscaling.upscaler import Upscaler
from srgan.video.pipeline import upscale_video

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "output.md"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}
LONG = 300  # seconds after which something must have gone wrong


@dataclass(frozen=True)
class TwoNodes:
    """What ``nodes.py`` says of its cluster."""

    address: str
    raylets: list
    environment: dict

    def workers(self):
        """The processes of actors that have an engine."""
        found = []
        for pid in self.raylets:
            with suppress(psutil.NoSuchProcess):
                children = psutil.Process(pid).children(recursive=True)
                found += [child for child in children if "MapWorker" in " ".join(child.cmdline())]
        return found


@pytest.fixture(scope="session")
def two_nodes():
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("nodes.py"), "1", "1"],
        env=os.environ | CREDENTIALS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as cluster:
        yield TwoNodes(**json.loads(cluster.stdout.readline()))
        cluster.stdin.close()


@pytest.fixture
def command(tiny_model, tmp_path):
    """``srgan cluster`` in a process of its own, with a cluster of its own or on given nodes."""
    script = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    script += "from srgan.cli.main import main; main()"

    def start(source, dest="out", *options, nodes=None):
        target = dest if "://" in dest else tmp_path / dest
        arguments = [source, target, "--model", tiny_model, "--device", "cpu", "--tile", "64", "--json"]
        if nodes is not None:
            arguments += ["--ray", nodes.address]
        return subprocess.Popen(
            [sys.executable, "-c", script, "cluster", *map(str, arguments), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **({} if nodes is None else nodes.environment)},
        )

    return start


def ended(process):
    out, err = process.communicate(timeout=LONG)
    return process.returncode, json.loads(out) if out else None, err


def digests(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    found = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {name: digest for name, digest in found.items() if not name.startswith((".srgan", "manifest"))}


def test_results_are_those_of_one_computer(command, pictures, ffmpeg, tiny_model, tmp_path):
    folder = pictures(*(f"{number}.png" for number in range(9)), "deep/a.jpg")
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=32x24:r=25:d=11",
        "-f",
        "lavfi",
        "-i",
        "sine=d=11",
        folder / "film.mkv",
    )
    code, said, err = ended(command(folder, "out", "--recursive"))
    assert code == 1, err
    assert (said["ok"], said["skipped"], said["failed"]) == (11, 0, 1)
    assert str(folder / "bad.png") in err
    (example,) = re.findall(r"### `srgan cluster`\n\n```json\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    assert said.keys() == json.loads(example).keys()
    out = tmp_path / "out"
    alone = tmp_path / "alone"
    with Upscaler(tiny_model, device="cpu", tile=64) as upscaler:
        for path in folder.rglob("*.*"):
            target = alone / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".mkv":
                upscale_video(path, target, upscaler)
            elif path.name != "bad.png":
                upscale_file(path, target, upscaler)
    made, expected = digests(out), digests(alone)
    assert not list(out.glob(".srgan-cluster/films/*"))  # of a film that is joined, though something failed
    # A film is the same but for the names and dates that a container writes of itself.
    assert made.pop("film.mkv")
    assert expected.pop("film.mkv")
    assert made == expected
    for stream in ("v", "a"):
        how = ["-map", f"0:{stream}", "-f", "framehash", "-"]
        assert ffmpeg("-i", out / "film.mkv", *how) == ffmpeg("-i", alone / "film.mkv", *how)
    rows = pyarrow.parquet.read_table(out / "manifest.parquet").to_pylist()
    assert [row["output"] for row in rows if row["status"] == "failed"] == ["bad.png"]
    assert {row["output"]: row["output_sha256"] for row in rows if row["status"] == "ok"} == digests(out)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_what_is_killed_loses_nothing_that_is_done(command, two_nodes, tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    photo = skimage.data.astronaut()
    for number in range(40):
        Image.fromarray(np.roll(photo, number, axis=1)[100:292, 100:292]).save(source / f"{number:02}.png")

    def noted():
        rows = out / ".srgan-cluster" / "rows"
        return len(list(rows.glob("*.parquet"))) if rows.is_dir() else 0

    def wait_for(count, process):
        """Until workers have noted as many tables of rows, or the run has ended."""
        end = time.monotonic() + LONG
        while noted() < count and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)

    def done():
        return {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")}

    # An actor, in the middle of its work; then Ctrl-C.
    run = command(source, nodes=two_nodes)
    wait_for(1, run)
    two_nodes.workers()[0].send_signal(signal.SIGKILL)
    wait_for(3, run)
    run.send_signal(signal.SIGINT)
    code, _, err = ended(run)
    assert code == 130, err
    assert "continues" in err
    first = {row["output"] for row in pyarrow.parquet.read_table(out / "manifest.parquet").to_pylist()}
    assert 0 < len(first) < 40
    before = done()
    # The driver, which cannot say goodbye.
    run = command(source, nodes=two_nodes)
    wait_for(2, run)
    run.kill()
    ended(run)
    assert noted() >= 2
    # A node with all that runs on it.
    found = noted()
    run = command(source, nodes=two_nodes)
    wait_for(found + 1, run)
    os.kill(two_nodes.raylets.pop(), signal.SIGKILL)
    code, said, err = ended(run)
    assert code == 0, err
    assert said["ok"] + said["skipped"] == 40
    assert said["skipped"] >= len(first)
    after = done()
    assert {name: after[name] for name in first} == {name: before[name] for name in first}
    rows = pyarrow.parquet.read_table(out / "manifest.parquet").to_pylist()
    assert {row["output"]: row["output_sha256"] for row in rows} == digests(out)
    assert len(rows) == 40
    assert not (out / ".srgan-cluster").exists()


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_store_of_objects_is_read_and_written_as_folders_are(
    command, two_nodes, store, pictures, ffmpeg, tmp_path
):
    folder = pictures(*(f"{number}.png" for number in range(5)), "deep/a.jpg")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=32x24:r=25:d=11", folder / "film.mkv")
    for path in folder.rglob("*.*"):
        store.client.upload_file(str(path), "bucket", f"in/{path.relative_to(folder)}")
    addresses = store.address("in"), store.address("out")
    code, said, err = ended(command(*addresses, "--recursive", nodes=two_nodes))
    assert (code, said["ok"], said["skipped"]) == (0, 7, 0), err
    code, _, err = ended(command(folder, "alone", "--recursive", nodes=two_nodes))
    assert code == 0, err
    for key in store.keys("out/"):
        if not key.endswith("/"):  # Arrow marks folders
            path = tmp_path / "made" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            store.client.download_file("bucket", key, str(path))
    made, alone = tmp_path / "made" / "out", tmp_path / "alone"
    frames = [ffmpeg("-i", each / "film.mkv", "-f", "framehash", "-") for each in (made, alone)]
    assert frames[0] == frames[1]
    found, expected = digests(made), digests(alone)
    # A container writes names and dates of its own.
    assert found.pop("film.mkv")
    assert expected.pop("film.mkv")
    assert found == expected
    store.client.delete_object(Bucket="bucket", Key="out/3.png")
    code, said, err = ended(command(*addresses, "--recursive", nodes=two_nodes))
    assert (code, said["ok"], said["skipped"]) == (0, 1, 6), err


def test_tables_of_tasks_are_bounded_and_become_smaller_so_that_all_end_together():
    def sizes(count, size, workers=4, most=16):
        tasks = [{**dict.fromkeys(TASK), "input": str(number), "size": size} for number in range(count)]
        found = list(tables_of(tasks, workers, most))
        assert [row["input"] for table in found for row in table] == list(map(str, range(count)))
        return [len(table) for table in found]

    small = sizes(2000, 1000)
    assert max(small) == 16
    assert small == sorted(small, reverse=True)
    assert small[-8:] == [1] * 8
    assert max(sizes(2000, 3 * 2**20)) == 3
    assert set(sizes(20, 100 * 2**20)) == {1}
    assert set(sizes(2000, 0, most=1)) == {1}
