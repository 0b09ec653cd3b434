"""A result that is a moving GIF or WebP."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av import VideoFrame
from av.filter import Graph

from srgan.errors import VideoError
from srgan.images.formats import check_side
from srgan.video.colour import Colour
from srgan.video.options import VideoOptions
from srgan.video.pictures import losses_of, picture_size
from srgan.video.reading.reader import VideoReader
from srgan.video.webp import write_webp
from srgan.video.writing.encoding import USUAL_SETTINGS, Encoding
from srgan.video.writing.output import Segmented
from srgan.video.writing.segments import WorkFolder

_SIDES = {"gif": 65_535, "webp": 16_383}
_UNITS = {"gif": Fraction(1, 100), "webp": Fraction(1, 1000)}
# In these units: browsers show what is asked for less long than that for a tenth of a second.
_SHORTEST = {"gif": 2, "webp": 11}
_QUALITY = 90
_LEFT_OUT = -1
_SRGB = Colour(matrix=6, tagged_matrix=2, full_range=True, range_tag=0, primaries=2, transfer=2, depth=8)


class MovingPicture(Segmented):
    """A GIF or WebP that is shown for ever, see :class:`~srgan.video.writing.output.Output`.

    Segments are kept without loss; of them the picture is made at the end, a frame at a time.

    Args:
        reader: the input.
        target: the file; its extension is ``.gif`` or ``.webp``.
        options: size and quality.

    Raises:
        ImageError: if the format cannot hold the size.
    """

    as_pictures = True

    def __init__(self, reader: VideoReader, target: Path, options: VideoOptions) -> None:
        size = picture_size(reader, options)
        self._name = target.suffix.lower()[1:]
        check_side(target, size, _SIDES[self._name], "a smaller size")
        encoding = Encoding(
            codec="ffv1",
            settings=USUAL_SETTINGS["ffv1"],
            pixel_format="bgra",
            size=size,
            rate=reader.rate.limit_denominator(65535),
            colour=_SRGB,
            aspect=None,
        )
        super().__init__(encoding, reader.colour)
        self._target, self._time_base = target, reader.time_base
        self._quality = options.quality or _QUALITY
        self.notes = losses_of(reader)

    def finish(self, folder: WorkFolder, times: array[int]) -> None:
        """As in ``Output``."""
        part = folder.path / "whole.part"
        starts, end = _schedule(times, self._time_base, self._name)
        shown = _shown(folder, starts, end)
        if self._name == "gif":
            # Of all frames but the last, a GIF is told by the next how long they are shown.
            _write_gif(part, shown, self.size, end - max(starts))
        else:
            frames = ((frame, duration) for frame, _, duration in shown)
            write_webp(part, frames, self.size, self._quality)
        part.replace(self._target)
        if left_out := starts.count(_LEFT_OUT):
            self.notes.append(f"has more frames than a {self._name} can show in time; left out: {left_out}")


def _schedule(times: array[int], time_base: Fraction, name: str) -> tuple[array[int], int]:
    """When each frame is shown, or that it is left out, and when the last one ends, in a format's units."""
    unit, shortest = _UNITS[name], _SHORTEST[name]
    stamps = (round((time - times[0]) * time_base / unit) for time in times)
    starts, last = array("q"), -shortest
    for stamp in stamps:
        is_time = stamp - last >= shortest
        starts.append(stamp if is_time else _LEFT_OUT)
        last = stamp if is_time else last
    end = starts.pop()
    return starts, max(starts) + shortest if end == _LEFT_OUT else end


def _shown(folder: WorkFolder, starts: array[int], end: int) -> Iterator[tuple[VideoFrame, int, int]]:
    """The frames that are not left out, each with its start and its duration."""
    held: tuple[VideoFrame, int] | None = None
    number = 0
    for path in folder.segments():
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                start = starts[number] if number < len(starts) else _LEFT_OUT
                number += 1
                if start == _LEFT_OUT:
                    continue
                if held is not None:
                    yield *held, start - held[1]
                held = frame, start
    if held is None or number != len(starts):
        raise VideoError(f"{folder.path}: holds {number} of {len(starts)} frames; add --no-resume")
    yield *held, end - held[1]


def _write_gif(
    path: Path, shown: Iterator[tuple[VideoFrame, int, int]], size: tuple[int, int], last: int
) -> None:
    """Each frame in 256 colours of its own; the last one is shown for ``last`` hundredths of a second."""
    unit = _UNITS["gif"]
    with av.open(
        str(path), "w", format="gif", container_options={"loop": "0", "final_delay": str(last)}
    ) as result:
        stream = result.add_stream("gif", rate=1 / unit)
        stream.width, stream.height = size
        stream.pix_fmt = "pal8"
        graph = _to_palettes(size, unit)
        for frame, start, _ in shown:
            frame.pts, frame.time_base = start, unit
            graph.push(frame)
            result.mux(stream.encode(graph.vpull()))
        result.mux(stream.encode(None))


def _to_palettes(size: tuple[int, int], unit: Fraction) -> Graph:
    graph = Graph()
    source = graph.add("buffer", f"video_size={size[0]}x{size[1]}:pix_fmt=bgra:time_base={unit}")
    both = graph.add("split")
    palette, painted = graph.add("palettegen", "stats_mode=single"), graph.add("paletteuse", "new=1")
    source.link_to(both)
    both.link_to(painted, 0, 0)
    both.link_to(palette, 1)
    palette.link_to(painted, 0, 1)
    painted.link_to(graph.add("buffersink"))
    graph.configure()
    return graph
