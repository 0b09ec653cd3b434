"""Writes pictures row by row: PNG, JPEG, TIFF, WebP and AVIF, whole or not at all."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from srgan.events import Cancel
from srgan.files import explained, fill, opened, replacing
from srgan.images.encode import encode, explained_saving, write_all
from srgan.images.encode_apart import encode_apart
from srgan.images.file_objects import binary_file, name_of
from srgan.images.formats import FORMATS, Format, check_side, format_of
from srgan.images.losses import JPEG_SEGMENT
from srgan.images.photoshop import with_resources
from srgan.images.picture import Picture
from srgan.images.png_texts import add_texts
from srgan.images.resample import resampled
from srgan.images.tiff import add_exif
from srgan.images.vips import import_vips

DEFAULT_DPI = 72.0
"""Written if the source states none."""


def to_depth(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Converts samples to uint8 or uint16, rounded to nearest: 255 and 65535 stand for the same white."""
    if array.dtype == dtype:
        return array
    if dtype == np.uint16:
        return array.astype(np.uint16) * np.uint16(257)
    return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _mean_channel(band: NDArray[Any]) -> NDArray[Any]:
    """Averages the channels, rounded: (n, width, 3) to (n, width, 1)."""
    total: NDArray[Any] = band.sum(axis=2, dtype=np.uint32, keepdims=True)
    return ((total + 1) // 3).astype(band.dtype)


def _finished(
    image: Any,
    source: Picture,
    alpha: NDArray[Any] | None,
    format_: Format,
    output_size: tuple[int, int],
    dtype: np.dtype[Any],
) -> Any:
    """Returns the ``pyvips.Image`` as it is saved: resized, with alpha, profile, resolution, XMP and IPTC."""
    pyvips = import_vips()

    image = resampled(image, output_size, "lanczos3")
    if image.bands == 1 and not (source.bands == 1 and format_.grey):
        image = image.bandjoin([image, image]).copy(interpretation="rgb16" if dtype == np.uint16 else "srgb")
    image = _with_blobs(image, source, format_)
    if alpha is not None:
        plane = pyvips.Image.new_from_array(np.ascontiguousarray(to_depth(alpha, dtype)))
        image = image.bandjoin(resampled(plane, output_size, "cubic"))
        if not format_.alpha:
            image = image.flatten(background=255)
    horizontal, vertical = source.dpi or (DEFAULT_DPI, DEFAULT_DPI)
    return image.copy(xres=horizontal / 25.4, yres=vertical / 25.4)


def _with_blobs(image: Any, source: Picture, format_: Format) -> Any:
    """Adds the profile, XMP and IPTC, where libvips writes them as others read them."""
    pyvips = import_vips()

    blobs = {}
    profile = source.icc_profile
    if profile is not None and (profile[16:20] == b"GRAY") == (image.bands == 1):
        blobs["icc-profile-data"] = profile
    is_jpeg = format_.saver == "jpegsave"
    if (
        source.xmp is not None
        and format_.saver != "pngsave"
        and not (is_jpeg and len(source.xmp) > JPEG_SEGMENT)
    ):
        blobs["xmp-data"] = source.xmp
    if source.iptc is not None and is_jpeg and len(source.iptc) <= JPEG_SEGMENT:
        blobs["iptc-data"] = with_resources(source.iptc)
    image = image.copy()
    for name, blob in blobs.items():
        image.set_type(pyvips.GValue.blob_type, name, blob)
    return image


def _complete(file: IO[bytes], source: Picture, format_: Format) -> None:
    """Adds to a file what libvips has not written into it."""
    if format_.saver == "tiffsave" and (source.exif is not None or source.iptc is not None):
        add_exif(file, source.exif, source.iptc)
    elif format_.saver == "pngsave" and (source.texts or source.xmp is not None):
        add_texts(file, source.texts, source.xmp)


def _options(
    format_: Format, quality: int | None, source: Picture, output_size: tuple[int, int]
) -> dict[str, Any]:
    options = dict(format_.options)
    if format_.quality is not None:
        options["Q"] = quality or format_.quality
    if format_.saver == "webpsave" and source.grey:
        # Lossy WebP decodes grey to colours one level apart.
        options["lossless"] = True
    if format_.saver == "tiffsave":
        # A classic TIFF ends at 4 GB; compression cannot be relied on.
        options["bigtiff"] = output_size[0] * output_size[1] * 4 * source.pixels.itemsize >= 2**32
    return options


def write_picture(
    target: str | os.PathLike[str] | IO[bytes],
    bands: Iterable[NDArray[Any]],
    *,
    size: tuple[int, int],
    source: Picture,
    alpha: NDArray[Any] | None = None,
    output_size: tuple[int, int] | None = None,
    file_format: str | None = None,
    quality: int | None = None,
    cancel: Cancel | None = None,
) -> None:
    """Writes a picture that comes as bands of rows, with the alpha and the metadata of its source.

    PNG, JPEG and TIFF are written as the bands come; WebP and AVIF are held whole. The result is 16-bit if
    ``source`` is and the format can be (PNG, TIFF), grey where ``source`` is, and has one channel where the
    file of ``source`` had (PNG, JPEG, TIFF). JPEG has no transparency: it is laid over white. Profile,
    resolution (72 dpi where the source says nothing), EXIF, XMP, IPTC and texts are kept where the format has
    a place for them, see :func:`~srgan.images.losses.losses`. A file appears under its name when
    it is complete and on the disk, and replaces an existing one.

    Args:
        target: the file, whose folder must exist; or a binary file object, to which the picture is written
            in one go when it is complete, and which stays open.
        bands: arrays (rows, width, 3), uint8 or uint16, from top to bottom; consumed in this thread. What
            the iterator raises comes out unchanged.
        size: (width, height) that the bands make up.
        source: the picture that was upscaled.
        alpha: its alpha, (height, width) of any size and of its type, which is resized to the result's; None
            takes that of ``source``.
        output_size: (width, height) to resize to: Lanczos to downscale, bicubic to upscale.
        file_format: png, jpg, tiff, webp or avif; None goes by the extension.
        quality: 1 to 100, for JPEG (95 otherwise), WebP (90) and AVIF (80); lossless formats ignore it.
        cancel: asked between bands and while the picture is encoded.

    Raises:
        UsageError: if the format is unknown.
        ImageError: if the format cannot hold the size.
        OutputError: if the file cannot be written.
        CancelledError: if ``cancel`` says so; nothing has been written then.
        ValueError: if the bands do not make up ``size``.
    """
    file = binary_file(target)
    name = name_of(file)
    format_ = FORMATS[format_of(Path(name), file_format)]
    final_size = output_size or size
    others = ", ".join(other for other, f in FORMATS.items() if f.limit >= max(final_size))
    check_side(Path(name), final_size, format_.limit, others)
    dtype = source.pixels.dtype if format_.deep else np.dtype(np.uint8)
    options = _options(format_, quality, source, final_size)

    def rows() -> Iterator[NDArray[Any]]:
        for band in bands:
            yield to_depth(_mean_channel(band) if source.grey else band, dtype)

    is_long = format_.saver == "jpegsave" and len(source.exif or b"") > JPEG_SEGMENT
    exif = None if is_long else source.exif
    alpha = source.alpha if alpha is None else alpha
    stopped = threading.Event()

    def write_to(part: Path | IO[bytes]) -> None:
        def save(image: Any) -> None:
            finished = _finished(image, source, alpha, format_, final_size, dtype)
            _save(name, part, finished, format_, options, stopped)

        channels = 1 if source.grey else 3
        with explained_saving(name):
            encode(rows(), save, size=size, channels=channels, exif=exif, cancel=cancel, stopped=stopped)

    if isinstance(file, Path):
        with replacing(file, durable=True) as part:
            write_to(part)
            with explained(file), opened(part, "r+b") as written:
                _complete(written, source, format_)
    else:
        memory = io.BytesIO()
        write_to(memory)
        _complete(memory, source, format_)
        with explained(str(name)):
            write_all(file, memory.getbuffer())


def _save(
    name: str | Path,
    part: Path | IO[bytes],
    image: Any,
    format_: Format,
    options: dict[str, Any],
    stopped: threading.Event,
) -> None:
    if isinstance(part, Path) and not format_.apart:
        getattr(image, format_.saver)(os.fsencode(part), **options)
        return
    if format_.apart:
        content = encode_apart(image, format_.saver, options, stopped.is_set)
    else:
        content = getattr(image, f"{format_.saver}_buffer")(**options)
    if isinstance(part, Path):
        with explained(name):
            fill(part, content)
    else:
        part.write(content)
