"""Upscales one video."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import numpy as np

from srgan.errors import OutputError, SrganError, UsageError
from srgan.events import Cancel, Event, OnEvent, check
from srgan.files import make_folder, reason_of
from srgan.upscaling.size import Upscaled
from srgan.upscaling.upscaler import Upscaler
from srgan.video.image_sequence import find_pattern, frames_of, is_pattern, number_of
from srgan.video.kinds import MOVING_PICTURES, are_frames
from srgan.video.options import VideoOptions
from srgan.video.reading.findings import findings_of
from srgan.video.reading.reader import VideoReader
from srgan.video.stages import enlarge_frames
from srgan.video.writing.animated import AnimatedPicture
from srgan.video.writing.encoding import container_of
from srgan.video.writing.finishing import note_finish
from srgan.video.writing.image_sequence import ImageSequence
from srgan.video.writing.output import Output
from srgan.video.writing.segments import WorkFolder
from srgan.video.writing.video_file import VideoFile

_KEPT = "fix that, and the same command continues from here"
_HEAD = 2**20  # bytes of the input that identify it, with its size and age


@dataclass(frozen=True, kw_only=True)
class UpscaledVideo(Upscaled):
    """The outcome of upscaling a video.

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
    """Upscales one video, with its sound, subtitles, chapters, attachments and time stamps.

    The result appears under its name only when it is whole. Until then the work is kept in a hidden folder
    beside it; after an interruption of any kind, the same call continues from there.

    Args:
        source: mp4, mkv, mov, webm, avi, GIF, WebP, or whatever else FFmpeg reads; or an image sequence,
            as its folder or its pattern, such as ``frames/%05d.png``.
        target: mp4, m4v, mkv, mov, webm, GIF or WebP, by its extension; or a pattern, for an image
            sequence. Replaced if it exists: with a pattern, all files that follow it are. Its folder is
            made if absent.
        upscaler: the model; None is ``Upscaler()``.
        options: part, size and encoder.
        on_event: called after every frame with the number of upscaled frames, those of an earlier run
            included; the figures are "bytes", written so far, and "resumed", the frames of an earlier run.
        cancel: asked before every tile, packet and frame that is written, and while a stage waits, whether to
            stop. What is done by then is kept, and the same call continues from there.

    Raises:
        UsageError: if source and target are the same file, or the options do not go together.
        VideoError: if the source cannot be read.
        ImageError: if an animated picture cannot be read, or the target cannot hold the size.
        OutputError: if the target cannot be written; the same call continues once that is fixed.
        InUseError: if another process is writing the target.
        CancelledError: if ``cancel`` says so.
    """
    source, target = Path(source), Path(target)
    upscaler = upscaler or Upscaler()
    options = (options or VideoOptions()).for_network(upscaler.scale)
    kind = _kind_of(source, target, options)
    with closing(_reader(source, options)) as reader:
        files = _files_of(source)
        if any(_is_output(file, target, are_frames=kind is ImageSequence) for file in files):
            raise UsageError(f"{target}: is the input itself; choose another output")
        output = kind(reader, target, options)
        with _explained(target):
            make_folder(target.parent)
            check(cancel)
            job = _job(reader, files, upscaler, output)
            with closing(WorkFolder(target, job, resume=options.resume)) as folder:
                times = _enlarge(reader, upscaler, output, folder, on_event, cancel)
                note_finish(folder.path, target)
                output.finish(folder, times, cancel)
                folder.remove()
        return UpscaledVideo(
            input_size=reader.size,
            output_size=output.size,
            frames=len(times) - 1,
            is_deep=reader.colour.deep,
            repeated=reader.findings.repeated,
            notes=tuple(output.notes + _laid_on_white(reader, output) + findings_of(reader, times)),
        )


def _reader(source: Path, options: VideoOptions) -> VideoReader:
    return VideoReader(
        source, start=options.start, end=options.end, fps=options.fps, max_pixels=options.max_pixels
    )


def _laid_on_white(reader: VideoReader, output: Output) -> list[str]:
    if not reader.findings.transparent or output.holds_alpha:
        return []
    return ["is transparent in places, which are laid over white; webm, mov, WebP and numbered PNG keep them"]


def _kind_of(
    source: Path, target: Path, options: VideoOptions
) -> Callable[[VideoReader, Path, VideoOptions], Output]:
    """Chooses the writer of the result by its name."""
    is_sequence = are_frames(source, target)
    if not is_sequence and target.suffix.lower() not in MOVING_PICTURES:
        container_of(target)
        return VideoFile
    for name in ("codec", "crf", "preset"):
        if getattr(options, name) is not None:
            raise UsageError(f"is for video files, and {target} is not one; leave it out", field=name)
    return ImageSequence if is_sequence else AnimatedPicture


def _files_of(source: Path) -> list[Path]:
    """Returns the files of an input."""
    if source.is_dir():
        return frames_of(find_pattern(source))
    return frames_of(source) if is_pattern(source) else [source]


def _is_output(file: Path, target: Path, *, are_frames: bool) -> bool:
    """Returns whether writing ``target``, a file or an image sequence, would replace a file."""
    if are_frames:
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
    """Makes the missing frames.

    Returns:
        When each frame of the result is shown, and when the last one ends, in units of the time base.
    """
    done = output.begin(folder)

    def report(frames: int) -> None:
        if on_event is not None:
            figures = {"bytes": folder.bytes, "resumed": done}
            on_event(Event(done=frames, total=reader.frames_expected, unit="frames", figures=figures))

    return enlarge_frames(
        reader,
        upscaler,
        partial(output.write, folder),
        report,
        done=done,
        is_upright=output.is_upright,
        keeps_alpha=output.keeps_alpha,
        cancel=cancel,
    )


def _job(reader: VideoReader, files: Sequence[Path], upscaler: Upscaler, output: Output) -> dict[str, Any]:
    """Returns all that determines the result, for JSON."""
    with files[0].open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD)).hexdigest()
    states = [(file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    # The network's result for a picture stands for the model and for every option it is run with.
    probe = (np.arange(24 * 24 * 3) * 37 % 256).astype(np.uint8).reshape(24, 24, 3)
    return {
        "source": {"head": head, "files": hashlib.sha256(repr(states).encode()).hexdigest()},
        "part": [reader.begin, reader.end],
        "rate": str(reader.rate),
        "output": output.settings,
        "network": hashlib.sha256(upscaler.upscale(probe).tobytes()).hexdigest(),
        "versions": {name: version(name) for name in ("srgan", "av")},
    }


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Adds to an error while ``target`` is written that the finished part is kept."""
    try:
        yield
    except OutputError as error:
        cause = error.__cause__
        message = f"{target}: cannot be written ({reason_of(cause)})" if isinstance(cause, OSError) else error
        raise OutputError(f"{message}; {_KEPT}") from error
    except SrganError:
        raise
    except (OSError, av.FFmpegError) as error:
        reason = reason_of(OSError(error.errno, error.strerror))
        raise OutputError(f"{target}: cannot be written ({reason}); {_KEPT}") from error
