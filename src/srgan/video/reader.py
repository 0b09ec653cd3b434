"""Reading a video: what its file says, and its frames one after the other."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.format import Flags
from av.stream import Disposition
from av.video.stream import VideoStream

from srgan.errors import VideoError
from srgan.video.colour import Colour
from srgan.video.frames import Findings, TimedFrame, decode, deinterlace

_USUAL_RATE = Fraction(25)
_MARGIN = 10  # seconds: transport streams are searched for a time, whether decoding can begin there or not
_TS_DISCONT: Any = Flags.ts_discont.value


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turns what goes wrong while reading ``path`` into a ``VideoError`` of one line."""
    try:
        yield
    except VideoError as error:
        raise VideoError(f"{path}: {error}") from error
    except FileNotFoundError as error:
        raise VideoError(f"{path}: there is no such file") from error
    except PermissionError as error:
        raise VideoError(f"{path}: no permission to read it") from error
    except av.FFmpegError as error:
        reason = error.strerror or type(error).__name__
        raise VideoError(f"{path}: is not a video, or damaged or cut short ({reason})") from error


def open_input(source: Path | BinaryIO) -> InputContainer:
    """Opens a container.

    Raises:
        VideoError: if there is nothing that can be read; the file is not named.
        av.FFmpegError: likewise.
    """
    if not isinstance(source, Path):
        return av.open(source, "r", metadata_errors="surrogateescape")
    if source.is_dir():
        raise VideoError("is a folder, not a video")
    if source.stat().st_size == 0:
        raise VideoError("is empty (0 bytes)")
    # As "file:", so that no name is taken for an address.
    return av.open(f"file:{source}", "r", metadata_errors="surrogateescape")


def seconds_of(path: Path) -> float | None:
    """How long a file says it is; None if it says nothing, or cannot be read: reading it reports that."""
    try:
        with explained(path), open_input(path) as container:
            return None if container.duration is None else container.duration / av.time_base
    except VideoError:
        return None


def first_video(container: InputContainer) -> VideoStream:
    """The first video stream that is not a cover picture.

    Raises:
        VideoError: if there is none, or none that can be decoded.
    """
    if container.format.name.endswith("_pipe") or container.format.name == "image2":
        raise VideoError("is a picture, not a video; give it the extension of one")
    streams = [stream for stream in container.streams.video if not is_cover(stream)]
    if not streams:
        raise VideoError("has no video, only sound or other streams")
    # A typed attribute, but missing where there is no decoder.
    if getattr(streams[0], "codec_context", None) is None:
        raise VideoError("its codec is unknown; convert it with ffmpeg first")
    return streams[0]


def is_cover(stream: VideoStream) -> bool:
    """Whether a stream is the picture that players show for a file."""
    return bool(stream.disposition & Disposition.attached_pic)


class VideoReader:
    """A video being decoded. Frames can be taken once, in the order they are shown.

    Args:
        source: a file, or a stream of bytes that cannot be wound back.
        start: seconds from the beginning of the file.
        end: likewise; None is the end of the file.

    Raises:
        VideoError: if there is no video that can be decoded, in the file or between start and end.

    Attributes:
        path: the file, or ``"-"``.
        size: (width, height) in pixels, as they are coded.
        time_base: seconds, the unit of times.
        rate: frames a second, on average.
        frames_expected: how many there are about; None if the file does not say.
        colour: of the first frame; all are taken for such.
        aspect: width of a pixel by its height; None if the file does not say.
        display_matrix: nine numbers for players to turn the picture by; None if there are none.
        begin: the time that becomes 0 in the result, in units of ``time_base``.
        end: the time at which the result ends; None is the end of the file.
        findings: what the frames so far turned out to be like.
        container: the opened file.
        stream: its video.
    """

    def __init__(
        self, source: Path | BinaryIO, *, start: Fraction | float = 0, end: Fraction | float | None = None
    ) -> None:
        self.path = source if isinstance(source, Path) else "-"
        self.findings = Findings()
        with explained(self.path):
            self.container = open_input(source)
            try:
                self._open(Fraction(start), None if end is None else Fraction(end))
            except BaseException:
                self.container.close()
                raise

    def _open(self, start: Fraction, end: Fraction | None) -> None:
        stream = self.stream = first_video(self.container)
        self.time_base = stream.time_base or 1 / _USUAL_RATE
        rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE
        self.rate = rate if 0 < rate <= 1000 else _USUAL_RATE
        # Where nothing is cut, times stay as they are, unless the format lets them begin anywhere.
        floats = self.container.format.flags & _TS_DISCONT
        self.begin = self._ticks(start) if start or floats else 0
        self.end = None if end is None else self._ticks(end)
        frames = self._decoded_from(start) if start else self._decoded()
        self._frames = self._cut(frames) if start or end else frames
        first = next(self._frames, None)
        if first is None:
            raise VideoError(f"holds no frame that can be decoded{' from --start on' if start else ''}")
        self._first = first
        self.size = first.image.width, first.image.height
        self.colour = Colour.of(first.image)
        self.aspect = self.stream.sample_aspect_ratio
        self.display_matrix = _display_matrix(first)
        self.frames_expected = self._count(start, end)

    def _decoded(self) -> Iterator[TimedFrame]:
        # One thread: errors come with the packet that has them, and the network needs the others.
        self.stream.codec_context.thread_count = 1
        return deinterlace(decode(self.stream, self.findings), self.time_base, self.findings)

    def _decoded_from(self, start: Fraction) -> Iterator[TimedFrame]:
        """Frames from some place before ``start`` on: near it, if the format can be searched."""
        place = int((start - _MARGIN) * av.time_base) + (self.container.start_time or 0)
        with suppress(av.FFmpegError):
            self.container.seek(place, backward=True)
        frames = self._decoded()
        first = next(frames, None)
        if first is not None and first.time <= self.begin:
            return chain([first], frames)
        # Where it stands now, decoding begins too late, or not at all.
        self.container.close()
        self.container = open_input(Path(self.path))
        self.stream = first_video(self.container)
        self.findings = Findings()
        return self._decoded()

    def _ticks(self, seconds: Fraction) -> int:
        """The time stamp of a moment, given in seconds from the beginning of the file."""
        origin = Fraction(self.container.start_time or 0, av.time_base)
        return round((origin + seconds) / self.time_base)

    def _count(self, start: Fraction, end: Fraction | None) -> int | None:
        if self.container.duration is None:
            return None
        whole = Fraction(self.container.duration, av.time_base)
        seconds = min(whole, end or whole) - start
        return max(1, round(seconds * self.rate))

    def frames(self) -> Iterator[TimedFrame]:
        """The frames from start to end; their times begin at ``begin``.

        Raises:
            VideoError: if the stream turns out to be encrypted.
        """
        with explained(self.path):
            for frame in chain([self._first], self._frames):
                image = frame.image
                if self.findings.resized is None and (image.width, image.height) != self.size:
                    self.findings.resized = image.width, image.height
                yield frame

    def _cut(self, frames: Iterator[TimedFrame]) -> Iterator[TimedFrame]:
        half = 1 / self.rate / self.time_base / 2
        on_display: TimedFrame | None = None
        for frame in frames:
            if frame.time < self.begin:
                on_display = frame
                continue
            # What is on display when the part begins belongs to it, unless it has all but gone.
            if on_display is not None and frame.time - self.begin > half:
                yield replace(on_display, time=self.begin)
            on_display = None
            if self.end is not None and frame.time >= self.end:
                return
            yield frame
        if on_display is not None and on_display.time + on_display.duration > self.begin + half:
            yield replace(on_display, time=self.begin)

    def close(self) -> None:
        """Closes the file."""
        self.container.close()


def _display_matrix(frame: TimedFrame) -> tuple[int, ...] | None:
    data: Any = frame.image.side_data.get("DISPLAYMATRIX")
    return None if data is None else struct.unpack("=9i", bytes(data))
