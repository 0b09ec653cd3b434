"""A job: one input, its results and its options."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from srgan.jobs.options import JobOptions
from srgan.video.kinds import is_video

Existing = Literal["refuse", "skip", "replace"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One input, the files made from it, and how.

    Attributes:
        source: a picture, a video, or the pattern or the folder of an image sequence; or a picture as a file
            open in binary mode.
        target: the result; for a picture also a file open in binary mode, whose format
            ``options.file_format`` names.
        panels: a picture of low-res | bicubic | result side by side; None for none. Pictures only.
        invented: a PNG that shows what the model invented; None for none. Pictures only.
        options: model, size, format, and what concerns videos.
        existing: what to do if one of the files exists already.
    """

    source: Path | BinaryIO
    target: Path | BinaryIO
    panels: Path | BinaryIO | None = None
    invented: Path | BinaryIO | None = None
    options: JobOptions = field(default_factory=JobOptions)
    existing: Existing = "refuse"

    @property
    def is_video(self) -> bool:
        """Whether it is upscaled frame by frame."""
        return (
            isinstance(self.source, Path)
            and isinstance(self.target, Path)
            and is_video(self.source, self.target)
        )

    @property
    def outputs(self) -> list[Path]:
        """All files that the job writes."""
        files = (self.target, self.panels, self.invented)
        return [file for file in files if isinstance(file, Path)]
