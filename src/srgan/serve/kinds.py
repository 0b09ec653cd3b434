"""Recognises uploads by their content alone, and refuses what it does not know."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from srgan.errors import ImageError, VideoError
from srgan.images.opening import open_picture
from srgan.images.recognise import sniff
from srgan.images.tiff_layout import RAW_ADVICE
from srgan.serve.problems import ProblemError
from srgan.serve.settings import Limits
from srgan.video.reading.opening import explained, first_video, open_file

_PICTURES = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "WEBP": ".webp",
    "TIFF": ".tiff",
    "BMP": ".bmp",
    "AVIF": ".avif",
    "HEIF": ".heic",
    "GIF": ".gif",
}
_KINDS = (
    "pictures (PNG, JPEG, WebP, TIFF, BMP, AVIF, HEIC, GIF) and videos (MP4, MOV, MKV, WebM, AVI, MPEG, FLV)"
)
_SAFE = {"format_whitelist": "mov,matroska,avi,mpeg,mpegts,flv", "protocol_whitelist": "file"}
"""Keeps FFmpeg from playlists (HLS, DASH, concat, SDP), which may point to any file or host."""

_LONG = 4_000_000  # pixels; a picture with more must not keep others waiting
_MOVING = 10  # all frames of a moving picture may have this many times a still one's limit


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Describes an upload.

    Attributes:
        extension: file extension with its dot.
        size: (width, height) in pixels.
        is_video: whether it is a video.
        is_long: whether it goes to the lane of long jobs.
    """

    extension: str
    size: tuple[int, int]
    is_video: bool = False
    is_long: bool = False


def recognise(file: Path, limits: Limits) -> Kind:
    """Recognises an upload.

    Args:
        file: the upload, which messages call "the file".
        limits: on pixels and duration.

    Raises:
        ProblemError: if the type is not supported, the file is too large, or it is visibly damaged.
    """
    try:
        picture = _PICTURES.get(sniff(file))
    except ImageError as error:
        return _video(file, limits, _said(error, file))
    assert picture is not None
    try:
        with open_picture(file, limits.pixels) as opened:
            size, count = opened.size, opened.count
    except ImageError as error:
        raise ProblemError.of(ImageError(_said(error, file), field=error.field)) from error
    pixels = size[0] * size[1] * count
    if pixels > _MOVING * limits.pixels:
        raise _too_large(f"its {count} frames have {pixels:,} pixels together")
    return Kind(extension=picture, size=size, is_long=pixels > _LONG)


def _video(file: Path, limits: Limits, why_no_picture: str) -> Kind:
    with file.open("rb") as opened:
        extension = _video_extension(opened.read(4096))
    if why_no_picture.endswith(RAW_ADVICE):
        raise _not_taken(why_no_picture)
    if extension is None:
        raise _not_taken(f"the file is neither a picture nor a video of a supported type; send {_KINDS}")
    try:
        with explained(file), open_file(file, limits.pixels, _SAFE) as container:
            stream = first_video(container)
            size = stream.codec_context.width, stream.codec_context.height
            seconds = _seconds(container, stream)
    except VideoError as error:
        raise ProblemError.of(VideoError(_said(error, file), field=error.field)) from error
    if size[0] * size[1] > limits.pixels:
        raise _too_large(f"its frames have {size[0]}x{size[1]} pixels")
    if seconds > limits.video_seconds:
        raise _too_large(f"it lasts {seconds:.0f} seconds, and {limits.video_seconds:.0f} are allowed")
    return Kind(extension=extension, size=size, is_video=True, is_long=True)


def _seconds(container: InputContainer, stream: VideoStream) -> float:
    """Returns how long a video lasts, by its packets: a header may lack it, or be wrong."""
    begins, ends = [], []
    with suppress(av.FFmpegError):  # the job reports a damaged rest
        for packet in container.demux(stream):
            if packet.pts is not None:
                begins.append(packet.pts)
                ends.append(packet.pts + (packet.duration or 0))
    return float((max(ends) - min(begins)) * (stream.time_base or 0)) if ends else 0.0


def _video_extension(head: bytes) -> str | None:
    """Returns the extension of the container that a file begins with; None if it is not supported."""
    if head[4:8] == b"ftyp" or head[4:8] in (b"moov", b"mdat", b"wide", b"free"):
        return ".mov" if head[8:12] == b"qt  " or head[4:8] != b"ftyp" else ".mp4"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return ".webm" if b"webm" in head[:64] else ".mkv"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return ".avi"
    if head.startswith(b"\0\0\1\xba"):
        return ".mpg"
    if head.startswith(b"FLV\1"):
        return ".flv"
    is_transport = [head[place : place + 1] == b"G" for place in (0, 188, 376)]
    return ".ts" if all(is_transport) else None


def _said(error: Exception, file: Path) -> str:
    return str(error).replace(f"{file}:", "the file")


def _not_taken(sentence: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence, code="type", field="file")


def _too_large(what: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"the file is too large: {what}; send a smaller one",
        code="image",
        field="file",
    )
