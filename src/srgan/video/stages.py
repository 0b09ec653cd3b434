"""Runs decoding, the network and encoding at the same time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import tee
from typing import Any

from numpy.typing import NDArray

from srgan.events import Cancel
from srgan.upscaling.transparency import enlarged_masks
from srgan.upscaling.upscaler import Upscaler
from srgan.video.colour import Converter
from srgan.video.pictures import laid_on_white, orientation_of, shows_through, turned_picture, with_alpha
from srgan.video.reading.reader import VideoReader
from srgan.video.threads import ahead, behind

BUDGET = 32 * 2**20
"""Bytes that wait between two stages: a dozen frames of 1280x720, more than enough to even out their times;
an 8K frame waits alone."""

NumberedFrame = tuple[int, NDArray[Any]]
"""The place of a frame in the result, from 0; and its pixels, (height, width, 3 or 4)."""


@dataclass(frozen=True, kw_only=True)
class _Picture:
    """A decoded frame, (height, width, 3), and its alpha, (height, width), if it has one."""

    pixels: NDArray[Any]
    alpha: NDArray[Any] | None


def enlarge_frames(
    reader: VideoReader,
    upscaler: Upscaler,
    write: Callable[[Iterator[NumberedFrame]], None],
    report: Callable[[int], None],
    *,
    done: int = 0,
    is_upright: bool = False,
    keeps_alpha: bool = False,
    cancel: Cancel | None = None,
) -> array[int]:
    """Runs frames through the network, reading ahead of it and writing behind it in threads.

    Args:
        reader: the video.
        upscaler: the model.
        write: takes the results in order, each with its place, scale times larger than the frames and in
            RGB, or RGBA if they are transparent; called once, in a thread of its own.
        report: called with the number of upscaled frames, the skipped ones included.
        done: number of first frames to skip.
        is_upright: results stand upright; otherwise they are turned as coded.
        keeps_alpha: results keep transparency; otherwise it is laid over white.
        cancel: asked before every tile, and while a stage waits, whether to stop.

    Returns:
        When each frame is shown, the skipped ones included, and when the last one ends; counted from
        ``reader.begin`` in units of the time base.

    Raises:
        CancelledError: if ``cancel`` says so.
    """
    times = array("q")
    orientation = orientation_of(reader) if is_upright else 1
    decoded = _pictures(reader, times, done, orientation, keeps_alpha=keeps_alpha)
    with (
        closing(ahead(decoded, BUDGET, _bytes_of, cancel)) as pictures,
        behind(write, BUDGET, lambda item: item[1].nbytes, cancel) as put,
    ):
        shown, masked = tee(picture for picture in pictures if picture is not None)
        results = upscaler.frames((picture.pixels for picture in shown), cancel=cancel)
        masks = enlarged_masks((picture.alpha for picture in masked), upscaler, cancel)
        for number, (sr_image, mask) in enumerate(zip(results, masks, strict=True), done):
            put((number, with_alpha(sr_image, mask)))
            report(number + 1)
    return times


def _bytes_of(picture: _Picture | None) -> int:
    if picture is None:
        return 0
    return picture.pixels.nbytes + (0 if picture.alpha is None else picture.alpha.nbytes)


def _pictures(
    reader: VideoReader, times: array[int], done: int, orientation: int, *, keeps_alpha: bool
) -> Iterator[_Picture | None]:
    """Yields the frames as pictures, turned upright by ``orientation``; None for each that is done.

    The times of all are noted.
    """
    converter = Converter(reader.colour)
    # Decoded from the start even if many are done: cheap next to the network, and surely the same frames.
    for number, frame in enumerate(reader.timed(times)):
        alpha = converter.alpha_of(frame.image, reader.size)
        reader.findings.transparent |= shows_through(alpha)
        if number < done:
            yield None
            continue
        pixels = converter.to_rgb(frame.image, reader.size)
        if alpha is not None and not keeps_alpha:
            pixels, alpha = laid_on_white(pixels, alpha), None
        pixels, alpha = turned_picture(pixels, alpha, orientation)
        yield _Picture(pixels=pixels, alpha=alpha)
