"""What a result is written as: a film, a moving picture, or numbered pictures."""

from __future__ import annotations

from array import array
from dataclasses import asdict
from typing import Any, Protocol

from numpy.typing import NDArray

from srgan.video.colour import Colour, Converter
from srgan.video.writing.encoding import Encoding
from srgan.video.writing.segments import SEGMENT_FRAMES, SegmentWriter, WorkFolder


class Output(Protocol):
    """A result that is to be written.

    Attributes:
        size: its (width, height).
        as_pictures: its frames stand upright, and may be transparent.
        settings: what decides how it is written, as JSON holds it.
        notes: what it does not hold of the input, a sentence each.
    """

    size: tuple[int, int]
    as_pictures: bool
    settings: dict[str, Any]
    notes: list[str]

    def begin(self, folder: WorkFolder) -> int:
        """Gets ready to write; returns how many frames are done already."""
        ...

    def write(self, sr_image: NDArray[Any]) -> None:
        """Takes the next enlarged frame, (4H, 4W, 3), or (4H, 4W, 4) where it is transparent."""
        ...

    def end(self) -> None:
        """There are no more frames."""
        ...

    def discard(self) -> None:
        """Gives up what is half-written."""
        ...

    def finish(self, folder: WorkFolder, times: array[int]) -> None:
        """Gives the result its name.

        Args:
            folder: where the work was done.
            times: when each frame is shown, in units of the input's time base; one more for the end.

        Raises:
            VideoError: if there are not as many frames as times.
            OSError: if it cannot be written.
        """
        ...


class Segmented:
    """The part of writing that films and moving pictures share: frames are encoded in segments.

    Args:
        encoding: of the segments.
        colour: of the frames.
    """

    def __init__(self, encoding: Encoding, colour: Colour) -> None:
        self.encoding = encoding
        self.size = encoding.size
        self.settings = {name: str(value) for name, value in asdict(encoding).items()}
        self._converter = Converter(colour)

    def begin(self, folder: WorkFolder) -> int:
        """As in ``Output``."""
        self._writer = SegmentWriter(folder, self.encoding, self._converter)
        return folder.done * SEGMENT_FRAMES

    def write(self, sr_image: NDArray[Any]) -> None:
        """As in ``Output``."""
        self._writer.write(sr_image)

    def end(self) -> None:
        """As in ``Output``."""
        self._writer.finish()

    def discard(self) -> None:
        """As in ``Output``."""
        self._writer.discard()
