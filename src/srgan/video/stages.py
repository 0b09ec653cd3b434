"""Reading, the network and writing, at the same time."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from numpy.typing import NDArray

from srgan.events import Cancel
from srgan.upscaling.upscaler import Upscaler
from srgan.video.colour import Converter
from srgan.video.pictures import opaque_picture, orientation_of, upright_picture, with_alpha
from srgan.video.reading.reader import VideoReader
from srgan.video.threads import ahead, behind

_AHEAD = _BEHIND = 4  # frames between two stages: enough to even out what they take


def enlarge_frames(
    reader: VideoReader,
    upscaler: Upscaler,
    write: Callable[[NDArray[Any]], None],
    report: Callable[[int], None],
    *,
    done: int = 0,
    as_pictures: bool = False,
    cancel: Cancel | None = None,
) -> array[int]:
    """Runs frames through the network, reading ahead of it and writing behind it in threads.

    Args:
        reader: the video.
        upscaler: the model.
        write: takes the results in order, (4H, 4W, 3), in a thread of its own; (4H, 4W, 4) where they are
            transparent.
        report: called with the number of results so far.
        done: how many of the first frames are passed over.
        as_pictures: results stand upright, and keep what is transparent; otherwise they are turned as they
            are coded, and laid over white.
        cancel: asked before every tile whether to stop.

    Returns:
        When each frame is shown, the passed-over ones included, and when the last one ends; counted from
        ``reader.begin`` in units of the time base.
    """
    times = array("q")
    masks: deque[NDArray[Any] | None] = deque()
    orientation = orientation_of(reader) if as_pictures else None
    pictures = _pictures(reader, times, masks, done, orientation)
    with closing(ahead(pictures, _AHEAD)) as ready, behind(write, _BEHIND) as put:
        for number, sr_image in enumerate(upscaler.frames(ready, cancel=cancel), 1):
            put(with_alpha(sr_image, masks.popleft()))
            report(number)
    return times


def _pictures(
    reader: VideoReader,
    times: array[int],
    masks: deque[NDArray[Any] | None],
    done: int,
    orientation: int | None,
) -> Iterator[NDArray[Any]]:
    """The frames as RGB pictures, but for those that are done; the times of all are noted.

    What is transparent in each is noted in ``masks``, if ``orientation`` says how they are turned.
    """
    converter = Converter(reader.colour)
    end = 0
    # Decoded from the start even if many are done: cheap beside the network, and surely the same frames.
    for number, frame in enumerate(reader.frames()):
        times.append(frame.time - reader.begin)
        end = frame.time + (frame.duration or round(1 / reader.rate / reader.time_base))
        if number >= done:
            if orientation is None:
                pixels, mask = opaque_picture(frame.image, converter, reader.size), None
            else:
                pixels, mask = upright_picture(frame.image, converter, reader.size, orientation)
            masks.append(mask)
            yield pixels
    if reader.end is not None:
        end = min(end, reader.end)
    times.append(max(end - reader.begin, times[-1] + 1))
