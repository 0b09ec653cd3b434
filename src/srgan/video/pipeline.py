"""One video in, one larger video out."""

from __future__ import annotations

import errno
import hashlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import numpy as np

from srgan.errors import SrganError, UsageError, VideoError
from srgan.events import Cancel, Event, OnEvent
from srgan.upscaling.size import Upscaled
from srgan.upscaling.upscaler import Upscaler
from srgan.video.image_sequence import find_pattern, frames_of, is_pattern, number_of
from srgan.video.kinds import MOVING_PICTURES
from srgan.video.options import VideoOptions
from srgan.video.reading.findings import findings_of
from srgan.video.reading.reader import VideoReader
from srgan.video.stages import enlarge_frames
from srgan.video.writing.encoding import container_of
from srgan.video.writing.film import Film
from srgan.video.writing.moving import MovingPicture
from srgan.video.writing.output import Output
from srgan.video.writing.segments import SEGMENT_FRAMES, WorkFolder
from srgan.video.writing.stills import Stills

_HEAD = 2**20  # bytes of the input that its identity is told by, beside its size and age


@dataclass(frozen=True, kw_only=True)
class UpscaledVideo(Upscaled):
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
    on_event: OnEvent | None = None,
    cancel: Cancel | None = None,
) -> UpscaledVideo:
    """Enlarges one video, with its sound, subtitles, chapters, attachments and time stamps.

    The result appears under its name only when it is whole. Until then the work lies in a hidden folder
    beside it; after an interruption of any kind, the same call goes on from there.

    Args:
        source: mp4, mkv, mov, webm, avi, GIF, WebP, or whatever else FFmpeg reads; a folder of numbered
            frames, or their pattern, such as ``frames/%05d.png``.
        target: mp4, m4v, mkv, mov, webm, GIF or WebP, told by the extension; or a pattern, for a picture of
            each frame. Replaced if it exists: with a pattern, all files that follow it are. Its folder is
            made if absent.
        upscaler: the model; None is ``Upscaler()``.
        options: part, size and encoder.
        on_event: takes an event after every frame, those of an interrupted run included in what is done;
            figures: "bytes" of the finished segments, and "resumed", the frames of an earlier run.
        cancel: asked before every tile whether to stop; the same call goes on from there.

    Raises:
        UsageError: if source and target are the same file, or the options do not go together.
        VideoError: if the source cannot be read, or the target not be written.
        ImageError: if a moving picture cannot be read, or the target cannot hold the size.
    """
    source, target = Path(source), Path(target)
    upscaler = upscaler or Upscaler()
    options = (options or VideoOptions()).for_network(upscaler.scale)
    kind = _kind_of(target, options)
    with closing(VideoReader(source, start=options.start, end=options.end, fps=options.fps)) as reader:
        files = _files_of(source)
        if any(_is_output(file, target) for file in files):
            raise UsageError(f"{target}: is the input itself; choose another output")
        output = kind(reader, target, options)
        with _explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            job = _job(reader, files, upscaler, output)
            with closing(WorkFolder(target, job, resume=options.resume)) as folder:
                times = _enlarge(reader, upscaler, output, folder, on_event, cancel)
                output.finish(folder, times)
                folder.remove()
        return UpscaledVideo(
            input_size=reader.size,
            output_size=output.size,
            frames=len(times) - 1,
            repeated=reader.findings.repeated,
            notes=tuple(output.notes + findings_of(reader, times)),
        )


def _kind_of(target: Path, options: VideoOptions) -> Callable[[VideoReader, Path, VideoOptions], Output]:
    """What makes the result, told by its name."""
    if not is_pattern(target) and target.suffix.lower() not in MOVING_PICTURES:
        container_of(target)
        return Film
    for name in ("codec", "crf", "preset"):
        if getattr(options, name) is not None:
            raise UsageError(f"is for films, and {target} is not one; leave it out", field=name)
    return Stills if is_pattern(target) else MovingPicture


def _files_of(source: Path) -> list[Path]:
    """The files that an input consists of."""
    if source.is_dir():
        return frames_of(find_pattern(source))
    return frames_of(source) if is_pattern(source) else [source]


def _is_output(file: Path, target: Path) -> bool:
    """Whether writing ``target`` would replace a file."""
    if is_pattern(target):
        in_folder = target.parent.is_dir() and target.parent.samefile(file.parent)
        return in_folder and number_of(target, file.name) is not None
    return target.exists() and target.samefile(file)


def _enlarge(
    reader: VideoReader,
    upscaler: Upscaler,
    output: Output,
    folder: WorkFolder,
    on_event: OnEvent | None,
    cancel: Cancel | None,
) -> array[int]:
    """Makes the frames that are not there yet.

    Returns:
        When each frame of the result is shown, and when the last one ends, in units of the time base.
    """
    done = output.begin(folder)

    def report(number: int) -> None:
        if on_event is not None:
            figures = {"bytes": folder.bytes, "resumed": done}
            expected = reader.frames_expected
            on_event(Event(done=done + number, total=expected, unit="frames", figures=figures))

    try:
        times = enlarge_frames(
            reader, upscaler, output.write, report, done=done, as_pictures=output.as_pictures, cancel=cancel
        )
        output.end()
    finally:
        output.discard()
    return times


def _job(reader: VideoReader, files: Sequence[Path], upscaler: Upscaler, output: Output) -> dict[str, Any]:
    """All that decides what the result will be, as JSON holds it."""
    with files[0].open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD)).hexdigest()
    states = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    # What the network makes of a picture stands for the model and for every option it is run with.
    probe = (np.arange(24 * 24 * 3) * 37 % 256).astype(np.uint8).reshape(24, 24, 3)
    return {
        "source": {"head": head, "files": hashlib.sha256(repr(states).encode()).hexdigest()},
        "part": [reader.begin, reader.end],
        "rate": str(reader.rate),
        "output": output.settings,
        "network": hashlib.sha256(upscaler.upscale(probe).tobytes()).hexdigest(),
        "segment": SEGMENT_FRAMES,
        "versions": {name: version(name) for name in ("srgan", "av")},
    }


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
