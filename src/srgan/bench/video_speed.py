"""Measures how fast videos are upscaled from file to file, and what each stage takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import numpy as np

from srgan.files import temporary_folder
from srgan.upscaling.upscaler import Upscaler
from srgan.video.colour import Converter
from srgan.video.options import VideoOptions
from srgan.video.pipeline import upscale_video
from srgan.video.reading.reader import VideoReader
from srgan.video.writing.encoding import plan_encoding
from srgan.video.writing.segments import WorkFolder, write_segments

_OPTIONS = VideoOptions(codec="libx264", preset="veryfast")


def time_video(model: str | Path, frames: int, size: tuple[int, int] = (320, 180)) -> dict[str, Any]:
    """Upscales a made-up clip, then runs each of its stages alone.

    Args:
        model: name of a shipped model, or path of a file.
        frames: length of the clip; no two frames are equal.
        size: (width, height) of the frames in pixels.

    Returns:
        ``{"model", "frames", "frames_per_second", "milliseconds"}``: the speed from file to file, and
        ``{"reading", "network", "writing"}``, the time of a frame in each stage alone. Stages overlap.
    """
    upscaler = Upscaler(model)
    with temporary_folder() as folder:
        source, target = folder / "clip.mp4", folder / "large.mp4"
        _make_clip(source, frames, size)
        upscaler.upscale(np.zeros((size[1], size[0], 3), np.uint8))  # compiled before the clock starts
        started = time.perf_counter()
        upscale_video(source, target, upscaler, _OPTIONS)
        seconds = time.perf_counter() - started
        milliseconds = {stage: 1000 * taken / frames for stage, taken in _stages(source, upscaler).items()}
    return {
        "model": upscaler.card.name,
        "frames": frames,
        "frames_per_second": frames / seconds,
        "milliseconds": milliseconds,
    }


def _make_clip(path: Path, frames: int, size: tuple[int, int]) -> None:
    """Writes a clip that moves slowly over soft shapes, with the grain of a camera."""
    width, height = size
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (height // 8 + 2, (width + frames) // 8 + 2, 3), np.uint8)
    field = np.kron(coarse, np.ones((8, 8, 1), np.uint8)).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for left in range(frames):
            pixels = field[:height, left : left + width] + random.integers(-4, 5, (height, width, 3))
            frame = av.VideoFrame.from_ndarray(pixels.clip(0, 255).astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _stages(source: Path, upscaler: Upscaler) -> dict[str, float]:
    """Returns the seconds of each stage alone, for all frames."""
    seconds: dict[str, float] = {}

    def clocked(stage: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = work()
        seconds[stage] = time.perf_counter() - started
        return result

    with closing(VideoReader(source)) as reader:
        converter = Converter(reader.colour)
        pictures = clocked(
            "reading", lambda: [converter.to_rgb(frame.image, reader.size) for frame in reader.frames()]
        )
        results = clocked("network", lambda: list(upscaler.frames(pictures)))
        target = source.with_name("stages.mp4")
        with closing(WorkFolder(target, {}, resume=False)) as folder:
            encoding = plan_encoding(reader, target, _OPTIONS)
            clocked("writing", lambda: write_segments(folder, encoding, converter, enumerate(results)))
    return seconds
