"""Checks by its content whether a file is a video."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import av

from srgan.errors import ImageError, VideoError
from srgan.images.recognise import sniff
from srgan.video.reading.opening import first_video, open_file

# Formats that FFmpeg shows as a video but are none, and lists of other files, which may be anywhere.
_NO_VIDEOS = frozenset(("tty", "bin", "xbin", "adf", "idf", "ico", "image2", "hls", "dash", "concat", "sdp"))
# ISO/IEC 23008-12: brands of the files that hold pictures in the form of videos.
_PICTURE_BRANDS = frozenset(
    (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"mif2", b"msf1", b"avif", b"avis")
)


def holds_video(path: Path) -> bool:
    """Returns whether FFmpeg finds a video in a file that is not a picture; False if it cannot be read."""
    try:
        if not path.is_file():
            return False
        state = path.stat()
    except OSError:
        return False
    return _holds_video(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4096)
def _holds_video(path: Path, _size: int, _changed: int) -> bool:
    try:
        if _is_picture(path):
            return False
        with open_file(path) as container:
            name = container.format.name
            if name in _NO_VIDEOS or name.endswith("_pipe"):
                return False
            return first_video(container).codec_context.width > 0
    except (OSError, av.FFmpegError, VideoError):
        return False


def _is_picture(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return head[8:] in _PICTURE_BRANDS
    try:
        sniff(path)
    except ImageError:
        return False
    return True
