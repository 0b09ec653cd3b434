"""A result that is numbered pictures, one for each frame."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from srgan.errors import ImageError, VideoError
from srgan.images.formats import FORMATS, check_side, format_of
from srgan.images.picture import Picture
from srgan.images.write import write_picture
from srgan.video.image_sequence import frame_path, numbers
from srgan.video.options import VideoOptions
from srgan.video.pictures import losses_of, picture_size
from srgan.video.reading.reader import VideoReader
from srgan.video.writing.segments import WorkFolder, settle


class Stills:
    """Numbered pictures, see :class:`~srgan.video.writing.output.Output`. Each appears when it is whole.

    Args:
        reader: the input.
        target: the pattern of their names; the first number is 1.
        options: size and quality.

    Raises:
        UsageError: if the pattern's extension is of no format that is written.
        ImageError: if the format cannot hold the size.
    """

    as_pictures = True

    def __init__(self, reader: VideoReader, target: Path, options: VideoOptions) -> None:
        self._format = name = format_of(target, None)
        self.size = picture_size(reader, options)
        check_side(target, self.size, FORMATS[name].limit, "png or tiff")
        self.settings: dict[str, Any] = {"size": list(self.size), "format": name, "quality": options.quality}
        self.notes = losses_of(reader)
        self._target, self._quality = target, options.quality

    def begin(self, folder: WorkFolder) -> int:
        """As in ``Output``: the frames of an earlier run count if it was of the same job, else they go."""
        there = set(numbers(self._target))
        self._folder, self._done = folder, 0
        while folder.resumed and self._done + 1 in there:
            self._done += 1
        for number in there.difference(range(1, self._done + 1)):
            frame_path(self._target, number).unlink()
        return self._done

    def write(self, sr_image: NDArray[Any]) -> None:
        """As in ``Output``."""
        # Under one name in a folder of its own: beside many thousand frames, looking for what a killed
        # process left of each would take its time.
        part = self._folder.path / "frame.part"
        pixels = sr_image[..., :3]
        alpha = sr_image[..., 3] if sr_image.shape[2] == 4 else None
        try:
            write_picture(
                part,
                [pixels],
                size=(pixels.shape[1], pixels.shape[0]),
                source=Picture(pixels=pixels, alpha=alpha),
                output_size=self.size,
                file_format=self._format,
                quality=self._quality,
            )
        except ImageError as error:
            raise VideoError(f"{error}; mend that, and the same command goes on") from error
        self._folder.bytes += part.stat().st_size
        settle(part, frame_path(self._target, self._done + 1))
        self._done += 1

    def end(self) -> None:
        """As in ``Output``."""

    def discard(self) -> None:
        """As in ``Output``: nothing is ever half-written."""

    def finish(self, folder: WorkFolder, times: array[int]) -> None:
        """As in ``Output``."""
        if self._done != len(times) - 1:
            raise VideoError(f"{folder.path}: {self._done} of {len(times) - 1} frames; add --no-resume")
