"""One picture file in, one larger picture file out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import tee
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.errors import ImageError, UsageError
from srgan.events import Event
from srgan.images.animation import Animation, read_frames, write_frames
from srgan.images.picture import Picture
from srgan.images.read import DEFAULT_MAX_PIXELS, read_picture
from srgan.images.write import write_picture
from srgan.upscaling.size import OutputSize, Upscaled
from srgan.upscaling.upscaler import Upscaler
from srgan.video.kinds import MOVING_PICTURES

Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class PictureOptions(OutputSize):
    """How results are sized and written; the size as in :class:`~srgan.upscaling.size.OutputSize`.

    Attributes:
        quality: 1 to 100, for lossy formats; None is each format's default.
        max_pixels: inputs with more are refused.

    Raises:
        UsageError: if a value is out of range.
    """

    quality: int | None = None
    max_pixels: int = DEFAULT_MAX_PIXELS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise UsageError(f"the quality must be from 1 to 100, not {self.quality}")
        if self.max_pixels < 1:
            raise UsageError(f"the limit of pixels must be at least 1, not {self.max_pixels}")


def upscale_file(
    source: Path,
    target: Path,
    upscaler: Upscaler,
    options: PictureOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Upscaled:
    """Enlarges one file; the result appears under its name only when it is whole.

    Transparency, colour profile, EXIF and resolution are kept, see
    :func:`~srgan.images.write.write_picture`; GIF holds neither profile nor EXIF. A moving picture stays one
    where the target is GIF or WebP; elsewhere its first frame is taken.

    Args:
        source: the picture.
        target: the result, of the format that its extension names; its folder is made if absent.
        upscaler: the model.
        options: size and quality.
        progress: called with the finished share, in (0, 1].

    Raises:
        UsageError: if source and target are the same file, or the format cannot be written.
        ImageError: if the source cannot be read or the target not be written.
    """
    options = (options or PictureOptions()).for_network(upscaler.scale)
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{target}: is the input itself; choose another output")
    if target.suffix.lower() in MOVING_PICTURES:
        animation = read_frames(source, max_pixels=options.max_pixels)
        if len(animation.durations) > 1 or target.suffix.lower() == ".gif":
            return _upscale_frames(animation, target, upscaler, options, progress)
    picture = read_picture(source, max_pixels=options.max_pixels)
    width, height = picture.size
    output_size = options.output_size(width, height)
    _make_folder(target)

    def write(bands: Iterator[NDArray[np.uint8]]) -> None:
        write_picture(
            target,
            bands,
            size=(upscaler.scale * width, upscaler.scale * height),
            source=picture,
            output_size=output_size,
            quality=options.quality,
        )

    def report(event: Event) -> None:
        if progress is not None:
            progress(event.share or 0.0)

    upscaler.stream(picture.pixels, write, on_event=report)
    return Upscaled(input_size=(width, height), output_size=output_size)


def _upscale_frames(
    animation: Animation,
    target: Path,
    upscaler: Upscaler,
    options: PictureOptions,
    progress: Progress | None,
) -> Upscaled:
    count = len(animation.durations)
    output_size = options.output_size(*animation.size)

    def enlarged() -> Iterator[NDArray[np.uint8]]:
        frames, sources = tee(animation.frames)
        results = upscaler.frames(source.pixels for source in sources)
        for number, (frame, result) in enumerate(zip(frames, results, strict=True)):
            yield _finish_frame(frame, result, output_size)
            if progress is not None:
                progress((number + 1) / count)

    _make_folder(target)
    write_frames(
        target,
        enlarged(),
        size=output_size,
        durations=animation.durations,
        plays=animation.plays,
        icc_profile=animation.icc_profile,
        exif=animation.exif,
        quality=options.quality,
    )
    return Upscaled(input_size=animation.size, output_size=output_size, frames=count)


def _make_folder(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"{target}: its folder cannot be made ({error.strerror})") from error


def _finish_frame(
    frame: Picture, enlarged: NDArray[np.uint8], output_size: tuple[int, int]
) -> NDArray[np.uint8]:
    """One frame as (height, width, 3 or 4), uint8, with its transparency."""
    pixels = _resized(enlarged, output_size, Image.Resampling.LANCZOS)
    if frame.alpha is None:
        return pixels
    alpha = _resized(frame.alpha, output_size, Image.Resampling.BICUBIC)
    return np.dstack((pixels, alpha))


def _resized(array: NDArray[np.uint8], size: tuple[int, int], method: Image.Resampling) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(array).resize(size, method))
