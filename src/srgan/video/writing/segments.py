"""Keeps work in progress as encoded segments in a hidden folder, so that an interrupted run continues."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import av
from av import Packet
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from srgan.errors import InUseError, OutputError, VideoError
from srgan.files import (
    claim,
    clear,
    explained,
    move_file,
    remove_empty_folder,
    remove_file,
    remove_folder,
    replacing,
    write_file,
)
from srgan.video.colour import Converter
from srgan.video.image_sequence import work_path
from srgan.video.writing.encoding import Encoding
from srgan.video.writing.finishing import NOTE
from srgan.video.writing.places import forget_place, note_place, noted_place

SEGMENT_FRAMES = 60
"""Frames per segment: the most that an interruption costs."""

_SHORT = 2
"""Frames of a stream up to which libx265's decoding times are random (uninitialised memory)."""

NUMBER = Fraction(1, 1000)
"""Matroska counts milliseconds: the frame with number n is stored at n of them."""

_MANIFEST = "manifest.json"


def segment_name(number: int) -> str:
    """Returns the file name of the segment with a number, from 0."""
    return f"{number:06d}.mkv"


_FIRST = segment_name(0)


class Segments:
    """Finished successive segments, in a folder.

    Args:
        path: the folder, which must exist.
        first: the number of the first of them.

    Attributes:
        path: the folder.
        frames: total number of frames.
        bytes: total size.
    """

    def __init__(self, path: Path, first: int = 0) -> None:
        self.path = path
        self.frames = self.bytes = 0
        self._first = first
        self._segments: list[Path] = []

    def segments(self) -> list[Path]:
        """Returns all finished segments, in order."""
        return list(self._segments)

    def add_segment(self, write: Callable[[Path], int]) -> None:
        """Adds the next segment, which counts only once it is whole and on the disk.

        Args:
            write: fills a file, and returns how many frames it put there.

        Raises:
            VideoError: if the file does not hold exactly these frames. What ``write`` raises comes out too.
            OutputError: if it cannot be written.
        """
        path = self._next()
        with replacing(path, durable=True) as part:
            frames = write(part)
            if frames_in(part) != frames:
                raise VideoError(f"{path}: does not hold the {frames} frames that were written to it")
        self._count(path, frames)

    def take_up(self) -> None:
        """Counts the whole segments that exist already; a short one is the last."""
        frames = SEGMENT_FRAMES
        while frames == SEGMENT_FRAMES and (path := self._next()).exists():
            frames = frames_in(path)
            if frames:
                self._count(path, frames)

    def _next(self) -> Path:
        return self.path / segment_name(self._first + len(self._segments))

    def _count(self, path: Path, frames: int) -> None:
        self._segments.append(path)
        self.frames += frames
        self.bytes += path.stat().st_size


class WorkFolder(Segments):
    """The finished segments of one result, in ``.<name of the result>.srgan`` beside it.

    Segments belong to the job: those begun for the same job under another result's name are taken over.

    Args:
        target: the result.
        job: everything that decides what the result will be. Segments of another job are thrown away.
        resume: whether segments of the same job are kept.

    Raises:
        InUseError: if another process works in the folder.
        OutputError: if it cannot be made or written.

    Attributes:
        resumed: whether there is an earlier run of the same job to continue.
    """

    def __init__(self, target: Path, job: Mapping[str, Any], *, resume: bool) -> None:
        super().__init__(work_path(target))
        try:
            self._lock = claim(self.path)
        except InUseError:
            raise InUseError(
                f"{target}: another process is writing it; wait for that, or choose another output"
            ) from None
        manifest = self.path / _MANIFEST
        self._job = {**job, "segment": SEGMENT_FRAMES}
        self.resumed = resume and _read(manifest) == self._job
        self.resumed = self.resumed or (resume and self._adopt())
        if self.resumed:
            self.take_up()
        self._clear(keep=[manifest, *self._segments] if self.resumed else [])
        if not self.resumed:
            write_file(manifest, json.dumps(self._job, indent=2), durable=True)

    def close(self) -> None:
        """Unlocks the folder for other processes."""
        self._lock.release()

    def remove(self) -> None:
        """Deletes the folder.

        Raises:
            OutputError: if a file in it cannot be removed.
        """
        self._clear(keep=[self.path / NOTE])
        self._clear()
        forget_place(self._job, self.path)
        self.close()
        with suppress(OSError):  # it holds something else, or another process is about to use it
            remove_file(self.path / "lock")
            remove_empty_folder(self.path)

    def _adopt(self) -> bool:
        """Takes over the segments of the same job from another folder, if there is one."""
        other = noted_place(self._job)
        # The folder of an image sequence holds nothing that could be moved.
        if other is None or _read(other / _MANIFEST) != self._job or not (other / _FIRST).exists():
            return False
        try:
            lock = claim(other)
        except (InUseError, OutputError):
            return False
        with explained(self.path):
            self._clear()
            # The first segment last: without it, none of the moved ones counts.
            for path in sorted(other.glob("*.mkv"), reverse=True):
                move_file(path, self.path / path.name)
            move_file(other / _MANIFEST, self.path / _MANIFEST)
        lock.release()
        remove_folder(other)
        return True

    def _count(self, path: Path, frames: int) -> None:
        super()._count(path, frames)
        if path.name == _FIRST:
            note_place(self._job, self.path)

    def _clear(self, keep: Iterable[Path] = ()) -> None:
        ours = (".mkv", ".json", ".part", ".lock")
        others = [path.name for path in self.path.iterdir() if path.suffix not in ours]
        clear(self.path, keep=[*others, *(path.name for path in keep)])


def frames_in(segment: Path) -> int:
    """Returns the number of frames in a segment; 0 unless they are numbered from 0 without a gap."""
    try:
        with av.open(str(segment)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
    except (av.FFmpegError, OSError, IndexError):  # cut short, empty, or without a video
        return 0
    numbers = sorted(-1 if packet.is_corrupt or packet.pts is None else packet.pts for packet in packets)
    return len(numbers) if numbers == list(range(len(numbers))) else 0


def _read(path: Path) -> Any:
    with suppress(OSError, ValueError):
        return json.loads(path.read_text())
    return None


def write_segments(
    folder: Segments,
    encoding: Encoding,
    converter: Converter,
    frames: Iterator[tuple[int, NDArray[Any]]],
) -> None:
    """Encodes pictures into the segments that follow those a work folder already has.

    Args:
        folder: where they go.
        encoding: how to encode them.
        converter: turns pictures into frames.
        frames: (height, width, 3) RGB or (height, width, 4) RGBA, each with its place in the result.

    Raises:
        VideoError: if a place is not the one that follows.
        OutputError, av.FFmpegError: if a file cannot be written. What ``frames`` raises comes out too; the
            segment under way is given up.
    """
    for first in frames:
        some = chain([first], islice(frames, SEGMENT_FRAMES - 1))
        encode = partial(
            encode_segment, begin=folder.frames, encoding=encoding, converter=converter, frames=some
        )
        folder.add_segment(encode)


def encode_segment(
    part: Path,
    *,
    begin: int,
    encoding: Encoding,
    converter: Converter,
    frames: Iterable[tuple[int, NDArray[Any]]],
) -> int:
    """Encodes frames, numbered from ``begin``, into one file; returns how many.

    Raises:
        VideoError: if a place is not the one that follows.
        av.FFmpegError, ValueError: if the encoder does not take its settings, or the file cannot be written.
    """
    count = 0
    with av.open(str(part), "w", format="matroska") as container:
        stream = encoding.add_to(container)
        for number, sr_image in frames:
            if number != begin + count:
                raise VideoError(f"{part.parent}: frame {number} cannot follow frame {begin + count - 1}")
            frame = converter.from_rgb(sr_image, encoding.pixel_format, encoding.size)
            encoding.describe(frame)
            frame.pts, frame.time_base = count, 1 / encoding.rate
            _mux(container, stream.encode(frame))
            count += 1
        last = stream.encode(None)
        if len(last) == count <= _SHORT:
            _set_decoding_times(last)
        _mux(container, last)
    return count


def _set_decoding_times(packets: list[Packet[VideoStream]]) -> None:
    """Gives the packets of a whole stream times in their order, all before the first frame is shown."""
    for number, packet in enumerate(packets):
        packet.dts = number - len(packets)


def _mux(container: OutputContainer, packets: list[Packet[VideoStream]]) -> None:
    for packet in packets:
        packet.time_base = NUMBER
        packet.duration = 1
        container.mux(packet)
