"""Opens video files, image sequences and pipes, with errors of one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from srgan.errors import UsageError, VideoError
from srgan.files import reason_of
from srgan.images import MOST_PIXELS
from srgan.video.image_sequence import find_pattern, frames_of, is_pattern, number_of
from srgan.video.reading.samples import check_samples
from srgan.video.reading.webp import is_webp, open_webp

USUAL_RATE = Fraction(25)


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turns what goes wrong while reading ``path`` into a ``VideoError`` of one line."""
    try:
        yield
    except VideoError as error:
        raise VideoError(f"{path}: {error}", field=error.field) from error
    except FileNotFoundError as error:
        raise VideoError(f"{path}: there is no such file") from error
    except PermissionError as error:
        raise VideoError(f"{path}: no permission to read it") from error
    except av.FFmpegError as error:
        reason = error.strerror or type(error).__name__
        raise VideoError(f"{path}: is not a video, or is damaged or cut short ({reason})") from error
    except OSError as error:
        raise VideoError(f"{path}: cannot be read ({reason_of(error)})") from error


def frame_limit(max_pixels: int) -> dict[str, str]:
    """Returns FFmpeg's option for a limit of pixels; a little higher, since FFmpeg counts whole blocks."""
    return {"max_pixels": str(max_pixels + max_pixels // 8 + 2**20)}


def open_input(
    source: Path | BinaryIO, rate: Fraction | None = None, max_pixels: int = MOST_PIXELS
) -> InputContainer:
    """Opens a container.

    Args:
        source: a file; an image sequence, as its folder or its pattern; or a stream of bytes.
        rate: frames per second of an image sequence; None is 25, as FFmpeg has it.
        max_pixels: as for :func:`open_file`.

    Raises:
        UsageError: if a rate is given for anything else.
        VideoError: if there is nothing that can be read; the file is not named.
        ImageError: if an animated picture, or a folder, cannot be read.
        av.FFmpegError, OSError: if anything else cannot.
    """
    if isinstance(source, Path) and (source.is_dir() or is_pattern(source)):
        return _open_frames(source, rate or USUAL_RATE)
    if rate is not None:
        raise UsageError(
            f"is for numbered frames, and {source} has times of its own; leave it out", field="fps"
        )
    if isinstance(source, Path):
        if source.stat().st_size == 0:
            raise VideoError("is empty (0 bytes)")
        if is_webp(source):
            return open_webp(source)
        container = open_file(source, max_pixels)
    else:
        container = _open(source, frame_limit(max_pixels))
    if container.format.name.endswith("_pipe") or container.format.name == "image2":
        container.close()
        raise VideoError("is a picture, not a video; give it a picture's extension")
    return container


def open_file(
    path: Path, max_pixels: int = MOST_PIXELS, options: dict[str, str] | None = None
) -> InputContainer:
    """Opens a file, whatever its kind.

    Args:
        path: the file.
        max_pixels: frames with many more are not decoded to find out what the file holds.
        options: FFmpeg's, for its format.

    Raises:
        VideoError: if it would take far more memory than it has bytes; it is not named.
        av.FFmpegError, OSError: if it cannot be opened.
    """
    check_samples(path)
    # With "file:", so that no name is taken for an address.
    return _open(f"file:{path}", {**frame_limit(max_pixels), **(options or {})})


def _open(source: str | BinaryIO, options: dict[str, str]) -> InputContainer:
    return av.open(source, "r", options=options, metadata_errors="surrogateescape")


def _open_frames(source: Path, rate: Fraction) -> InputContainer:
    pattern = find_pattern(source) if source.is_dir() else source
    first = number_of(pattern, frames_of(pattern)[0].name)
    folder = str(pattern.parent).replace("%", "%%")
    options = {"framerate": str(rate), "start_number": str(first), "start_number_range": "1"}
    return av.open(f"file:{folder}/{pattern.name}", "r", format="image2", options=options)


def first_video(container: InputContainer) -> VideoStream:
    """Returns the first video stream that is not a cover picture.

    Raises:
        VideoError: if there is none, or none that can be decoded.
    """
    streams = [stream for stream in container.streams.video if not is_cover(stream)]
    if not streams:
        raise VideoError("has no video, only sound or other streams")
    # A typed attribute, but missing where there is no decoder.
    if getattr(streams[0], "codec_context", None) is None:
        raise VideoError("its codec is unknown; convert it with ffmpeg first")
    return streams[0]


def is_cover(stream: VideoStream) -> bool:
    """Returns whether a stream is a cover picture."""
    return bool(stream.disposition & Disposition.attached_pic)
