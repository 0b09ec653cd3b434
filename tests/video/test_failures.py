"""What fails once while a video is made: the same call again ends as if nothing had been, whatever it is."""

import errno
from contextlib import suppress
from itertools import count

import numpy as np
import pytest
from PIL import Image

import srgan.video.stages
import srgan.video.writing.image_sequence
import srgan.video.writing.segments
from srgan.errors import CancelledError, OutputError, VideoError
from srgan.video.pipeline import upscale_video

FRAMES = 8
NOISE = "noise=alls=20:allf=t"  # no two frames are equal
TARGETS = pytest.mark.parametrize(
    "target", ["out/large.mkv", "out/large.gif", "out/large.webp", "out/%d.png"]
)


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr("srgan.video.writing.segments.SEGMENT_FRAMES", 3)


@pytest.fixture
def source(clip):
    return clip("a.mkv", "-c:v", "ffv1", "-vf", NOISE, sound=False, size="16x12", seconds=FRAMES / 25)


def content_of(path, ffmpeg):
    """Everything that is seen of a result: its frames, and when they are shown."""
    if "%" in path.name:
        names = sorted(file.name for file in path.parent.iterdir())
        return [(name, (path.parent / name).read_bytes()) for name in names]
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    if path.suffix == ".mkv":
        return ffmpeg("-i", path, "-fps_mode", "passthrough", "-f", "framemd5", "-")
    frames = []
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            frames.append((np.asarray(image.convert("RGBA")).tobytes(), image.info["duration"]))
    return frames


@pytest.fixture
def expected(source, upscaler, ffmpeg, tmp_path):
    """What an uninterrupted run makes."""

    def run(target):
        upscale_video(source, tmp_path / "whole" / target, upscaler)
        return content_of(tmp_path / "whole" / target, ffmpeg)

    return run


def failing_once(really, number, failure):
    """A function that fails at its n-th call only."""
    calls = count()

    def call(*arguments, **options):
        if next(calls) == number:
            raise failure
        return really(*arguments, **options)

    return call, calls


@pytest.fixture
def break_write(monkeypatch):
    """Makes the n-th write of frames for a target fail, once."""

    def apply(target, number):
        failure = OSError(errno.EIO, "Input/output error")
        if "%" in target:
            module = srgan.video.writing.image_sequence
            call, calls = failing_once(module.write_picture, number, failure)
            monkeypatch.setattr(module, "write_picture", call)
        else:
            module = srgan.video.writing.segments
            call, calls = failing_once(module._mux, number, failure)
            monkeypatch.setattr(module, "_mux", call)
        return calls

    return apply


@TARGETS
def test_a_write_that_fails_once_ruins_nothing(
    source, upscaler, expected, break_write, ffmpeg, tmp_path, target
):
    whole = expected(target)
    for number in range(1000):
        calls = break_write(target, number)
        path = tmp_path / str(number) / target
        with suppress(OutputError):
            upscale_video(source, path, upscaler)
            assert next(calls) <= number  # there are no more writes
            return
        assert "%" in target or not path.exists()
        done = upscale_video(source, path, upscaler)
        assert done.frames == FRAMES
        assert content_of(path, ffmpeg) == whole


@TARGETS
@pytest.mark.parametrize("number", range(0, FRAMES, 2))
def test_a_network_that_fails_once_ruins_nothing(
    source, upscaler, expected, monkeypatch, ffmpeg, tmp_path, target, number
):
    whole = expected(target)
    with monkeypatch.context() as broken:
        # The first call is the model's fingerprint.
        call, _ = failing_once(upscaler.engine.upscale, 1 + number, RuntimeError("the network failed"))
        broken.setattr(upscaler.engine, "upscale", call)
        with pytest.raises(RuntimeError, match="the network failed"):
            upscale_video(source, tmp_path / target, upscaler)
    upscale_video(source, tmp_path / target, upscaler)
    assert content_of(tmp_path / target, ffmpeg) == whole


@TARGETS
@pytest.mark.parametrize("number", [0, 4, FRAMES - 1])
def test_reading_that_fails_once_ruins_nothing(
    source, upscaler, expected, monkeypatch, ffmpeg, tmp_path, target, number
):
    whole = expected(target)
    with monkeypatch.context() as broken:
        failure = OSError(errno.EIO, "Input/output error")
        call, _ = failing_once(srgan.video.stages.turned_picture, number, failure)
        broken.setattr("srgan.video.stages.turned_picture", call)
        with pytest.raises((VideoError, OutputError), match="Input/output error"):
            upscale_video(source, tmp_path / target, upscaler)
    upscale_video(source, tmp_path / target, upscaler)
    assert content_of(tmp_path / target, ffmpeg) == whole


@TARGETS
def test_it_stops_whenever_it_is_asked_to(source, upscaler, expected, ffmpeg, tmp_path, target):
    whole = expected(target)
    for number in range(0, 10_000, 5):
        path, asked = tmp_path / str(number) / target, count()
        try:
            upscale_video(source, path, upscaler, cancel=lambda asked=asked, last=number: next(asked) >= last)
            break
        except CancelledError:
            pass
        assert "%" in target or not path.exists()
        left = [file.name for file in path.parent.iterdir()] if path.parent.exists() else []
        assert not [name for name in left if name.startswith(".srgan-")]
        upscale_video(source, path, upscaler)
        assert content_of(path, ffmpeg) == whole


@pytest.mark.parametrize("damage", [b"", None])
def test_frames_that_are_empty_or_gone_are_made_again(source, upscaler, expected, ffmpeg, tmp_path, damage):
    whole = expected("out/%d.png")

    def stop(event):
        if event.done == FRAMES:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upscale_video(source, tmp_path / "out/%d.png", upscaler, on_event=stop)
    for path in (tmp_path / "out").glob("2.png"):
        path.unlink() if damage is None else path.write_bytes(damage)
    upscale_video(source, tmp_path / "out/%d.png", upscaler)
    assert content_of(tmp_path / "out/%d.png", ffmpeg) == whole
