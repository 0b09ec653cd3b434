"""A video in pieces, which several computers upscale at once, and which are then joined.

It is read once, to note when each frame is shown and what it looks like. A piece is decoded from the key
frame before it; if its frames are not those that were noted, from further back, and in the end from the
beginning. Pieces consist of the same segments that one computer makes.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from srgan.errors import VideoError
from srgan.events import Cancel, check
from srgan.files import clear, make_folder
from srgan.images import MOST_PIXELS
from srgan.upscaling.upscaler import Upscaler
from srgan.video.colour import Converter
from srgan.video.kinds import VIDEO_CONTAINERS
from srgan.video.options import VideoOptions
from srgan.video.pictures import is_transparent
from srgan.video.pipeline import UpscaledVideo
from srgan.video.reading.findings import findings_of
from srgan.video.reading.frames import TimedFrame
from srgan.video.reading.reader import VideoReader
from srgan.video.stages import enlarge_frames
from srgan.video.writing.encoding import plan_encoding
from srgan.video.writing.segments import SEGMENT_FRAMES, Segments, write_segments
from srgan.video.writing.video_file import VideoFile

PIECE_SEGMENTS = 4
"""Segments per piece."""

_MARGINS = (0.0, 10.0, float("inf"))  # seconds before a piece from which decoding is tried


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """What a video's pieces must give.

    Attributes:
        times: when each frame is shown, and when the last one ends, in units of the time base.
        sums: CRC-32 of each frame's RGB samples.
        repeated: how many frames could not be decoded, and show the one before.
        notes: what is wrong with the input, a sentence each.
    """

    times: list[int]
    sums: list[int]
    repeated: int
    notes: list[str]

    @property
    def count(self) -> int:
        """Number of pieces."""
        return -(-len(self.sums) // (PIECE_SEGMENTS * SEGMENT_FRAMES))

    def segments_of(self, number: int) -> range:
        """Returns the numbers of the segments of a piece."""
        last = -(-len(self.sums) // SEGMENT_FRAMES)
        return range(number * PIECE_SEGMENTS, min(last, (number + 1) * PIECE_SEGMENTS))

    def to_json(self) -> str:
        """Serialises it, for :meth:`from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Pieces:
        """Restores what :meth:`to_json` wrote."""
        return cls(**json.loads(text))


def plan_pieces(
    source: Path, target: Path, cancel: Cancel | None = None, max_pixels: int = MOST_PIXELS
) -> Pieces | None:
    """Reads a video once; None if it is better upscaled as a whole: short, transparent, or no file.

    Args:
        source: the video.
        target: the result.
        cancel: asked at every frame whether to stop.
        max_pixels: a video whose frames have more is refused.

    Raises:
        VideoError: if it cannot be read.
        CancelledError: if ``cancel`` says so.
    """
    if target.suffix.lower() not in VIDEO_CONTAINERS or not source.is_file():
        return None
    with closing(VideoReader(source, max_pixels=max_pixels)) as reader:
        expected = reader.frames_expected
        if is_transparent(reader) or (expected or 0) <= PIECE_SEGMENTS * SEGMENT_FRAMES:
            return None
        times: array[int] = array("q")
        converter = Converter(reader.colour)
        sums = []
        for frame in reader.timed(times):
            check(cancel)
            sums.append(_sum_of(frame, converter, reader))
        notes = findings_of(reader, times)
        return Pieces(times=times.tolist(), sums=sums, repeated=reader.findings.repeated, notes=notes)


def enlarge_piece(
    source: Path,
    target: Path,
    pieces: Pieces,
    number: int,
    upscaler: Upscaler,
    options: VideoOptions,
    folder: Path,
) -> list[Path]:
    """Makes the segments of a piece.

    Args:
        source: the video.
        target: the result, whose extension names the container.
        pieces: as planned.
        number: the piece's, from 0.
        upscaler: the model.
        options: size and encoder.
        folder: where segments go; made if absent, and emptied.

    Returns:
        The segments, named by their numbers in the whole video.

    Raises:
        UsageError: if the options do not go together.
        VideoError: if the source is not the one that was planned for.
        OutputError: if they cannot be written.
    """
    options = options.for_network(upscaler.scale)
    for margin in _MARGINS:
        made = Segments(make_folder(folder), pieces.segments_of(number).start)
        clear(folder)
        with closing(_PieceReader(source, pieces, number, margin, options.max_pixels)) as reader:
            encoding = plan_encoding(reader, target, options)
            write = partial(write_segments, made, encoding, Converter(reader.colour))
            try:
                enlarge_frames(reader, upscaler, write, lambda _: None, keeps_alpha=encoding.has_alpha)
            except _OtherFrameError:
                continue
            return made.segments()
    raise VideoError(f"{source}: gives other frames than when it was first read; was it changed meanwhile?")


def join_pieces(
    source: Path,
    target: Path,
    pieces: Pieces,
    folder: Path,
    upscaler: Upscaler,
    options: VideoOptions,
    cancel: Cancel | None = None,
) -> UpscaledVideo:
    """Joins all segments to the finished video, as :func:`~srgan.video.pipeline.upscale_video` does.

    Args:
        source: the video.
        target: the result.
        pieces: as planned.
        folder: has the segments of all pieces.
        upscaler: the model.
        options: size and encoder.
        cancel: asked at every packet whether to stop.

    Raises:
        VideoError: if there are not exactly as many frames as planned.
        OutputError: if it cannot be written.
        CancelledError: if ``cancel`` says so.
    """
    made = Segments(folder)
    made.take_up()
    with closing(VideoReader(source, max_pixels=options.max_pixels)) as reader:
        output = VideoFile(reader, target, options.for_network(upscaler.scale))
        make_folder(target.parent)
        output.finish(made, array("q", pieces.times), cancel)
        return UpscaledVideo(
            input_size=reader.size,
            output_size=output.size,
            frames=len(pieces.sums),
            is_deep=reader.colour.deep,
            repeated=pieces.repeated,
            notes=(*output.notes, *pieces.notes),
        )


class _OtherFrameError(Exception):
    """A frame differs from when the whole video was read."""


class _PieceReader(VideoReader):
    """Reads the frames of one piece only, decoded from a key frame before it."""

    def __init__(self, source: Path, pieces: Pieces, number: int, margin: float, max_pixels: int) -> None:
        super().__init__(source, max_pixels=max_pixels)
        first = number * PIECE_SEGMENTS * SEGMENT_FRAMES
        count = PIECE_SEGMENTS * SEGMENT_FRAMES
        self._times: Sequence[int] = pieces.times[first : first + count]
        self._sums = pieces.sums[first : first + count]
        self._margin = margin

    def frames(self) -> Iterator[TimedFrame]:
        """Yields the frames of the piece.

        Raises:
            _OtherFrameError: if one is not as planned.
        """
        first = self.begin + self._times[0]
        is_all = self._margin == float("inf")
        decoded = super().frames() if is_all else self.frames_from(first, self._margin)
        converter = Converter(self.colour)
        wanted = iter(zip(self._times, self._sums, strict=False))
        found = 0
        for frame in decoded:
            if frame.time < first:
                continue
            if found == len(self._sums):
                return
            time, total = next(wanted)
            if frame.time - self.begin != time or _sum_of(frame, converter, self) != total:
                raise _OtherFrameError
            found += 1
            yield frame
        if found < len(self._sums):
            raise _OtherFrameError


def _sum_of(frame: TimedFrame, converter: Converter, reader: VideoReader) -> int:
    return zlib.crc32(converter.to_rgb(frame.image, reader.size).data)
