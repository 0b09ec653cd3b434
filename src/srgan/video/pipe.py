"""Upscales from one pipe to another, between two FFmpeg processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from srgan.errors import UsageError
from srgan.events import Cancel, Event, OnEvent
from srgan.upscaling.size import Upscaled
from srgan.upscaling.upscaler import Upscaler
from srgan.video.colour import Converter
from srgan.video.options import VideoOptions
from srgan.video.reading.reader import VideoReader
from srgan.video.stages import enlarge_frames


def upscale_pipe(
    source: BinaryIO,
    target: BinaryIO,
    upscaler: Upscaler,
    options: VideoOptions | None = None,
    *,
    on_event: OnEvent | None = None,
    cancel: Cancel | None = None,
) -> Upscaled:
    """Upscales a video from a stream of bytes into another, as YUV4MPEG2 ("y4m"): pictures only.

    Args:
        source: y4m, or another format that FFmpeg reads without seeking.
        target: receives 4:2:0 samples of 8 bits, or of 10 bits if the source has more than 8. Frames follow
            each other at the source's average rate.
        upscaler: the model.
        options: size; options that concern files have no meaning here.
        on_event: called after every frame with the number of upscaled frames.
        cancel: asked before every tile, and while a stage waits, whether to stop.

    Raises:
        UsageError: if a part is asked for.
        VideoError: if the source is not a video.
        CancelledError: if ``cancel`` says so.
        OSError: if the target cannot be written, BrokenPipeError if its reader is gone.
    """
    options = (options or VideoOptions()).for_network(upscaler.scale)
    if options.start or options.end is not None or options.fps is not None:
        name = "start" if options.start else "end" if options.end is not None else "fps"
        raise UsageError("does not work with a pipe; let the ffmpeg in front of it do that", field=name)
    with closing(VideoReader(source, max_pixels=options.max_pixels)) as reader:
        size, colour = options.output_size(*reader.size), reader.colour
        converter = Converter(colour)
        pixel_format, name = ("yuv420p10le", "420p10") if colour.deep else ("yuv420p", "420jpeg")
        (width, height), rate = size, reader.rate.limit_denominator(65535)
        aspect = reader.aspect or 1
        target.write(
            f"YUV4MPEG2 W{width} H{height} F{rate.numerator}:{rate.denominator} Ip "
            f"A{aspect.numerator}:{aspect.denominator} C{name} XYSCSS={name.upper()} "
            f"XCOLORRANGE={'FULL' if colour.full_range else 'LIMITED'}\n".encode()
        )

        def write(frames: Iterator[tuple[int, NDArray[Any]]]) -> None:
            for _, sr_image in frames:
                frame = converter.from_rgb(sr_image, pixel_format, size)
                target.write(b"FRAME\n")
                for plane in range(3):
                    target.write(_samples(frame, plane, 2 if colour.deep else 1))

        def report(done: int) -> None:
            if on_event is not None:
                on_event(Event(done=done, total=reader.frames_expected, unit="frames"))

        times = enlarge_frames(reader, upscaler, write, report, cancel=cancel)
        target.flush()
        return Upscaled(input_size=reader.size, output_size=size, frames=len(times) - 1, is_deep=colour.deep)


def _samples(frame: VideoFrame, number: int, bytes_per_sample: int) -> bytes:
    """Returns a plane without the padding at the end of its rows."""
    plane = frame.planes[number]
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)
    return bytes(rows[:, : plane.width * bytes_per_sample].tobytes())
