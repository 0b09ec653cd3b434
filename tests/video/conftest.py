"""Small clips, made by the ffmpeg command, and the tiny model to enlarge them with."""

import os
from pathlib import Path

import pytest

from srgan.upscaling.upscaler import Upscaler
from srgan.video.pipeline import upscale_video

SIZE = "64x48"


@pytest.fixture
def upscaler(tiny_model):
    return Upscaler(tiny_model, device="cpu", threads=1, tile="off")


@pytest.fixture
def enlarge(upscaler):
    """Enlarges with the tiny model."""
    return lambda source, target, options=None: upscale_video(source, target, upscaler, options)


@pytest.fixture
def clip(ffmpeg, tmp_path):
    """Makes a moving test picture, with sound unless asked otherwise."""

    def make(name, *options, size=SIZE, rate="25", seconds=2, sound=True):
        video = ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}"]
        tone = ["-f", "lavfi", "-i", f"sine=d={seconds}:r=48000"] if sound else []
        ffmpeg(*video, *tone, *options, tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def real_clip():
    """A clip of the shared data, by its name."""

    def find(name):
        folder = Path(os.environ.get("SRGAN_DATA", Path(__file__).parents[3] / "shared" / "data")) / "video"
        if not (folder / name).is_file():
            pytest.skip(f"needs {name} in the folder 'video' of the data that SRGAN_DATA names")
        return folder / name

    return find


@pytest.fixture
def shown(probe):
    """The times, in seconds, at which the frames of the first stream of a kind are shown, sorted."""

    def times(path, kind="video"):
        packets = [packet for packet in probe(path)["packets"] if packet["codec_type"] == kind]
        first = min(packet["stream_index"] for packet in packets)
        return sorted(float(packet["pts_time"]) for packet in packets if packet["stream_index"] == first)

    return times
