"""Upscales one picture: reads, upscales, writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.errors import UsageError
from srgan.events import Cancel, Event, OnEvent
from srgan.files import make_folder
from srgan.images.alpha import within_neighbours
from srgan.images.animation import Animation, is_animated, read_frames, write_frames
from srgan.images.file_objects import name_of
from srgan.images.formats import format_of
from srgan.images.losses import losses
from srgan.images.picture import Picture
from srgan.images.read import read_picture
from srgan.images.write import write_picture
from srgan.jobs.options import PictureOptions
from srgan.upscaling.size import Upscaled
from srgan.upscaling.transparency import enlarged_masks
from srgan.upscaling.upscaler import Upscaler


class Watcher(Protocol):
    """Sees a result's rows on their way to its file, and makes a further picture of them."""

    def begin(self, pixels: NDArray[Any], scale: int) -> None:
        """Begins a result, or begins it again: discards what it has seen.

        Args:
            pixels: (H, W, 3), uint8 or uint16: the low-res picture, or the first frame of a moving one.
            scale: enlargement per side of the rows that follow.
        """
        ...

    def take(self, band: NDArray[Any]) -> None:
        """Takes the next rows of the network's result, (rows, scale * W, 3), before they are resized."""
        ...

    def finish(self, cancel: Cancel | None) -> None:
        """Finishes, once all rows have been seen and the result is written."""
        ...


def upscale_file(
    source: str | Path | BinaryIO,
    target: str | Path | BinaryIO,
    upscaler: Upscaler,
    options: PictureOptions | None = None,
    *,
    on_event: OnEvent | None = None,
    cancel: Cancel | None = None,
) -> Upscaled:
    """Upscales one picture; a file appears under its name only when it is whole.

    Transparency, colour profile, EXIF, XMP, IPTC and resolution are kept, see
    :func:`~srgan.images.write.write_picture`; an event's note names what the target cannot hold, and what
    could not be read. Transparency is upscaled by the network too, as a grey picture. A moving picture stays
    one if the target is GIF or WebP; otherwise its first frame is taken.

    Args:
        source: the picture, or a file open in binary mode.
        target: the result, in the format that its extension names; its folder is made if absent. Or a file
            open in binary mode, in the format that ``options.file_format`` names.
        upscaler: the model.
        options: size, format and quality.
        on_event: takes an event after every tile, or frame of a moving picture.
        cancel: asked before every tile and at every written band whether to stop.

    Raises:
        UsageError: if source and target are the same file, or the format cannot be written.
        ImageError: if the source cannot be read, or the format cannot hold the size.
        OutputError: if the target cannot be written.
        CancelledError: if ``cancel`` says so; nothing half-written is left under a name.
    """
    return upscale_watched(source, target, upscaler, options, (), on_event=on_event, cancel=cancel)


def upscale_watched(
    source: str | Path | BinaryIO,
    target: str | Path | BinaryIO,
    upscaler: Upscaler,
    options: PictureOptions | None,
    watchers: Sequence[Watcher],
    *,
    on_event: OnEvent | None,
    cancel: Cancel | None,
) -> Upscaled:
    """Works like :func:`upscale_file`, with watchers, which see the first frame of a moving picture."""
    options = (options or PictureOptions()).for_network(upscaler.scale)
    source = Path(source) if isinstance(source, str) else source
    target = Path(target) if isinstance(target, str) else target
    file_format = _format_of(target, options)
    if isinstance(source, Path) and isinstance(target, Path):
        _check_apart(source, target)
    if file_format == "gif" or (file_format == "webp" and is_animated(source, max_pixels=options.max_pixels)):
        animation = read_frames(source, max_pixels=options.max_pixels)
        _tell(animation.notes, on_event)
        done = _upscale_frames(animation, target, upscaler, options, watchers, on_event, cancel)
    else:
        picture = read_picture(source, max_pixels=options.max_pixels)
        _tell(picture.notes, on_event)
        lost = losses(picture, format_of(Path(name_of(target)), file_format))
        _tell_losses(lost, file_format, on_event)
        done = _upscale_still(picture, target, upscaler, options, watchers, on_event, cancel)
    for watcher in watchers:
        watcher.finish(cancel)
    return done


def _upscale_still(
    picture: Picture,
    target: Path | BinaryIO,
    upscaler: Upscaler,
    options: PictureOptions,
    watchers: Sequence[Watcher],
    on_event: OnEvent | None,
    cancel: Cancel | None,
) -> Upscaled:
    width, height = picture.size
    output_size = options.output_size(width, height)
    _make_folder_of(target)
    alpha = None
    if picture.alpha is not None:
        alpha = within_neighbours(upscaler.upscale(picture.alpha, cancel=cancel), picture.alpha)

    def write(bands: Iterator[NDArray[Any]]) -> None:
        write_picture(
            target,
            _watched(bands, picture.pixels, upscaler.scale, watchers),
            size=(upscaler.scale * width, upscaler.scale * height),
            source=picture,
            alpha=alpha,
            output_size=output_size,
            file_format=options.file_format,
            quality=options.quality,
            cancel=cancel,
        )

    upscaler.stream(picture.pixels, write, on_event=on_event, cancel=cancel)
    is_deep = picture.pixels.dtype != np.uint8
    return Upscaled(input_size=(width, height), output_size=output_size, is_deep=is_deep)


def _upscale_frames(
    animation: Animation,
    target: Path | BinaryIO,
    upscaler: Upscaler,
    options: PictureOptions,
    watchers: Sequence[Watcher],
    on_event: OnEvent | None,
    cancel: Cancel | None,
) -> Upscaled:
    count = len(animation.durations)
    output_size = options.output_size(*animation.size)
    file_format = _format_of(target, options)

    def enlarged() -> Iterator[NDArray[np.uint8]]:
        frames, sources, masked = tee(animation.frames, 3)
        results = upscaler.frames((source.pixels for source in sources), cancel=cancel)
        masks = enlarged_masks((masked_frame.alpha for masked_frame in masked), upscaler, cancel)
        for number, (frame, result, mask) in enumerate(zip(frames, results, masks, strict=True)):
            if number == 0:
                _tell_losses(losses(frame, file_format), file_format, on_event)
                for _ in _watched(iter([result]), frame.pixels, upscaler.scale, watchers):
                    pass
            if on_event is not None:
                on_event(Event(done=number + 1, total=count, unit="frames"))
            yield _finish_frame(result, mask, output_size)

    _make_folder_of(target)
    write_frames(
        target,
        enlarged(),
        size=output_size,
        durations=animation.durations,
        plays=animation.plays,
        icc_profile=animation.icc_profile,
        exif=animation.exif,
        xmp=animation.xmp,
        dpi=animation.dpi,
        file_format=options.file_format,
        quality=options.quality,
        cancel=cancel,
    )
    return Upscaled(input_size=animation.size, output_size=output_size, frames=count)


def _watched(
    bands: Iterator[NDArray[Any]], pixels: NDArray[Any], scale: int, watchers: Sequence[Watcher]
) -> Iterator[NDArray[Any]]:
    """Yields the same bands, after all watchers have seen them."""
    for watcher in watchers:
        watcher.begin(pixels, scale)
    for band in bands:
        for watcher in watchers:
            watcher.take(band)
        yield band


def _format_of(target: Path | BinaryIO, options: PictureOptions) -> str:
    if options.file_format is not None:
        return options.file_format.lower()
    if not isinstance(target, Path):
        raise UsageError("an open file has no extension; name the format to write", field="file_format")
    return target.suffix.removeprefix(".").lower()


def _check_apart(source: Path, target: Path) -> None:
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{target}: is the input itself; choose another output", field="target")


def _make_folder_of(target: Path | BinaryIO) -> None:
    if isinstance(target, Path):
        make_folder(target.parent)


def _finish_frame(
    enlarged: NDArray[np.uint8], mask: NDArray[np.uint8] | None, output_size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Finishes a frame: (height, width, 3 or 4), uint8, with its transparency."""
    pixels = _resized(enlarged, output_size, Image.Resampling.LANCZOS)
    if mask is None:
        return pixels
    return np.dstack((pixels, _resized(mask, output_size, Image.Resampling.BICUBIC)))


def _tell(notes: Iterable[str], on_event: OnEvent | None) -> None:
    for note in notes:
        if on_event is not None:
            on_event(Event(note=note))


def _tell_losses(lost: Sequence[str], file_format: str, on_event: OnEvent | None) -> None:
    if lost:
        _tell([f"{file_format.upper()} cannot hold {', '.join(lost)}"], on_event)


def _resized(array: NDArray[np.uint8], size: tuple[int, int], method: Image.Resampling) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(array).resize(size, method))
