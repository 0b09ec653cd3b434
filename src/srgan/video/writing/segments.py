"""Work in progress: a hidden folder of short encoded segments, from which an interrupted run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from srgan.errors import VideoError
from srgan.video.colour import Converter
from srgan.video.image_sequence import work_path
from srgan.video.writing.encoding import Encoding

SEGMENT_FRAMES = 60
"""Frames of a segment: what an interruption costs at most."""

NUMBER = Fraction(1, 1000)
"""Matroska counts milliseconds: the frame with number n is stored at n of them."""


class WorkFolder:
    """The finished segments of one result, in ``.<name of the result>.srgan`` beside it.

    Args:
        target: the result.
        job: everything that decides what the result will be. Segments of another job are thrown away.
        resume: whether segments of the same job are kept.

    Raises:
        VideoError: if another process works in the folder.
        OSError: if the folder cannot be made.

    Attributes:
        path: the folder.
        resumed: whether there is an earlier run of the same job to go on with.
        done: how many segments are finished.
        bytes: how much they are together.
    """

    def __init__(self, target: Path, job: Mapping[str, Any], *, resume: bool) -> None:
        self.path = work_path(target)
        self.path.mkdir(parents=True, exist_ok=True)
        # The system lets go of it when the process ends, in whatever way.
        self._lock = FileLock(self.path / "lock")
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise VideoError(
                f"{target}: another run is at it; wait for that, or choose another output"
            ) from None
        manifest = self.path / "manifest.json"
        self.resumed = resume and _read(manifest) == job
        if not self.resumed:
            self._clear()
            _write(manifest, json.dumps(job, indent=2))
        self.done = self.bytes = 0
        while self.segment(self.done).exists():
            self._count()

    def segment(self, number: int) -> Path:
        """The file of a finished segment."""
        return self.path / f"{number:06d}.mkv"

    def segments(self) -> list[Path]:
        """All finished segments, in order."""
        return [self.segment(number) for number in range(self.done)]

    def take(self, part: Path) -> None:
        """Makes a file, written whole, the next finished segment."""
        settle(part, self.segment(self.done))
        self._count()

    def _count(self) -> None:
        self.bytes += self.segment(self.done).stat().st_size
        self.done += 1

    def close(self) -> None:
        """Lets other processes work in the folder."""
        self._lock.release()

    def remove(self) -> None:
        """Deletes the folder."""
        self._clear()
        self.close()
        (self.path / "lock").unlink(missing_ok=True)
        with suppress(OSError):  # somebody has put something else there
            self.path.rmdir()

    def _clear(self) -> None:
        for path in (*self.path.glob("*.mkv"), *self.path.glob("*.part"), self.path / "manifest.json"):
            path.unlink(missing_ok=True)


def settle(part: Path, target: Path) -> None:
    """Gives a file, written whole, its name, once it is safe on the disk."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _write(path: Path, text: str) -> None:
    temporary = path.with_suffix(".part")
    temporary.write_text(text)
    temporary.replace(path)


class SegmentWriter:
    """Encodes pictures into the segments that follow those a work folder already has.

    Args:
        folder: where they go.
        encoding: how.
        converter: turns pictures into frames.

    Raises:
        OSError: from each method, if a file cannot be written.
    """

    def __init__(self, folder: WorkFolder, encoding: Encoding, converter: Converter) -> None:
        self._folder = folder
        self._encoding = encoding
        self._converter = converter
        self._part = folder.path / "segment.part"
        self._container: av.container.OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._frames = 0

    def write(self, sr_image: NDArray[Any]) -> None:
        """Encodes the next picture, (height, width, 3) RGB."""
        if self._container is None or self._stream is None:
            self._container = av.open(str(self._part), "w", format="matroska")
            self._stream = self._encoding.add_to(self._container)
            self._frames = 0
        frame = self._converter.from_rgb(sr_image, self._encoding.pixel_format, self._encoding.size)
        self._encoding.describe(frame)
        frame.pts, frame.time_base = self._frames, 1 / self._encoding.rate
        self._mux(self._stream.encode(frame))
        self._frames += 1
        if self._frames == SEGMENT_FRAMES:
            self.finish()

    def finish(self) -> None:
        """Ends the segment under way, if there is one; only now does it count."""
        if self._container is None or self._stream is None:
            return
        self._mux(self._stream.encode(None))
        self._container.close()
        self._container = self._stream = None
        self._folder.take(self._part)

    def discard(self) -> None:
        """Gives up the segment under way."""
        if self._container is not None:
            with suppress(OSError, av.FFmpegError):
                self._container.close()
            self._container = None
        self._part.unlink(missing_ok=True)

    def _mux(self, packets: list[av.Packet[VideoStream]]) -> None:
        assert self._container is not None
        for packet in packets:
            packet.time_base = NUMBER
            packet.duration = 1
            self._container.mux(packet)
