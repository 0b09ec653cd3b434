"""Moving WebP, of which libavformat reads nothing, and writes only what is opaque."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from srgan.errors import VideoError
from srgan.images.animation import Animation, read_frames

_MILLISECOND = Fraction(1, 1000)
_LARGEST = 2**32 - 2  # bytes
_MOVES_AND_HAS_ALPHA, _NOT_BLENDED = b"\x12", b"\x02"
_FOR_EVER = bytes(6)  # behind the colour of the background


def is_webp(path: Path) -> bool:
    """Whether a file is a WebP, by its content."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] == b"RIFF" and head[8:] == b"WEBP"


def open_webp(path: Path) -> InputContainer:
    """Opens a moving WebP as a container with one video, whose frames are decoded as they are asked for.

    Raises:
        VideoError: if it does not move; the file is not named.
        ImageError: if it cannot be read.
    """
    animation = read_frames(path)
    if len(animation.durations) < 2:
        raise VideoError("is a picture, not a video; give it the extension of one")
    return av.open(_Stream(animation), "r", format="mov")


class _Stream:
    """The frames as the bytes of a QuickTime file, made as they are read."""

    def __init__(self, animation: Animation) -> None:
        self._made = bytearray()
        self._steps = self._encoded(animation)

    def read(self, size: int) -> bytes:
        """The next bytes; none at the end."""
        while len(self._made) < size and next(self._steps, False):
            pass
        taken = bytes(self._made[:size])
        del self._made[:size]
        return taken

    def write(self, data: bytes) -> int:
        """Takes what the muxer makes."""
        self._made += data
        return len(data)

    def _encoded(self, animation: Animation) -> Iterator[bool]:
        durations = [max(1, duration) for duration in animation.durations]
        starts = accumulate(durations, initial=0)
        # Fragmented, since it cannot be wound back; and lossless, with how long each frame is shown.
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


def write_webp(
    path: Path, frames: Iterable[tuple[VideoFrame, int]], size: tuple[int, int], quality: int
) -> None:
    """Writes a moving WebP that is shown for ever, a frame at a time.

    Frames are encoded by libwebp and put into the container as Google's "WebP Container Specification" has
    it: each on its own, so that none has to be kept; one that equals the one before lengthens that.

    Args:
        path: the file.
        frames: of the format bgra, each with its duration in milliseconds.
        size: their (width, height).
        quality: 1 to 100.

    Raises:
        OSError: if it cannot be written.
        VideoError: if it would have more than 4 GB.
    """
    encoder = VideoCodecContext.create("libwebp", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt, encoder.time_base = "bgra", _MILLISECOND
    encoder.options = {"quality": str(quality)}
    place = bytes(6) + b"".join((side - 1).to_bytes(3, "little") for side in size)
    with path.open("wb") as file:
        file.write(_header(place[6:], 0))  # once more at the end, with the length
        for number, (frame, duration) in enumerate(_distinct(frames)):
            frame.pts, frame.time_base = number, _MILLISECOND
            (packet,) = encoder.encode(frame)
            shown = duration.to_bytes(3, "little") + _NOT_BLENDED
            file.write(_chunk(b"ANMF", place + shown + _chunks_of(bytes(packet))))
        if file.tell() > _LARGEST:
            raise VideoError(f"{path}: a WebP holds 4 GB; cut by --start and --end, or write an mp4")
        _finish(file, place[6:])


def _distinct(frames: Iterable[tuple[VideoFrame, int]]) -> Iterator[tuple[VideoFrame, int]]:
    held: tuple[VideoFrame, int] | None = None
    before: NDArray[Any] = np.empty(0)
    for frame, duration in frames:
        pixels = frame.to_ndarray()
        if held is not None and np.array_equal(pixels, before):
            held = held[0], held[1] + duration
            continue
        if held is not None:
            yield held
        held, before = (frame, duration), pixels
    if held is not None:
        yield held


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + bytes(len(data) % 2)


def _header(canvas: bytes, length: int) -> bytes:
    """The beginning of a file of so many bytes."""
    extended = _chunk(b"VP8X", _MOVES_AND_HAS_ALPHA + bytes(3) + canvas)
    riff = b"RIFF" + max(0, length - 8).to_bytes(4, "little") + b"WEBP"
    return riff + extended + _chunk(b"ANIM", _FOR_EVER)


def _finish(file: BinaryIO, canvas: bytes) -> None:
    length = file.tell()
    file.seek(0)
    file.write(_header(canvas, length))


def _chunks_of(still: bytes) -> bytes:
    """The chunks of a still WebP, but for the one that says what is among them."""
    start = 12
    if still[start : start + 4] == b"VP8X":
        start += 8 + int.from_bytes(still[start + 4 : start + 8], "little")
    return still[start:]
