"""The interface of results: video files, animated pictures and image sequences."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Protocol

from numpy.typing import NDArray

from srgan.events import Cancel
from srgan.video.colour import Colour, Converter
from srgan.video.writing.encoding import Encoding
from srgan.video.writing.segments import WorkFolder, write_segments


class Output(Protocol):
    """A result to write.

    Attributes:
        size: its (width, height).
        is_upright: its frames stand upright.
        keeps_alpha: its frames are given with transparency.
        holds_alpha: transparency can be seen in it.
        settings: what decides how it is written, for JSON.
        notes: what of the input it does not hold, a sentence each.
    """

    size: tuple[int, int]
    is_upright: bool
    keeps_alpha: bool
    holds_alpha: bool
    settings: dict[str, Any]
    notes: list[str]

    def begin(self, folder: WorkFolder) -> int:
        """Prepares writing; returns the number of frames that are done already."""
        ...

    def write(self, folder: WorkFolder, frames: Iterator[tuple[int, NDArray[Any]]]) -> None:
        """Writes the upscaled frames that are not done yet.

        Args:
            folder: where the work is done.
            frames: (height, width, 3), or (height, width, 4) if they are transparent, each with its place in
                the result, from 0. If they end with an exception, what is half-written is given up.

        Raises:
            VideoError: if a place is not the one that follows.
            OutputError: if they cannot be written.
        """
        ...

    def finish(self, folder: WorkFolder, times: array[int], cancel: Cancel | None) -> None:
        """Gives the result its name.

        Args:
            folder: where the work was done.
            times: when each frame is shown, in units of the input's time base; one more for the end.
            cancel: asked at every frame or packet whether to stop.

        Raises:
            VideoError: if there are not exactly as many frames as times.
            OutputError: if it cannot be written.
            CancelledError: if ``cancel`` says so.
        """
        ...


class Segmented:
    """Encodes frames in segments, for video files and animated pictures.

    Args:
        encoding: the segments'.
        colour: the frames'.
    """

    def __init__(self, encoding: Encoding, colour: Colour) -> None:
        self.encoding = encoding
        self.size = encoding.size
        self.settings = {name: str(value) for name, value in asdict(encoding).items()}
        self._converter = Converter(colour)

    def begin(self, folder: WorkFolder) -> int:
        """As in ``Output``."""
        return folder.frames

    def write(self, folder: WorkFolder, frames: Iterator[tuple[int, NDArray[Any]]]) -> None:
        """As in ``Output``."""
        write_segments(folder, self.encoding, self._converter, frames)
