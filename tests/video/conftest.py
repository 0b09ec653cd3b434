"""Small clips, made by the ffmpeg command, and the tiny model to enlarge them with."""

import os
import struct
import time
from pathlib import Path

import pytest

from srgan.upscaling.upscaler import Upscaler
from srgan.video.pipeline import upscale_video

SIZE = "64x48"
XML = (
    b"<rdf:SphericalVideo xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
    b"xmlns:GSpherical='http://ns.google.com/videos/1.0/spherical/'>"
    b"<GSpherical:Spherical>true</GSpherical:Spherical><GSpherical:Stitched>true</GSpherical:Stitched>"
    b"<GSpherical:StitchingSoftware>a</GSpherical:StitchingSoftware>"
    b"<GSpherical:ProjectionType>equirectangular</GSpherical:ProjectionType>"
    b"<GSpherical:StereoMode>top-bottom</GSpherical:StereoMode></rdf:SphericalVideo>"
)
UUID = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")


@pytest.fixture
def upscaler(tiny_model):
    return Upscaler(tiny_model, device="cpu", threads=1, tile="off")


@pytest.fixture
def enlarge(upscaler):
    """Enlarges with the tiny model."""
    return lambda source, target, options=None: upscale_video(source, target, upscaler, options)


@pytest.fixture
def stop_after():
    """Makes an ``on_event`` that raises KeyboardInterrupt once so many frames are upscaled.

    Frames are written in another thread, so it waits until the first segment of the result is on the disk.
    """

    def make(frames, target):
        segment, end = target.with_name(f".{target.name}.srgan") / "000000.mkv", time.monotonic() + 60

        def stop(event):
            if event.done == frames:
                while not segment.exists() and time.monotonic() < end:
                    time.sleep(0.01)
                raise KeyboardInterrupt

        return stop

    return make


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
def spherical(clip):
    """A clip with its index at the end, in the video track of which lies the mark of version 1."""

    def make(name, *options):
        path = clip(name, *options, seconds=0.4)
        data = path.read_bytes()
        box = struct.pack(">I4s", 24 + len(XML), b"uuid") + UUID + XML
        for kind in (b"trak", b"moov"):  # the first track is the video
            place = data.index(kind) - 4
            size = struct.unpack_from(">I", data, place)[0]
            if kind == b"trak":
                data = data[: place + size] + box + data[place + size :]
            data = data[:place] + struct.pack(">I", size + len(box)) + data[place + 4 :]
        path.write_bytes(data)
        return path

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
