"""A picture file opened, whatever its format: its frames to come, and what it carries besides them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray
from PIL import Image, ImageFile

from srgan.images.carried import Carried, bits_of, carried_by, carried_by_png, carried_by_tiff
from srgan.images.checks import (
    JPEG_PIXELS_A_BYTE,
    check_length,
    check_size,
    length_of,
    quiet_libtiff,
    quiet_pillow,
)
from srgan.images.decode import decode, is_cut_by_pillow
from srgan.images.deep import decode_deep, decode_heif
from srgan.images.file_objects import name_of
from srgan.images.gif import Gif
from srgan.images.jpeg_end import with_its_end
from srgan.images.png import take_apart
from srgan.images.recognise import explained, kind_of, opened
from srgan.images.tiff_layout import TiffLayout
from srgan.images.tiff_samples import decode_tiff

_ZLIB = 1032  # bytes that one byte can become
_MOVING = ("PNG", "WEBP", "AVIF")  # besides GIF; the pictures of a HEIC or of a JPEG (MPO) are no frames


@dataclass(frozen=True, kw_only=True)
class OpenPicture:
    """A file whose structure has been read; it is decoded as its frames are taken.

    Attributes:
        size: (width, height) as it is stored.
        carried: what it says besides its pixels.
        count: number of frames.
        frames: decodes them, each (height, width, 1 to 4), uint8 or uint16, as it is stored, not upright.
        timing: how long each is shown, in milliseconds, and how often all are; 0 means forever.
    """

    size: tuple[int, int]
    carried: Carried
    frames: Callable[[], Iterator[NDArray[Any]]]
    count: int = 1
    timing: Callable[[], tuple[tuple[int, ...], int]] = lambda: ((0,), 0)


@contextmanager
def open_picture(source: Path | IO[bytes], max_pixels: int) -> Iterator[OpenPicture]:
    """Opens a file; nothing that is larger than the limit is allocated.

    Raises:
        ImageError: as ``read_picture`` does, also for what goes wrong within the context.
    """
    name = name_of(source)
    with explained(name), opened(source) as file:
        kind = kind_of(name, file)
        if kind == "GIF":
            yield _open_gif(Gif.read(name, file, max_pixels))
        elif kind == "TIFF":
            with _open_tiff(name, file, max_pixels) as picture:
                yield picture
        elif kind == "PNG":
            with _open_png(name, file, max_pixels) as picture:
                yield picture
        else:
            with _open_other(name, file, kind, max_pixels) as picture:
                yield picture


def _open_gif(gif: Gif) -> OpenPicture:
    lost = {"its end mark": not gif.is_whole, "its comment": gif.has_comment}
    names = "; ".join(name for name, is_lost in lost.items() if is_lost)
    carried = Carried(xmp=gif.xmp, notes=(f"left out: {names}",) if names else ())
    return OpenPicture(
        size=gif.size,
        carried=carried,
        frames=gif.frames,
        count=len(gif.durations),
        timing=lambda: (gif.durations, gif.plays),
    )


@contextmanager
def _opened_by_pillow(
    name: str | Path, file: IO[bytes], kind: str, max_pixels: int
) -> Iterator[ImageFile.ImageFile]:
    file.seek(0)
    with quiet_pillow():
        image = Image.open(file, formats=[kind])
    with image:
        check_size(name, image.size, max_pixels)
        yield image


@contextmanager
def _open_tiff(name: str | Path, file: IO[bytes], max_pixels: int) -> Iterator[OpenPicture]:
    layout = TiffLayout.read(name, file)
    check_size(name, layout.size, max_pixels)
    layout.check(name, length_of(file))
    carried = carried_by_tiff(file, layout)
    if not layout.is_pillows:

        def by_libvips() -> Iterator[NDArray[Any]]:
            yield decode_tiff(name, file, layout, carried.icc_profile)

        yield OpenPicture(size=layout.size, carried=carried, frames=by_libvips)
        return
    with _opened_by_pillow(name, file, "TIFF", max_pixels) as image:
        with quiet_pillow():
            image.seek(layout.page)
        check_size(name, image.size, max_pixels)

        def by_pillow() -> Iterator[NDArray[Any]]:
            with quiet_libtiff():
                pixels = decode(name, image)
            yield pixels

        # Pillow turns a TIFF itself, as it decodes it.
        yield OpenPicture(size=image.size, carried=carried.turned(), frames=by_pillow)


@contextmanager
def _open_png(name: str | Path, file: IO[bytes], max_pixels: int) -> Iterator[OpenPicture]:
    parts = take_apart(file)
    with _opened_by_pillow(name, parts.plain, "PNG", max_pixels) as image:
        check_length(length_of(file), image.size, 8 * _ZLIB / parts.bits)
        carried = carried_by_png(image, parts)
        picture = _moving(name, image, carried, parts.grey_step)
        if is_cut_by_pillow(image):
            picture = _with_all_bits(picture, 16, lambda: decode_deep(parts.plain))
        yield picture


@contextmanager
def _open_other(name: str | Path, file: IO[bytes], kind: str, max_pixels: int) -> Iterator[OpenPicture]:
    mended = with_its_end(file) if kind == "JPEG" else None
    with _opened_by_pillow(name, mended or file, kind, max_pixels) as image:
        if kind == "JPEG":
            check_length(length_of(file), image.size, JPEG_PIXELS_A_BYTE)
        carried = carried_by(image, file)
        if mended is not None:
            carried = replace(
                carried, notes=(*carried.notes, "its end mark is missing; all pixels are there")
            )
        bits = bits_of(image, file)
        if bits == 8:
            yield _moving(name, image, carried)
            return
        picture = _with_all_bits(_moving(name, image, carried), bits, lambda: decode_heif(file, kind, bits))
        if picture.count == 1:  # libheif has turned it
            size = image.size if carried.orientation < 5 else image.size[::-1]
            picture = replace(picture, size=size, carried=carried.turned())
        yield picture


def _with_all_bits(picture: OpenPicture, bits: int, decode: Callable[[], NDArray[Any]]) -> OpenPicture:
    """Returns a picture of more bits than Pillow gives, by another decoder, which reads one frame only."""
    if picture.count == 1:
        return replace(picture, frames=lambda: iter([decode()]))
    note = f"has samples of {bits} bits, which are read as 8: it moves"
    return replace(picture, carried=replace(picture.carried, notes=(*picture.carried.notes, note)))


def _moving(
    name: str | Path, image: ImageFile.ImageFile, carried: Carried, grey_step: int = 1
) -> OpenPicture:
    """Decodes with Pillow, frame by frame; ``grey_step`` scales a transparent grey."""
    # The picture that a PNG shows where it cannot move is no frame.
    first = int(bool(image.info.get("default_image")))
    count = getattr(image, "n_frames", 1) if image.format in _MOVING else 1

    def frames() -> Iterator[NDArray[Any]]:
        for number in range(first, count):
            if count > 1:  # else it stands at the main picture of a HEIC, wherever that lies
                _seek(image, number)
            if isinstance(transparent := image.info.get("transparency"), int) and image.mode in ("1", "L"):
                image.info["transparency"] = transparent * grey_step
            yield decode(name, image)

    def timing() -> tuple[tuple[int, ...], int]:
        durations = []
        for number in range(first, count):
            _seek(image, number)
            image.load()  # WebP states the duration with the pixels
            durations.append(round(image.info.get("duration", 0)))
        _seek(image, 0)
        return tuple(durations), image.info.get("loop") or 0

    if count - first < 2:
        return OpenPicture(size=image.size, carried=carried, frames=frames)
    return OpenPicture(size=image.size, carried=carried, frames=frames, count=count - first, timing=timing)


def _seek(image: ImageFile.ImageFile, number: int) -> None:
    if number or image.tell():
        with quiet_pillow():
            image.seek(number)
