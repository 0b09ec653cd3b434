"""Options of pictures, and of any job."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Any

from srgan.errors import UsageError
from srgan.images import MOST_PIXELS
from srgan.networks.onnx import OnnxForm
from srgan.upscaling.size import OutputSize
from srgan.video.options import VideoOptions


@dataclass(frozen=True, kw_only=True)
class PictureOptions(OutputSize):
    """How results are sized and written; the size as in :class:`~srgan.upscaling.size.OutputSize`.

    Attributes:
        file_format: png, jpg, tiff, webp, avif or gif, for results that have no name with an extension.
        quality: 1 to 100, for lossy formats; None is each format's default.
        max_pixels: inputs with more are refused.

    Raises:
        UsageError: if a value is out of range.
    """

    file_format: str | None = None
    quality: int | None = None
    max_pixels: int = MOST_PIXELS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise UsageError(f"the quality must be from 1 to 100, not {self.quality}", field="quality")
        if self.max_pixels < 1:
            raise UsageError(
                f"the limit on pixels must be at least 1, not {self.max_pixels}", field="max_pixels"
            )


@dataclass(frozen=True, kw_only=True)
class JobOptions(PictureOptions):
    """All options of a job, for a picture or a video.

    Attributes:
        model: name or file; None leaves the choice, see :class:`~srgan.jobs.models.Models`.
        detail, denoise, halo, onnx, consistent: as in :class:`~srgan.upscaling.upscaler.Upscaler`.
        codec, crf, preset, start, end, fps, resume: as in :class:`~srgan.video.options.VideoOptions`.

    Raises:
        UsageError: if a value is out of range, or there is no such encoder.
    """

    model: str | Path | None = None
    detail: float | None = None
    denoise: float | None = None
    halo: int | None = None
    onnx: OnnxForm | None = None
    consistent: bool = False
    codec: str | None = None
    crf: int | None = None
    preset: str | None = None
    start: Fraction | float = 0
    end: Fraction | float | None = None
    fps: Fraction | None = None
    resume: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("detail", "denoise"):
            share = getattr(self, name)
            if share is not None and not 0 <= share <= 1:
                raise UsageError(f"{name} must be from 0 to 1, not {share:g}", field=name)
        if self.halo is not None and self.halo < 0:
            raise UsageError(f"the halo must be 0 or more, not {self.halo}", field="halo")
        _ = self.video
        if self.codec is not None:
            from srgan.video.writing.encoding import find_encoder

            find_encoder(self.codec)

    @property
    def video(self) -> VideoOptions:
        """The options that concern videos."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(VideoOptions)}
        return VideoOptions(**values)
