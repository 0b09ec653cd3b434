"""One video in, one larger video out."""

from __future__ import annotations

import errno
import hashlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from srgan.errors import SrganError, UsageError, VideoError
from srgan.inference.pictures import Enlarged
from srgan.inference.upscaler import Upscaler
from srgan.video.colour import Converter
from srgan.video.encoding import Encoding, container_of, plan_encoding
from srgan.video.join import join
from srgan.video.options import VideoOptions
from srgan.video.reader import VideoReader
from srgan.video.segments import SEGMENT_FRAMES, SegmentWriter, WorkFolder
from srgan.video.streams import plan_streams
from srgan.video.threads import ahead, behind

_HEAD = 2**20  # bytes of the input that its identity is told by, beside its size and age
_AHEAD = _BEHIND = 4  # frames between two stages: enough to even out what they take


@dataclass(frozen=True, kw_only=True)
class VideoProgress:
    """How far a video is.

    Attributes:
        frames: how many are done, those of an interrupted run included.
        expected: how many there are about; None if the file does not say.
        bytes: size of the finished segments.
    """

    frames: int
    expected: int | None
    bytes: int


@dataclass(frozen=True, kw_only=True)
class EnlargedVideo(Enlarged):
    """What became of a video.

    Attributes:
        repeated: how many of its frames could not be decoded, and show the one before.
        notes: what is not as in the input, a sentence each.
    """

    repeated: int = 0
    notes: tuple[str, ...] = ()


def upscale_video(
    source: str | Path,
    target: str | Path,
    upscaler: Upscaler | None = None,
    options: VideoOptions | None = None,
    *,
    progress: Callable[[VideoProgress], None] | None = None,
) -> EnlargedVideo:
    """Enlarges one video, with its sound, subtitles, chapters, attachments and time stamps.

    The result appears under its name only when it is whole. Until then the work lies in a hidden folder
    beside it; after an interruption of any kind, the same call goes on from there.

    Args:
        source: mp4, mkv, mov, webm, avi, GIF, or whatever else FFmpeg reads.
        target: mp4, m4v, mkv, mov or webm, told by the extension; replaced if it exists. Its folder is made
            if absent.
        upscaler: the model; None is ``Upscaler()``.
        options: part, size and encoder.
        progress: called after every frame.

    Raises:
        UsageError: if source and target are the same file, or the options do not go together.
        VideoError: if the source cannot be read, or the target not be written.
    """
    source, target = Path(source), Path(target)
    options = options or VideoOptions()
    output = container_of(target)
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{target}: is the input itself; choose another output")
    with closing(VideoReader(source, start=options.start, end=options.end)) as reader:
        encoding = plan_encoding(reader, target, options)
        upscaler = upscaler or Upscaler()
        notes = plan_streams(reader.container, reader.stream, output)[1]
        with _explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            job = _job(reader, upscaler, encoding)
            with closing(WorkFolder(target, job, resume=options.resume)) as folder:
                times = _enlarge(reader, upscaler, encoding, folder, progress)
                part = folder.path / "whole.part"
                join(reader, folder.segments(), times, part, output, encoding)
                part.replace(target)
                folder.remove()
        return EnlargedVideo(
            input_size=reader.size,
            output_size=encoding.size,
            frames=len(times) - 1,
            repeated=reader.findings.repeated,
            notes=tuple(notes + _findings(reader, encoding, times)),
        )


def _enlarge(
    reader: VideoReader,
    upscaler: Upscaler,
    encoding: Encoding,
    folder: WorkFolder,
    progress: Callable[[VideoProgress], None] | None,
) -> array[int]:
    """Makes the segments that are not there yet.

    Returns:
        When each frame of the result is shown, and when the last one ends, in units of the time base.
    """
    writer = SegmentWriter(folder, encoding, Converter(reader.colour))
    done = folder.done * SEGMENT_FRAMES

    def report(number: int) -> None:
        if progress is not None:
            expected = reader.frames_expected
            progress(VideoProgress(frames=done + number, expected=expected, bytes=folder.bytes))

    try:
        times = enlarge_frames(reader, upscaler, writer.write, report, done=done)
        writer.finish()
    finally:
        writer.discard()
    return times


def enlarge_frames(
    reader: VideoReader,
    upscaler: Upscaler,
    write: Callable[[NDArray[Any]], None],
    report: Callable[[int], None],
    *,
    done: int = 0,
) -> array[int]:
    """Runs frames through the network, reading ahead of it and writing behind it in threads.

    Args:
        reader: the video.
        upscaler: the model.
        write: takes the results in order, (4H, 4W, 3), in a thread of its own.
        report: called with the number of results so far.
        done: how many of the first frames are passed over.

    Returns:
        When each frame is shown, the passed-over ones included, and when the last one ends; counted from
        ``reader.begin`` in units of the time base.
    """
    times = array("q")
    pictures = _pictures(reader, Converter(reader.colour), times, done)
    with closing(ahead(pictures, _AHEAD)) as ready, behind(write, _BEHIND) as put:
        for number, sr_image in enumerate(upscaler.frames(ready), 1):
            put(sr_image)
            report(number)
    return times


def _pictures(
    reader: VideoReader, converter: Converter, times: array[int], done: int
) -> Iterator[NDArray[Any]]:
    """The frames as RGB pictures, but for those that are done; the times of all are noted."""
    end = 0
    # Decoded from the start even if many are done: cheap beside the network, and surely the same frames.
    for number, frame in enumerate(reader.frames()):
        times.append(frame.time - reader.begin)
        end = frame.time + (frame.duration or round(1 / reader.rate / reader.time_base))
        if number >= done:
            yield converter.to_rgb(frame.image, reader.size)
    if reader.end is not None:
        end = min(end, reader.end)
    times.append(max(end - reader.begin, times[-1] + 1))


def _job(reader: VideoReader, upscaler: Upscaler, encoding: Encoding) -> dict[str, Any]:
    """All that decides what the result will be, as JSON holds it."""
    status = Path(reader.path).stat()
    with Path(reader.path).open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD)).hexdigest()
    # What the network makes of a picture stands for the model and for every option it is run with.
    probe = (np.arange(24 * 24 * 3) * 37 % 256).astype(np.uint8).reshape(24, 24, 3)
    return {
        "source": {"bytes": status.st_size, "modified": status.st_mtime_ns, "head": head},
        "part": [reader.begin, reader.end],
        "encoding": {name: str(value) for name, value in asdict(encoding).items()},
        "network": hashlib.sha256(upscaler.upscale(probe).tobytes()).hexdigest(),
        "segment": SEGMENT_FRAMES,
        "versions": {name: version(name) for name in ("srgan", "av")},
    }


def _findings(reader: VideoReader, encoding: Encoding, times: array[int]) -> list[str]:
    """What there is to say about the frames, now that all have been seen."""
    findings, notes = reader.findings, []
    if reader.aspect not in (None, 1) and encoding.aspect == 1:
        notes.append(f"has oblong pixels ({reader.aspect}): the result has square ones")
    if findings.interlaced:
        notes.append("is interlaced: whole frames were made of its fields")
    if findings.resized is not None:
        (width, height), (first_width, first_height) = findings.resized, reader.size
        notes.append(f"changes its size to {width}x{height}: fitted to {first_width}x{first_height}")
    if findings.repeated:
        notes.append(
            f"is damaged; frames that cannot be decoded and repeat the one before: {findings.repeated}"
        )
    if findings.damaged:
        notes.append(f"is damaged; frames of which parts are guessed: {findings.damaged}")
    stream, second = reader.stream, 1 / reader.time_base
    promised = (stream.start_time or 0) + (stream.duration or 0)
    if findings.ended_early or (reader.end is None and times[-1] + reader.begin + second < promised):
        notes.append(f"is damaged; it cannot be read beyond {float(times[-1] * reader.time_base):.1f} s")
    return notes


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Turns what goes wrong while writing ``target`` into a ``VideoError`` of one line."""
    try:
        yield
    except SrganError:
        raise
    except (OSError, av.FFmpegError) as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise VideoError(
            f"{target}: cannot be written ({reason}); mend that, and the same command goes on"
        ) from error
