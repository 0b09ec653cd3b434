"""A result that is a video file, with all the streams of the input."""

from __future__ import annotations

from array import array
from pathlib import Path

from srgan.video.options import VideoOptions
from srgan.video.reading.reader import VideoReader
from srgan.video.writing.encoding import container_of, plan_encoding
from srgan.video.writing.join import join
from srgan.video.writing.output import Segmented
from srgan.video.writing.segments import WorkFolder
from srgan.video.writing.streams import plan_streams


class Film(Segmented):
    """A video file, see :class:`~srgan.video.writing.output.Output`.

    Args:
        reader: the input.
        target: the file; its extension names the container.
        options: size and encoder.

    Raises:
        UsageError: if they do not go together.
    """

    as_pictures = False

    def __init__(self, reader: VideoReader, target: Path, options: VideoOptions) -> None:
        super().__init__(plan_encoding(reader, target, options), reader.colour)
        self._reader, self._target = reader, target
        self._container = container_of(target)
        self.notes = plan_streams(reader.container, reader.stream, self._container)[1]
        if reader.hdr is not None and reader.hdr.settings(self.encoding.codec, {}) is None:
            codec = self.encoding.codec
            self.notes.append(f"has HDR10's mastering metadata: {codec} cannot be told them; libx264 can")
        if reader.aspect not in (None, 1) and self.encoding.aspect == 1:
            self.notes.append(f"has oblong pixels ({reader.aspect}): the result has square ones")

    def finish(self, folder: WorkFolder, times: array[int]) -> None:
        """As in ``Output``."""
        part = folder.path / "whole.part"
        join(self._reader, folder.segments(), times, part, self._container, self.encoding)
        part.replace(self._target)
