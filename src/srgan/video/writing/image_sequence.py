"""Writes an image sequence: one numbered file per frame."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from srgan.errors import ImageError, OutputError, VideoError
from srgan.events import Cancel
from srgan.files import explained, move_file, remove_file, replacing
from srgan.images.formats import FORMATS, check_side, format_of
from srgan.images.picture import Picture
from srgan.images.write import write_picture
from srgan.video.image_sequence import frame_path, whole_numbers
from srgan.video.options import VideoOptions
from srgan.video.pictures import losses_of, picture_size
from srgan.video.reading.reader import VideoReader
from srgan.video.writing.segments import WorkFolder


class ImageSequence:
    """Numbered pictures, see :class:`~srgan.video.writing.output.Output`. Each appears when it is whole.

    Args:
        reader: the input.
        target: the pattern of their names; the first number is 1.
        options: size and quality.

    Raises:
        UsageError: if the pattern's extension is not one of a format that can be written.
        ImageError: if the format cannot hold the size.
    """

    is_upright = keeps_alpha = True

    def __init__(self, reader: VideoReader, target: Path, options: VideoOptions) -> None:
        self._format = name = format_of(target, None)
        self.holds_alpha = FORMATS[name].alpha
        self.size = picture_size(reader, options)
        check_side(target, self.size, FORMATS[name].limit, "png or tiff")
        # With the names: finished frames have them, and are not in the work folder.
        self.settings: dict[str, Any] = {
            "size": list(self.size),
            "pattern": target.name,
            "quality": options.quality,
        }
        self.notes = losses_of(reader)
        self._target, self._quality = target, options.quality

    def begin(self, folder: WorkFolder) -> int:
        """As in ``Output``: keeps the frames of an earlier run of the same job, and deletes others."""
        there, whole = whole_numbers(self._target)
        done = 0
        while folder.resumed and done + 1 in whole:
            done += 1
        with explained(self._target):
            for number in there.difference(range(1, done + 1)):
                remove_file(frame_path(self._target, number))
        return done

    def write(self, folder: WorkFolder, frames: Iterator[tuple[int, NDArray[Any]]]) -> None:
        """As in ``Output``."""
        for number, sr_image in frames:
            # Made in the work folder, so that what a killed process leaves half-written goes with it.
            finished = folder.path / f"{number + 1}.part"
            with replacing(finished, durable=True) as part:
                self._write(part, sr_image)
            folder.bytes += finished.stat().st_size
            move_file(finished, frame_path(self._target, number + 1))

    def _write(self, path: Path, sr_image: NDArray[Any]) -> None:
        pixels = sr_image[..., :3]
        alpha = sr_image[..., 3] if sr_image.shape[2] == 4 else None
        try:
            write_picture(
                path,
                [pixels],
                size=(pixels.shape[1], pixels.shape[0]),
                source=Picture(pixels=pixels, alpha=alpha),
                output_size=self.size,
                file_format=self._format,
                quality=self._quality,
            )
        except ImageError as error:
            raise OutputError(str(error)) from error

    def finish(self, folder: WorkFolder, times: array[int], cancel: Cancel | None) -> None:
        """As in ``Output``."""
        frames = len(times) - 1
        there, whole = whole_numbers(self._target)
        if not there == whole == set(range(1, frames + 1)):
            missing = len(set(range(1, frames + 1)) - whole)
            raise VideoError(
                f"{self._target}: of {frames} frames, {missing} are missing, and {len(there - whole)} are "
                "empty; start over without resuming",
                field="resume",
            )
