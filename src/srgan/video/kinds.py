"""Distinguishes videos from pictures."""

from __future__ import annotations

from pathlib import Path

from srgan.images.read import EXTENSIONS
from srgan.video.image_sequence import has_number, is_pattern

VIDEO_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""FFmpeg's name of the container for each extension that videos are written with."""

VIDEO_EXTENSIONS = frozenset(VIDEO_CONTAINERS) | frozenset(
    (".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".wmv", ".flv", ".3gp", ".ogv", ".vob", ".y4m")
)
"""Extensions that always mean a video; other files are looked into."""

MOVING_PICTURES = (".gif", ".webp")
"""Pictures that may be animated."""


def is_video_file(path: Path) -> bool:
    """Returns whether a file is a video, by its extension or, failing that, by its content."""
    extension = path.suffix.lower()
    if extension in VIDEO_EXTENSIONS or extension in EXTENSIONS:
        return extension in VIDEO_EXTENSIONS
    # Imported here: pictures must not wait for the video library.
    from srgan.video.reading.probe import holds_video

    return holds_video(path)


def is_video(source: Path, target: Path) -> bool:
    """Returns whether a job runs frame by frame: its input or output is a video or an image sequence."""
    return (
        target.suffix.lower() in VIDEO_CONTAINERS
        or is_pattern(source)
        or are_frames(source, target)
        or is_video_file(source)
    )


def are_frames(source: Path, target: Path) -> bool:
    """Returns whether ``target`` names an image sequence, unless ``source`` has the same kind of name."""
    if not is_pattern(target) or target.suffix.lower() in VIDEO_CONTAINERS:
        return False
    return not has_number(source) or is_pattern(source)
