"""``srgan upscale`` on numbered frames and moving pictures: names, what is there already, interruptions."""

import json
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


@pytest.fixture
def make(ffmpeg, here):
    """A moving test picture under a name, or in numbered files; no two frames are equal."""

    def run(name, *, count=6):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        moving = f"testsrc2=s=32x24:r=25:d={count / 25},noise=alls=20:allf=t"
        ffmpeg("-f", "lavfi", "-i", moving, here / name)

    return run


def test_frames_become_a_film_and_a_film_becomes_frames(upscale, make, probe, here):
    make("in/%05d.png")
    done = upscale("in/%05d.png", "-o", "film.mp4", "--fps", "24", "--json")
    (result,) = json.loads(done.out)["results"]
    assert (done.code, result["frames"], result["output_size"]) == (0, 6, [128, 96])
    assert probe("film.mp4")["streams"][0]["avg_frame_rate"] == "24/1"
    assert upscale("in", "-o", "again.mkv").code == 0
    assert len(probe("again.mkv")["packets"]) == 6
    done = upscale("film.mp4", "-o", "out/a-%03d.jpg", "--scale", "1", "--start", "0.125")
    assert (done.code, done.err.splitlines()[-1].split(",")[0]) == (0, "out/a-%03d.jpg: 128x96")
    assert sorted(path.name for path in (here / "out").iterdir()) == ["a-001.jpg", "a-002.jpg", "a-003.jpg"]


def test_a_pattern_without_an_output_gives_frames_beside_it(upscale, make, here):
    make("in/%d.png", count=2)
    assert upscale("in/%d.png").code == 0
    assert sorted(path.name for path in (here / "in").iterdir()) == [
        "1-x4.png",
        "1.png",
        "2-x4.png",
        "2.png",
    ]


@pytest.mark.parametrize(("source", "target"), [("a.mp4", "b.gif"), ("a.mkv", "b.webp"), ("a.gif", "b.webm")])
def test_what_moves_becomes_what_moves(upscale, make, here, source, target):
    make(source)
    assert upscale(source, "-o", target).code == 0
    if target != "b.webm":
        with Image.open(here / target) as image:
            assert (image.n_frames, image.size) == (6, (128, 96))
        assert upscale(target, "-o", "c.mp4", "--scale", "1").code == 0


def test_frames_that_are_there_are_not_replaced_unasked(upscale, make, here):
    make("film.mp4")
    (here / "out").mkdir()
    (here / "out" / "7.png").write_bytes(b"mine")
    done = upscale("film.mp4", "-o", "out/%d.png")
    message = "srgan: out/%d.png: already exists; add --overwrite or --skip-existing\n"
    assert (done.code, done.err) == (1, message)
    assert (
        upscale("film.mp4", "-o", "out/%d.png", "--skip-existing").err
        == "out/%d.png: already exists; skipped\n"
    )
    assert [path.name for path in (here / "out").iterdir()] == ["7.png"]
    assert upscale("film.mp4", "-o", "out/%d.png", "--overwrite").code == 0
    assert len(list((here / "out").iterdir())) == 6


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["a.png", "-o", "%d.png"], 2, "%d.png: cannot hold a.png"),
        (["film.mp4", "-o", "film.png"], 2, "or frames with a name such as %05d.png"),
        (["film.mp4", "-o", "%d.xyz"], 1, "cannot write the format 'xyz'"),
        (["film.mp4", "--fps", "24"], 1, "--fps: is for numbered frames, and film.mp4 has times of its own"),
        (["film.mp4", "--fps", "fast"], 2, "--fps: 'fast' is not a rate"),
        (["film.mp4", "--fps", "1/0"], 2, "--fps: '1/0' is not a rate"),
        (["film.mp4", "--fps", "0"], 2, "must be above 0"),
        (["film.mp4", "-o", "a.gif", "--crf", "3"], 1, "--crf: is for video files"),
        (["in/%d.png", "-o", "a.mp4"], 1, "in/%d.png: of the frames 1 to 5, 2, 4 are missing or empty"),
        (["in", "-o", "a.mp4"], 1, "in: of the frames 1 to 5, 2, 4 are missing or empty"),
        (["gone/%d.png", "-o", "a.mp4"], 1, "gone/%d.png: there are no such frames"),
        ([".", "-o", "a.mp4"], 1, "is a folder without numbered frames"),
        (["in/%d.png", "-o", "in/%d.png"], 2, "in/%d.png: is an input itself"),
    ],
)
def test_what_goes_wrong_is_one_line(upscale, make, here, arguments, code, message):
    make("film.mp4")
    make("in/%d.png", count=5)
    (here / "in" / "2.png").unlink()
    (here / "in" / "4.png").write_bytes(b"")
    Image.new("RGB", (8, 8)).save(here / "a.png")
    done = upscale(*arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("srgan: ")
    assert done.err.count("\n") == 1
    assert message in done.err
    assert sorted(path.name for path in here.iterdir()) == ["a.png", "film.mp4", "in"]


@posix
@pytest.mark.parametrize(
    ("number", "code", "says"),
    [
        ("SIGKILL", -9, ""),
        ("SIGINT", 130, "srgan: out/%d.png: interrupted; the same command continues it\n"),
    ],
)
def test_interrupted_frames_go_on(upscale, make, here, tiny_model, srgan_process, number, code, says):
    make("film.mp4", count=60)
    options = ["upscale", "film.mp4", "-o", "out/%d.png", "--model", tiny_model, "--device", "cpu"]
    with subprocess.Popen([*srgan_process, *options], stderr=subprocess.PIPE, text=True) as process:
        while not (here / "out" / "5.png").exists():
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(getattr(signal, number))
        _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (code, says)
    there = {path: path.stat().st_mtime_ns for path in (here / "out").glob("*.png")}
    assert 5 <= len(there) < 60
    for path in there:
        with Image.open(path) as image:
            image.load()
    done = upscale("film.mp4", "-o", "out/%d.png")
    assert done.code == 0
    assert done.err.startswith(f"out/%d.png: continues after {len(there)} frames\n")
    assert {path: path.stat().st_mtime_ns for path in there} == there
    assert len(list((here / "out").iterdir())) == 60
