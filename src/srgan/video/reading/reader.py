"""Reads a video: its properties and its frames."""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.format import Flags

from srgan.errors import SrganError, VideoError
from srgan.images import MOST_PIXELS
from srgan.images.checks import beyond_limit
from srgan.video.colour import Colour
from srgan.video.hdr import HdrMetadata
from srgan.video.reading.frames import Findings, TimedFrame, decode, deinterlace
from srgan.video.reading.opening import USUAL_RATE, explained, first_video, open_input

_MARGIN = 10  # seconds: transport streams are searched for a time, whether decoding can begin there or not
_TS_DISCONT: Any = Flags.ts_discont.value


def seconds_of(path: Path) -> float | None:
    """Returns a file's stated duration in seconds; None if it states none or cannot be read."""
    try:
        with explained(path), open_input(path) as container:
            return None if container.duration is None else container.duration / av.time_base
    except SrganError:
        return None


class VideoReader:
    """A video being decoded. Frames can be taken once, in the order they are shown.

    Args:
        source: a file, an image sequence as its folder or its pattern, or a stream of bytes without seeking.
        start: seconds from the beginning of the file.
        end: seconds from the beginning of the file; None is the end of the file.
        fps: frames per second of an image sequence; None is 25.
        max_pixels: a video is refused if its first frame has more; a later one that has many more counts as
            one that cannot be decoded.

    Raises:
        UsageError: if ``fps`` is given for anything else.
        VideoError: if there is no video that can be decoded, in the file or between start and end, or its
            frames are too large.
        ImageError: if an animated picture cannot be read.

    Attributes:
        path: the file, or ``"-"``.
        size: (width, height) in pixels, as they are coded.
        time_base: seconds, the unit of times.
        rate: frames per second, on average.
        frames_expected: approximate number of frames; None if the file does not say.
        first_image: the first frame, decoded.
        colour: that of the first frame, assumed for all.
        aspect: width of a pixel by its height; None if the file does not say.
        display_matrix: nine numbers for players to turn the picture by; None if there are none.
        hdr: HDR10's static metadata; None if there are none.
        begin: the time that becomes 0 in the result, in units of ``time_base``.
        end: the time at which the result ends; None is the end of the file.
        findings: what was found in the frames so far.
        container: the opened file.
        stream: its video stream.
    """

    def __init__(
        self,
        source: Path | BinaryIO,
        *,
        start: Fraction | float = 0,
        end: Fraction | float | None = None,
        fps: Fraction | None = None,
        max_pixels: int = MOST_PIXELS,
    ) -> None:
        self.path = source if isinstance(source, Path) else "-"
        self.findings = Findings()
        self._start, self._end, self._fps, self._max_pixels = start, end, fps, max_pixels
        with explained(self.path):
            self.container = open_input(source, fps, max_pixels)
            try:
                self._open(Fraction(start), None if end is None else Fraction(end))
            except BaseException:
                self.container.close()
                raise

    def _open(self, start: Fraction, end: Fraction | None) -> None:
        stream = self.stream = first_video(self.container)
        self._check_size(stream.codec_context.width, stream.codec_context.height)
        self.time_base = stream.time_base or 1 / USUAL_RATE
        rate = stream.average_rate or stream.guessed_rate or USUAL_RATE
        self.rate = rate if 0 < rate <= 1000 else USUAL_RATE
        # If nothing is cut, times stay as they are, unless the format lets them begin anywhere.
        floats = self.container.format.flags & _TS_DISCONT
        self.begin = self._ticks(start) if start or floats else 0
        self.end = None if end is None else self._ticks(end)
        frames = self._decoded_from(start) if start else self._decoded()
        self._frames = self._cut(frames) if start or end else frames
        first = next(self._frames, None)
        if first is None:
            where = f" from {float(start):g} s on" if start else ""
            raise VideoError(f"holds no frame that can be decoded{where}", field="start" if start else None)
        self._check_size(first.image.width, first.image.height)
        self._first = first
        self.first_image = first.image
        self.size = first.image.width, first.image.height
        self.colour = Colour.of(first.image)
        self.aspect = self.stream.sample_aspect_ratio
        self.display_matrix = _display_matrix(first)
        self.hdr = HdrMetadata.of(first.image)
        self.frames_expected = self._count(start, end)

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self._max_pixels:
            raise VideoError(beyond_limit((width, height), self._max_pixels), field="max_pixels")

    def _decoded(self) -> Iterator[TimedFrame]:
        # One thread: errors come with their packet, and the network needs the other threads.
        self.stream.codec_context.thread_count = 1
        frames = decode(self.stream, self.findings, self._max_pixels)
        return deinterlace(frames, self.time_base, self.findings)

    def _decoded_from(self, start: Fraction) -> Iterator[TimedFrame]:
        """Yields frames from a point before ``start``: a near one, if the format allows seeking."""
        place = int((start - _MARGIN) * av.time_base) + (self.container.start_time or 0)
        with suppress(av.FFmpegError):
            self.container.seek(place, backward=True)
        frames = self._decoded()
        first = next(frames, None)
        if first is not None and first.time <= self.begin:
            return chain([first], frames)
        # From the current position, decoding begins too late, or not at all.
        self.container.close()
        self.container = open_input(Path(self.path), self._fps, self._max_pixels)
        self.stream = first_video(self.container)
        self.findings = Findings()
        return self._decoded()

    def _ticks(self, seconds: Fraction) -> int:
        """Converts seconds from the beginning of the file to a time stamp."""
        origin = Fraction(self.container.start_time or 0, av.time_base)
        return round((origin + seconds) / self.time_base)

    def _count(self, start: Fraction, end: Fraction | None) -> int | None:
        if self.container.duration is None:
            return None
        whole = Fraction(self.container.duration, av.time_base)
        seconds = min(whole, end or whole) - start
        return max(1, round(seconds * self.rate))

    def frames(self) -> Iterator[TimedFrame]:
        """Yields the frames from start to end; their times begin at ``begin``.

        Raises:
            VideoError: if the stream turns out to be encrypted.
        """
        with explained(self.path):
            for frame in chain([self._first], self._frames):
                image = frame.image
                if self.findings.resized is None and (image.width, image.height) != self.size:
                    self.findings.resized = image.width, image.height
                yield frame

    def timed(self, times: array[int]) -> Iterator[TimedFrame]:
        """Works like :meth:`frames`; notes when each is shown and, at the end, when the last one ends.

        Args:
            times: takes the times, counted from ``begin`` in units of the time base.
        """
        end = 0
        for frame in self.frames():
            times.append(frame.time - self.begin)
            end = frame.time + (frame.duration or round(1 / self.rate / self.time_base))
            yield frame
        if self.end is not None:
            end = min(end, self.end)
        times.append(max(end - self.begin, times[-1] + 1))

    def frames_from(self, time: int, margin: float) -> Iterator[TimedFrame]:
        """Yields frames of the whole file from a key frame on; those before ``time`` may be broken.

        Args:
            time: in units of the time base.
            margin: least seconds between that key frame and ``time``.

        Raises:
            VideoError: if the file cannot be read.
        """
        with explained(self.path), open_input(Path(self.path), self._fps, self._max_pixels) as container:
            stream = first_video(container)
            stream.codec_context.thread_count = 1
            with suppress(av.FFmpegError):  # not every format allows seeking: from the beginning, then
                container.seek(time - round(margin / self.time_base), stream=stream, backward=True)
            frames = decode(stream, Findings(), self._max_pixels)
            yield from deinterlace(frames, self.time_base, Findings())

    def again(self) -> VideoReader:
        """Returns a reader of the same frames, from the first one."""
        return VideoReader(
            Path(self.path), start=self._start, end=self._end, fps=self._fps, max_pixels=self._max_pixels
        )

    def _cut(self, frames: Iterator[TimedFrame]) -> Iterator[TimedFrame]:
        half = 1 / self.rate / self.time_base / 2
        on_display: TimedFrame | None = None
        for frame in frames:
            if frame.time < self.begin:
                on_display = frame
                continue
            # The frame on display when the part begins belongs to it, unless it is almost over.
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
    try:
        data: Any = frame.image.side_data.get("DISPLAYMATRIX")
    except ValueError:  # there are data beside it that PyAV has no name for, such as EXIF
        turn = math.radians(-frame.image.rotation)
        cosine, sine = round(math.cos(turn) * 2**16), round(math.sin(turn) * 2**16)
        return (cosine, sine, 0, -sine, cosine, 0, 0, 0, 2**30) if turn else None
    return None if data is None else struct.unpack("=9i", bytes(data))
