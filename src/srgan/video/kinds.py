"""Which files are videos, told by their extensions."""

from __future__ import annotations

from pathlib import Path

from srgan.video.image_sequence import is_pattern

VIDEO_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""FFmpeg's name of the container for each extension that videos are written with."""

VIDEO_EXTENSIONS = frozenset(VIDEO_CONTAINERS) | frozenset(
    (".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".wmv", ".flv", ".3gp", ".ogv", ".vob", ".y4m")
)
"""What is read as a video."""

MOVING_PICTURES = (".gif", ".webp")
"""Pictures that may be animated."""


def is_video(source: Path, target: Path) -> bool:
    """Whether ``target`` is to be made of ``source`` frame by frame: either may be a video or its frames."""
    return (
        source.suffix.lower() in VIDEO_EXTENSIONS
        or target.suffix.lower() in VIDEO_CONTAINERS
        or is_pattern(source)
        or is_pattern(target)
    )
