"""Writes a trial of the target before the first frame is computed, so that nothing is refused at the end."""

from __future__ import annotations

import errno
from array import array
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

import av
from av import VideoFrame
from av.container import InputContainer
from av.stream import Stream

from srgan.errors import OutputError, UsageError
from srgan.files import reason_of, temporary_folder
from srgan.video.colour import Converter
from srgan.video.reading.reader import VideoReader
from srgan.video.writing.boxes import (
    Marks,
    are_alike,
    is_marked,
    is_spherical,
    marks_of,
    read_marks,
    stereo_mode,
)
from srgan.video.writing.encoding import Encoding
from srgan.video.writing.join import BOXED, join, tags_of
from srgan.video.writing.plan import Contents, is_known, plan_streams
from srgan.video.writing.segments import encode_segment

_FRAMES = 2
_OF_THE_DISK = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EACCES)


def rehearse(reader: VideoReader, encoding: Encoding, output: str) -> tuple[Contents, list[str]]:
    """Finds out what a target can hold, by writing all its streams with header, packets and trailer.

    Args:
        reader: the input; its first frame stands for all.
        encoding: the video's.
        output: libavformat's name of the target's format.

    Returns:
        What goes beside the video, and a sentence about each thing that is lost or changed.

    Raises:
        UsageError: if not even the video alone can be written.
        OutputError: if there is no room for the attempts.
    """
    with temporary_folder() as folder:
        stage = _Stage(reader, encoding, output, folder)
        contents, notes = stage.with_timecode()
        plans, more = plan_streams(
            reader.container,
            reader.stream,
            output,
            lambda plans: stage.holds(replace(contents, plans=tuple(plans))),
        )
        contents, lost = stage.with_marks(stage.with_tags(replace(contents, plans=plans)))
        stage.write(contents)
        return contents, [*notes, *more, *lost, *stage.losses(contents)]


class _Stage:
    """A folder for trials of the target."""

    def __init__(self, reader: VideoReader, encoding: Encoding, output: str, folder: Path) -> None:
        self._reader, self._encoding, self._output = reader, encoding, output
        self._segment, self._part = folder / "segment.mkv", folder / "part"
        converter = Converter(reader.colour)
        frame = converter.to_rgb(reader.first_image, reader.size)
        frames = ((number, frame) for number in range(_FRAMES))
        try:
            encode_segment(self._segment, begin=0, encoding=encoding, converter=converter, frames=frames)
            self.write(Contents())
        except (OSError, av.FFmpegError, ValueError) as error:
            check_disk(error)
            settings = " ".join(f"{name}={value}" for name, value in encoding.settings.items())
            width, height = encoding.size
            raise UsageError(
                f"{encoding.codec} cannot encode {width}x{height} {encoding.pixel_format} with {settings} "
                f"in {output}; choose another encoder, crf or preset",
                field="codec",
            ) from error

    def write(self, contents: Contents) -> None:
        """Writes the target with the first packets of all streams."""
        reader = self._reader
        step = max(1, round(1 / reader.rate / reader.time_base))
        times = array("q", range(0, (_FRAMES + 1) * step, step))
        join(
            reader, [self._segment], times, self._part, self._output, self._encoding, contents, is_sample=True
        )

    def holds(self, contents: Contents) -> bool:
        """Returns whether the target can be written, and has its streams when it is read back."""
        try:
            self.write(contents)
            with av.open(str(self._part), metadata_errors="surrogateescape") as result:
                found = Counter(stream.type for stream in result.streams if _is_playable(stream))
        except (OSError, av.FFmpegError, ValueError) as error:
            check_disk(error)
            return False
        streams = self._reader.container.streams
        wanted = (streams[plan.index].type for plan in contents.plans)
        return Counter([self._reader.stream.type, *wanted]) <= found

    def with_timecode(self) -> tuple[Contents, list[str]]:
        """Adds the timecode of the input, if the target takes it."""
        timecode = _timecode(self._reader)
        if timecode is None:
            return Contents(), []
        if self._reader.begin:
            return Contents(), [f"its timecode {timecode} is left out: it belongs to another first frame"]
        contents = Contents(timecode=timecode)
        if self.holds(contents):
            return contents, []
        return Contents(), [f"its timecode {timecode} is left out: {self._output} cannot hold it"]

    def with_marks(self, contents: Contents) -> tuple[Contents, list[str]]:
        """Adds the input's marks of a 360-degree or stereo video, if the target takes them."""
        reader = self._reader
        path = Path(reader.path)
        marks = read_marks(path, reader.stream.id) if path.is_file() else Marks()
        marks = marks if marks != Marks() else marks_of(reader.first_image)
        image = reader.first_image
        marked = replace(contents, marks=marks)
        if marks != Marks() and self.holds(marked) and self._has_marks_of(image):
            return marked, []
        is_tagged = stereo_mode(image) is not None and not is_spherical(image)  # as Matroska names it
        if is_tagged or (marks == Marks() and not is_spherical(image)):
            return contents, []
        return contents, [
            f"is marked as a 360-degree video in a way that {self._output} cannot hold; mp4 may"
        ]

    def _has_marks_of(self, image: VideoFrame) -> bool:
        """Returns whether the target has the input's marks; boxes are copied unchanged."""
        if self._output in BOXED:
            return True
        with closing(VideoReader(self._part)) as written:
            # Matroska stores the rotation in the same place as the kind of sphere.
            is_turned = (written.display_matrix is None) == (self._reader.display_matrix is None)
            return is_turned and is_marked(image) and are_alike(image, written.first_image)

    def with_tags(self, contents: Contents) -> Contents:
        """Uses the input's names of tags only where the usual names would lose some."""
        self.write(contents)  # the last attempt may have been another one, and have failed
        if not self.lost_tags():
            return contents
        with_own = replace(contents, own_tags=True)
        usual = len(self.lost_tags())
        return with_own if self.holds(with_own) and len(self.lost_tags()) < usual else contents

    def lost_tags(self) -> list[str]:
        """Returns the names of the input's tags that the target lacks."""
        with av.open(str(self._part), metadata_errors="surrogateescape") as result:
            kept = {key.lower() for key in result.metadata} | {"timecode"}
        return [key for key in tags_of(self._reader.container) if key.lower() not in kept]

    def losses(self, contents: Contents) -> list[str]:
        """Returns sentences on what the target cannot hold."""
        streams = self._reader.container.streams
        spoken = {streams[plan.index].metadata.get("language", "und") for plan in contents.plans}
        with av.open(str(self._part), metadata_errors="surrogateescape") as result:
            kept = {stream.metadata.get("language", "und") for stream in result.streams}
        lost = {"tags": self.lost_tags(), "names of languages": sorted(spoken - kept - {"und"})}
        return [
            f"{what} that {self._output} cannot hold are left out: {', '.join(names)}"
            for what, names in lost.items()
            if names
        ]


def _is_playable(stream: Stream) -> bool:
    return is_known(stream) or stream.type in ("data", "attachment")


def _timecode(reader: VideoReader) -> str | None:
    """Reads the timecode of a video's first frame."""
    container: InputContainer = reader.container
    places: Sequence[dict[str, str]] = [
        reader.stream.metadata,
        container.metadata,
        *(stream.metadata for stream in container.streams),
    ]
    found = (value for place in places for key, value in place.items() if key.lower() == "timecode")
    return next(found, None)


def check_disk(error: Exception) -> None:
    """Raises if a trial failed because the disk is full, which says nothing about the target.

    Raises:
        OutputError: if the error is one of the disk.
    """
    is_foreign = not isinstance(error, av.FFmpegError)
    if isinstance(error, OSError) and (is_foreign or error.errno in _OF_THE_DISK):
        raise OutputError(f"{gettempdir()}: cannot be written ({reason_of(error)})") from error
