"""A result that is a video file, with all the streams of the input."""

from __future__ import annotations

from array import array
from pathlib import Path

from srgan.events import Cancel
from srgan.files import replacing
from srgan.video.options import VideoOptions
from srgan.video.reading.reader import VideoReader
from srgan.video.writing.encoding import container_of, plan_encoding
from srgan.video.writing.join import join
from srgan.video.writing.output import Segmented
from srgan.video.writing.segments import WorkFolder
from srgan.video.writing.streams import plan_streams


class VideoFile(Segmented):
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
            self.notes.append(f"has HDR10 mastering metadata, which {codec} does not take; libx264 does")
        if reader.aspect not in (None, 1) and self.encoding.aspect == 1:
            self.notes.append(f"has non-square pixels ({reader.aspect}); those of the result are square")

    def finish(self, folder: WorkFolder, times: array[int], cancel: Cancel | None) -> None:
        """As in ``Output``."""
        with replacing(self._target, durable=True) as part:
            join(self._reader, folder.segments(), times, part, self._container, self.encoding, cancel=cancel)
