"""``srgan upscale`` on videos: names, results, interruptions, full disks."""

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")


@pytest.fixture
def clip(ffmpeg, here):
    """A moving test picture; no two frames are equal."""

    def make(name, *options, frames=10):
        moving = f"testsrc2=s=32x24:r=25:d={frames / 25},noise=alls=20:allf=t"
        ffmpeg(
            "-f", "lavfi", "-i", moving, "-f", "lavfi", "-i", f"sine=d={frames / 25}", *options, here / name
        )
        return here / name

    return make


def digests(ffmpeg, path):
    """Of each frame, with its time."""
    lines = ffmpeg("-i", path, "-fps_mode", "passthrough", "-map", "0:v", "-f", "framemd5", "-").decode()
    return [line for line in lines.splitlines() if not line.startswith("#")]


def test_a_video_becomes_one_four_times_larger_beside_it(upscale, clip, probe, here):
    clip("film.mp4")
    done = upscale("film.mp4", "--json")
    assert (done.code, done.err) == (0, "")
    (result,) = json.loads(done.out)["results"]
    assert {name: result[name] for name in ("output", "status", "input_size", "output_size", "frames")} == {
        "output": "film-x4.mp4",
        "status": "ok",
        "input_size": [32, 24],
        "output_size": [128, 96],
        "frames": 10,
    }
    assert result["seconds"] > 0
    assert [stream["codec_type"] for stream in probe("film-x4.mp4")["streams"]] == ["video", "audio"]
    assert sorted(path.name for path in here.iterdir()) == ["film-x4.mp4", "film.mp4"]


def test_folders_hold_pictures_and_videos(upscale, clip, here, photo):
    (here / "in" / "sub").mkdir(parents=True)
    for name in ("in/a.mkv", "in/sub/b.avi", "in/c.webm"):
        clip(name, *(("-c:v", "libvpx", "-c:a", "libvorbis") if name.endswith("webm") else ()))
    Image.fromarray(photo).save(here / "in" / "d.png")
    (here / "in" / "notes.txt").write_text("neither")
    assert upscale("in", "-o", "out", "--recursive", "--format", "webp").code == 0
    made = [path.relative_to(here / "out").as_posix() for path in (here / "out").rglob("*.*")]
    assert sorted(made) == ["a.mkv", "c.webm", "d.webp", "sub/b.mp4"]


def test_the_same_command_on_a_folder_again_enlarges_no_result(upscale, clip, here):
    clip("a.mkv", frames=3)
    clip("b.avi", frames=3)
    for _ in range(2):
        assert upscale(".", "--overwrite").code == 0
        assert sorted(path.name for path in here.iterdir()) == ["a-x4.mkv", "a.mkv", "b-x4.mp4", "b.avi"]


def test_what_is_not_as_in_the_input_is_said(upscale, clip, here):
    (here / "s.srt").write_text("1\n00:00:00,000 --> 00:00:00,300\nHello\n")
    clip("film.mkv", "-i", "s.srt", "-map", "0", "-map", "1", "-map", "2", "-c:a", "ac3", "-c:s", "srt")
    done = upscale("film.mkv", "-o", "film.mp4")
    assert done.code == 0
    lines = done.err.splitlines()
    assert lines[0] == (
        "film.mkv: subtitle stream 2 (srt) is converted to mov_text: mp4 cannot hold it as it is"
    )
    assert lines[1].startswith("film.mp4: 128x96, ")
    assert len(lines) == 2


def test_a_gif_becomes_a_video_where_one_is_asked_for(upscale, clip, probe):
    clip("film.gif")
    assert upscale("film.gif", "-o", "film.mp4").code == 0
    assert probe("film.mp4")["streams"][0]["codec_name"] == "h264"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["film.mp4", "-o", "film.png"], 2, "film.png: cannot hold film.mp4"),
        (["a.png", "-o", "film.mkv"], 2, "film.mkv: cannot hold a.png"),
        (["film.mp4", "--start", "soon"], 2, "--start: 'soon' is not a time"),
        (["film.mp4", "--start", "2", "--end", "1"], 2, "there is nothing between"),
        (["film.mp4", "--codec", "nope"], 2, "--codec: unknown encoder"),
        (["film.mp4", "--crf", "99"], 2, "--crf"),
        (
            ["film.mp4", "--codec", "ffv1", "-o", "b.mkv", "--crf", "9"],
            1,
            "--crf: the encoder ffv1 takes",
        ),
        (["film.mp4", "--max-pixels", "767"], 1, "--max-pixels: film.mp4: 32x24 is more than"),
        (["film.mp4", "--start", "1:00:00"], 1, "film.mp4: holds no frame"),
        (["text.mp4"], 1, "text.mp4: is not a video"),
        (["gone.mp4"], 1, "gone.mp4: there is no such file"),
    ],
)
def test_what_goes_wrong_is_one_line(upscale, clip, here, arguments, code, message):
    clip("film.mp4")
    (here / "text.mp4").write_text("no video")
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(here / "a.png")
    done = upscale(*arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("srgan: ")
    assert done.err.count("\n") == 1
    assert message in done.err
    assert sorted(path.name for path in here.iterdir()) == ["a.png", "film.mp4", "text.mp4"]


@posix
@pytest.mark.parametrize("codec", ["libx264", pytest.param("ffv1", marks=pytest.mark.slow)])
def test_an_interrupted_video_goes_on_and_ends_the_same(clip, ffmpeg, here, tiny_model, srgan_process, codec):
    clip("film.mp4", frames=200)
    lossless = ["--crf", "0"] if codec == "libx264" else []
    options = ["upscale", "film.mp4", "--model", tiny_model, "--codec", codec, *lossless]
    command = [*srgan_process, *options, "-o", "large.mkv"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not (here / ".large.mkv.srgan" / "000000.mkv").exists():
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert err == "srgan: large.mkv: interrupted; the same command continues it\n"
    assert not (here / "large.mkv").exists()
    first = (here / ".large.mkv.srgan" / "000000.mkv").stat().st_mtime_ns

    # Killed at its second segment: what was made before is still there and as it was.
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while not (here / ".large.mkv.srgan" / "000001.mkv").exists():
            assert process.poll() is None
            time.sleep(0.002)
        process.kill()
    assert (here / ".large.mkv.srgan" / "000000.mkv").stat().st_mtime_ns == first
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert re.match(r"large\.mkv: continues after (120|180) frames\n", done.stderr)

    subprocess.run([*srgan_process, *options, "-o", "whole.mkv"], check=True, capture_output=True)
    assert len(digests(ffmpeg, here / "large.mkv")) == 200
    assert digests(ffmpeg, here / "large.mkv") == digests(ffmpeg, here / "whole.mkv")
    assert sorted(path.name for path in here.iterdir()) == ["film.mp4", "large.mkv", "whole.mkv"]


@posix
def test_work_of_another_command_is_not_gone_on_with(clip, probe, here, tiny_model, srgan_process, upscale):
    clip("film.mp4", frames=130)
    command = [*srgan_process, "upscale", "film.mp4", "--model", tiny_model, "-o", "large.mp4"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while not (here / ".large.mp4.srgan" / "000000.mkv").exists():
            assert process.poll() is None
            time.sleep(0.002)
        process.kill()
    assert upscale("film.mp4", "-o", "large.mp4", "--scale", 2).code == 0
    packets = [packet for packet in probe("large.mp4")["packets"] if packet["codec_type"] == "video"]
    assert (len(packets), probe("large.mp4")["streams"][0]["width"]) == (130, 64)


@posix
def test_a_full_disk_is_one_line_and_the_same_command_goes_on(clip, probe, here, tiny_model, srgan_process):
    clip("film.mp4", frames=70)
    options = ["upscale", "film.mp4", "--model", tiny_model, "-o", "large.mp4"]
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "from srgan.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        "srgan: large.mp4: cannot be written (File too large); fix that, and the same command continues "
        "from here\n"
    )
    assert not (here / "large.mp4").exists()
    subprocess.run([*srgan_process, *options], check=True, capture_output=True)
    assert len([packet for packet in probe("large.mp4")["packets"] if packet["codec_type"] == "video"]) == 70


def test_pictures_wait_for_no_video_library(here, photo, tiny_model):
    Image.fromarray(photo).save(here / "a.png")
    script = "import sys; sys.modules['av'] = None; from srgan.cli.main import main; main()"
    command = [sys.executable, "-c", script, "upscale", "a.png", "--model", str(tiny_model)]
    subprocess.run(command, check=True, capture_output=True)
    assert (here / "a-x4.png").exists()


# Debian's ffmpeg writes wrong y4m of an odd size in 10 bits.
@pytest.mark.parametrize(
    ("size", "pixels"), [("32x24", "yuv420p"), ("33x25", "yuv420p"), ("32x24", "yuv420p10le")]
)
def test_it_stands_between_two_ffmpegs(ffmpeg, probe, here, tiny_model, srgan_process, size, pixels):
    filters = ("-vf", f"scale={size},setsar=4/3", "-pix_fmt", pixels, "-strict", "-1", "-f", "yuv4mpegpipe")
    source = ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=30000/1001:d=1", *filters, "-")
    command = [*srgan_process, "upscale", "-", "-o", "-", "--model", tiny_model]
    done = subprocess.run(command, input=source, check=True, capture_output=True)
    assert done.stderr == b""
    (here / "large.y4m").write_bytes(done.stdout)
    ffmpeg("-i", "large.y4m", "-c:v", "ffv1", "large.mkv")
    video = probe("large.mkv")["streams"][0]
    width, height = map(int, size.split("x"))
    assert (video["width"], video["height"], video["pix_fmt"]) == (4 * width, 4 * height, pixels)
    assert (video["avg_frame_rate"], video["sample_aspect_ratio"]) == ("30000/1001", "4:3")
    assert len(probe("large.mkv")["packets"]) == 30


def test_a_pipe_gives_the_pictures_a_file_gives(clip, ffmpeg, upscale, here, tiny_model, srgan_process):
    clip("film.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p")
    assert upscale("film.mkv", "-o", "large.mkv", "--codec", "ffv1").code == 0
    source = ffmpeg("-i", "film.mkv", "-f", "yuv4mpegpipe", "-")
    command = [*srgan_process, "upscale", "-", "-o", "-", "--model", tiny_model]
    (here / "large.y4m").write_bytes(
        subprocess.run(command, input=source, check=True, capture_output=True).stdout
    )
    by_pipe, by_file = (
        [line.split(",")[-1] for line in digests(ffmpeg, here / name)] for name in ("large.y4m", "large.mkv")
    )
    assert by_pipe == by_file


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "-o", "film.mp4"], "srgan upscale - -o -"),
        (["film.mp4", "-o", "-"], "srgan upscale - -o -"),
        (["-", "-o", "-", "--json"], "without --json"),
    ],
)
def test_half_a_pipe_is_refused(upscale, arguments, message):
    done = upscale(*arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_a_pipe_without_a_video_is_one_line(tiny_model, srgan_process):
    command = [*srgan_process, "upscale", "-", "-o", "-", "--model", tiny_model]
    done = subprocess.run(command, input=b"no video", check=False, capture_output=True, text=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"srgan: -: is not a video")
    assert done.stderr.count(b"\n") == 1


def test_long_videos_get_the_small_model_unless_another_is_named(srgan, ffmpeg, here, photo):
    for name, seconds in (("short", 4), ("long", 7)):
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=16x16:r=1:d={seconds}", here / f"{name}.mp4")
    Image.fromarray(photo).save(here / "photo.png")
    done = srgan("upscale", "short.mp4", "photo.png", "--json")
    assert (done.code, done.err, json.loads(done.out)["model"]) == (0, "", "photo")
    done = srgan("upscale", "long.mp4", "--json")
    assert done.err.startswith("long.mp4: uses 'fast' for speed; ")
    assert done.err.count("\n") == 1
    assert (done.code, json.loads(done.out)["model"]) == (0, "fast")
    done = srgan("upscale", "long.mp4", "--json", "--model", "photo", "-o", "again.mp4")
    assert (done.code, done.err, json.loads(done.out)["model"]) == (0, "", "photo")
    done = srgan("upscale", "photo.png", "long.mp4", "--json", "-o", "both")
    assert (done.code, json.loads(done.out)["model"]) == (0, "photo, fast")


def test_videos_get_no_panels_and_it_is_said(upscale, clip, here):
    clip("film.mp4")
    done = upscale("film.mp4", "--compare")
    assert done.code == 0
    assert done.err.startswith("--compare is for pictures; videos get no panels\n")
    assert sorted(path.name for path in here.iterdir()) == ["film-x4.mp4", "film.mp4"]
