"""Writes a video file with all the streams of the input."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import av

from srgan.events import Cancel
from srgan.files import replacing
from srgan.video.options import VideoOptions
from srgan.video.reading.reader import VideoReader
from srgan.video.writing.encoding import container_of, plan_encoding
from srgan.video.writing.join import join
from srgan.video.writing.output import Segmented
from srgan.video.writing.plan import Contents, Plan, plan_streams
from srgan.video.writing.rehearsal import check_disk, rehearse
from srgan.video.writing.segments import Segments


class VideoFile(Segmented):
    """A video file, see :class:`~srgan.video.writing.output.Output`.

    Args:
        reader: the input.
        target: the file; its extension names the container.
        options: size and encoder.

    Raises:
        UsageError: if they do not go together.
    """

    is_upright = False

    def __init__(self, reader: VideoReader, target: Path, options: VideoOptions) -> None:
        super().__init__(plan_encoding(reader, target, options), reader.colour)
        self._reader, self._target = reader, target
        self._container = container_of(target)
        self.keeps_alpha = self.holds_alpha = self.encoding.has_alpha
        self._contents, self.notes = rehearse(reader, self.encoding, self._container)
        if reader.hdr is not None and reader.hdr.settings(self.encoding.codec, {}) is None:
            codec = self.encoding.codec
            self.notes.append(f"has HDR10 mastering metadata, which {codec} does not take; libx264 does")
        if reader.colour.deep and not self.encoding.is_deep:
            self.notes.append(f"has {reader.colour.depth} bits a sample; those of the result have 8")
        if reader.aspect not in (None, 1) and self.encoding.aspect == 1:
            self.notes.append(f"has non-square pixels ({reader.aspect}); those of the result are square")

    def finish(self, folder: Segments, times: array[int], cancel: Cancel | None) -> None:
        """As in ``Output``."""
        with replacing(self._target, durable=True) as part:

            def write(contents: Contents) -> None:
                join(
                    self._reader,
                    folder.segments(),
                    times,
                    part,
                    self._container,
                    self.encoding,
                    contents,
                    cancel=cancel,
                )

            try:
                write(self._contents)
            except (av.FFmpegError, ValueError) as error:
                check_disk(error)
                # A later packet is unlike those of the rehearsal: the computed frames are kept all the same.
                write(self._without_refused(write))

    def _without_refused(self, write: Callable[[Contents], None]) -> Contents:
        """Returns the contents without the streams that the container refuses, which are noted."""

        def is_written(plans: Sequence[Plan]) -> bool:
            try:
                write(replace(self._contents, plans=tuple(plans)))
            except (av.FFmpegError, ValueError) as error:
                check_disk(error)
                return False
            return True

        reader = self._reader
        plans, notes = plan_streams(reader.container, reader.stream, self._container, is_written)
        self.notes += [note for note in notes if note not in self.notes]
        return replace(self._contents, plans=plans)
