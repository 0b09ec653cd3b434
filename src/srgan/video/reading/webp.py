"""Presents animated WebP, which libavformat cannot read, as a stream that it can."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from srgan.errors import VideoError
from srgan.images.animation import Animation, read_frames

_MILLISECOND = Fraction(1, 1000)


def is_webp(path: Path) -> bool:
    """Tells by its content whether a file is a WebP."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] == b"RIFF" and head[8:] == b"WEBP"


def open_webp(path: Path) -> InputContainer:
    """Opens an animated WebP as a container with one video; decodes frames on demand.

    Raises:
        VideoError: if it does not move; the file is not named.
        ImageError: if it cannot be read.
    """
    animation = read_frames(path)
    if len(animation.durations) < 2:
        raise VideoError("is a picture, not a video; give it a picture's extension")
    return av.open(_Stream(animation), "r", format="mov")


class _Stream:
    """A QuickTime file of the frames, produced as it is read."""

    def __init__(self, animation: Animation) -> None:
        self._made = bytearray()
        self._steps = self._encoded(animation)

    def read(self, size: int) -> bytes:
        """Returns the next bytes; none at the end."""
        while len(self._made) < size and next(self._steps, False):
            pass
        taken = bytes(self._made[:size])
        del self._made[:size]
        return taken

    def write(self, data: bytes) -> int:
        """Stores the muxer's output."""
        self._made += data
        return len(data)

    def _encoded(self, animation: Animation) -> Iterator[bool]:
        durations = [max(1, duration) for duration in animation.durations]
        starts = accumulate(durations, initial=0)
        # Fragmented, since it is written without seeking; and lossless, with each frame's duration.
        flags = {"movflags": "frag_every_frame+empty_moov+default_base_moof"}
        with av.open(self, "w", format="mov", container_options=flags) as container:
            stream = container.add_stream("qtrle", rate=1000)
            stream.width, stream.height = animation.size
            stream.pix_fmt = "argb"
            for picture, start, duration in zip(animation.frames, starts, durations, strict=False):
                opaque = np.full(picture.pixels.shape[:2], 255, np.uint8)
                mask = opaque if picture.alpha is None else picture.alpha
                frame = av.VideoFrame.from_ndarray(np.dstack((mask, picture.pixels)), format="argb")
                frame.pts, frame.time_base = start, _MILLISECOND
                for packet in stream.encode(frame):
                    packet.duration = duration
                    container.mux(packet)
                yield True
        yield True
