"""Animated pictures: every frame of a GIF, WebP, PNG or AVIF; written as GIF and WebP."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from srgan.errors import ImageError, UsageError
from srgan.events import Cancel
from srgan.files import explained as explained_writing
from srgan.files import opened, replacing
from srgan.images import MOST_PIXELS
from srgan.images.encode import encode, explained_saving, write_all
from srgan.images.file_objects import binary_file, name_of
from srgan.images.formats import check_side
from srgan.images.opening import open_picture
from srgan.images.picture import Picture
from srgan.images.read import picture_of
from srgan.images.recognise import explained
from srgan.images.recognise import opened as open_file
from srgan.images.vips import import_vips
from srgan.images.write import DEFAULT_DPI, to_depth

_LIMITS = {"gif": 65_535, "webp": 16_383}
# Of 320x240 photographs: 92 ms a frame, 36.8 dB of PSNR, and 47.7 dB after a blur by 1.5 pixels, as the eye
# sees dithering. The usual 7: 299 ms, 39.6 and 46.7 dB. FFmpeg's palettes: 96 ms, 36.1 and 45.6 dB.
_GIF_EFFORT = 4
_ROWS = 100_000_000  # libvips takes the frames as one picture, each below the one before


@dataclass(frozen=True, kw_only=True)
class Animation:
    """An animated picture.

    Attributes:
        frames: the frames, decoded one at a time as they are taken, once; each as large as ``size``.
        durations: how long each is shown, in milliseconds.
        plays: how often the whole is shown; 0 means forever.
        size: (width, height).
        icc_profile: the colour profile of the pixels.
        exif: the EXIF block from its byte-order mark on, with the orientation reset to 1.
        xmp: the XMP packet.
        dpi: pixels per inch, (horizontal, vertical).
        notes: what the file had besides that could not be taken, a sentence each.
    """

    frames: Iterator[Picture]
    durations: tuple[int, ...]
    plays: int
    size: tuple[int, int]
    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


def _frames(source: Path | IO[bytes], max_pixels: int) -> Iterator[Picture]:
    with open_picture(source, max_pixels) as opened:
        for array in opened.frames():
            yield picture_of(to_depth(array, np.dtype(np.uint8)), opened.carried)


def is_animated(source: str | os.PathLike[str] | IO[bytes], *, max_pixels: int = MOST_PIXELS) -> bool:
    """Returns whether a picture has several frames (GIF, WebP, PNG, AVIF). A file object must be seekable.

    Raises:
        ImageError: if it is not a picture, or a frame has more than ``max_pixels``.
    """
    with open_picture(binary_file(source), max_pixels) as opened:
        return opened.count > 1


def read_frames(source: str | os.PathLike[str] | IO[bytes], *, max_pixels: int = MOST_PIXELS) -> Animation:
    """Reads all frames of a GIF, WebP, PNG or AVIF; any other picture is an animation of one frame.

    Args:
        source: the file, or a binary file object, which is read from its beginning if it is seekable.
        max_pixels: the most pixels of a frame.

    Raises:
        ImageError: as ``read_picture`` does; for a damaged later frame, where the frames are taken.
    """
    file = binary_file(source)
    if not isinstance(file, Path):
        with explained(name_of(file)), open_file(file) as own:
            file = io.BytesIO(own.read())  # frames are taken later, when the caller's may be closed
    with open_picture(file, max_pixels) as opened:
        durations, plays = opened.timing()
        carried = opened.carried
        return Animation(
            frames=_frames(file, max_pixels),
            durations=durations,
            plays=plays,
            size=opened.size if carried.orientation < 5 else opened.size[::-1],
            icc_profile=carried.profile_for(is_grey=False),
            exif=carried.exif,
            xmp=carried.xmp,
            dpi=carried.turned().dpi,
            notes=carried.notes_for(is_grey=False),
        )


def check_animation(path: Path, size: tuple[int, int], *, frames: int, file_format: str | None = None) -> str:
    """Returns the format that a name or else a file's extension asks for, "gif" or "webp".

    Args:
        path: the file.
        size: (width, height) of a frame.
        frames: how many there are.
        file_format: the name.

    Raises:
        UsageError: if the extension is neither.
        ImageError: if the format cannot hold the size, or not so many frames of it.
    """
    wanted = (file_format or path.suffix.removeprefix(".")).lower()
    if wanted not in _LIMITS:
        raise UsageError(f"{path}: cannot write animated pictures as '{wanted}'; choose gif or webp")
    check_side(path, size, _LIMITS[wanted], "a smaller size")
    if size[1] * frames > _ROWS:
        raise ImageError(
            f"{path}: {frames} frames of this size are too many; write at most {_ROWS // size[1]}, or a video"
        )
    return wanted


def write_frames(
    target: str | os.PathLike[str] | IO[bytes],
    frames: Iterable[NDArray[np.uint8]],
    *,
    size: tuple[int, int],
    durations: Sequence[int],
    plays: int = 0,
    icc_profile: bytes | None = None,
    exif: bytes | None = None,
    xmp: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    file_format: str | None = None,
    quality: int | None = None,
    cancel: Cancel | None = None,
) -> None:
    """Writes an animated GIF or WebP, frame by frame.

    Frames are encoded as they come. For a GIF, none is held longer; for a WebP, libwebp holds the encoded
    frames until the end. Equal successive frames may become a single one.

    Args:
        target: the file, .gif or .webp, whose folder must exist: it appears when it is complete; or a binary
            file object, to which all is written in one go then.
        frames: arrays (height, width, 3 or 4), uint8, RGB or RGBA; as many as ``durations``.
        size: (width, height) of a frame.
        durations: how long each frame is shown, in milliseconds. GIF counts hundredths of a second: there,
            each frame begins at the nearest one.
        plays: how often the whole is shown; 0 means forever.
        icc_profile: a colour profile for RGB; GIF has no place for it.
        exif: an EXIF block from its byte-order mark on; GIF has no place for it.
        xmp: an XMP packet; GIF has no place for it.
        dpi: pixels per inch, (horizontal, vertical); GIF has no place for it. None is 72.
        file_format: gif or webp; None goes by the extension.
        quality: 1 to 100, for WebP (90 otherwise).
        cancel: asked before every frame whether to stop.

    Raises:
        UsageError: if the extension is neither.
        ImageError: if the format cannot hold the size.
        OutputError: if the file (of a WebP, of at most 4 GB) cannot be written.
        CancelledError: if ``cancel`` says so.
        ValueError: if the frames do not fit ``size`` and ``durations``.
    """
    file = binary_file(target)
    name = name_of(file)
    wanted = check_animation(Path(name), size, frames=len(durations), file_format=file_format)
    delays = _in_hundredths(durations) if wanted == "gif" else list(durations)
    options = {"effort": _GIF_EFFORT} if wanted == "gif" else {"Q": quality or 90}
    blobs = {"icc-profile-data": icc_profile, "xmp-data": xmp}
    width, height = size
    horizontal, vertical = dpi or (DEFAULT_DPI, DEFAULT_DPI)

    def rows() -> Iterator[NDArray[np.uint8]]:
        opaque = np.full((height, width, 1), 255, np.uint8)
        for frame in frames:
            yield frame if frame.shape[2] == 4 else np.concatenate((frame, opaque), axis=2)

    def write_to(part: Path | IO[bytes]) -> None:
        def save(image: Any) -> None:
            resolved = image.copy(xres=horizontal / 25.4, yres=vertical / 25.4)
            animated = _animated(resolved, height, delays, plays, blobs)
            if isinstance(part, Path):
                _save_to(part, animated, wanted, options)
            else:
                part.write(getattr(animated, f"{wanted}save_buffer")(**options))

        size_of_all = (width, height * len(durations))
        with explained_saving(name):
            encode(rows(), save, size=size_of_all, channels=4, exif=exif, cancel=cancel)

    if isinstance(file, Path):
        with replacing(file, durable=True) as part:
            write_to(part)
    else:
        memory = io.BytesIO()
        write_to(memory)
        with explained_writing(str(name)):
            write_all(file, memory.getbuffer())


def _save_to(part: Path, image: Any, name: str, options: dict[str, Any]) -> None:
    pyvips = import_vips()

    # By a descriptor: given a name, a stopped GIF encoder writes what it has to a new file of that name when
    # its memory is freed, long after the part was removed.
    with opened(part, "wb") as file:
        getattr(image, f"{name}save_target")(pyvips.Target.new_to_descriptor(file.fileno()), **options)


def _animated(
    image: Any, height: int, delays: Sequence[int], plays: int, blobs: Mapping[str, bytes | None]
) -> Any:
    """Returns the ``pyvips.Image`` of all frames below each other, as libvips takes it for an animation."""
    pyvips = import_vips()

    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "page-height", height)
    image.set_type(pyvips.GValue.array_int_type, "delay", list(delays))
    image.set_type(pyvips.GValue.gint_type, "loop", plays)
    for name, blob in blobs.items():
        if blob is not None:
            image.set_type(pyvips.GValue.blob_type, name, blob)
    return image


def _in_hundredths(durations: Sequence[int]) -> list[int]:
    """Rounds milliseconds to hundredths of a second, so that the errors do not add up."""
    ends = [10 * ((end + 5) // 10) for end in accumulate(durations, initial=0)]
    return [later - end for end, later in pairwise(ends)]
