"""Writing pictures row by row: PNG, JPEG, TIFF, WebP and AVIF, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import sys
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from srgan.errors import ImageError
from srgan.events import Cancel, check
from srgan.images.encode import encode
from srgan.images.formats import FORMATS, Format, check_side, format_of
from srgan.images.picture import Picture
from srgan.images.spool import filled
from srgan.images.tiff import add_exif

_DEFAULT_DPI = 72.0


def to_depth(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Samples as uint8 or uint16, rounded to nearest: 255 and 65535 stand for the same white."""
    if array.dtype == dtype:
        return array
    if dtype == np.uint16:
        return array.astype(np.uint16) * np.uint16(257)
    return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _mean_channel(band: NDArray[Any]) -> NDArray[Any]:
    """(n, width, 3) as (n, width, 1): the rounded mean of the channels."""
    total: NDArray[Any] = band.sum(axis=2, dtype=np.uint32, keepdims=True)
    return ((total + 1) // 3).astype(band.dtype)


@contextmanager
def replacing(path: Path) -> Iterator[bytes]:
    """A temporary file beside ``path`` that takes its place at the end, or vanishes if anything fails.

    Yields:
        its name as libvips takes it.

    Raises:
        ImageError: if no file can be written there, or libvips fails.
    """
    import pyvips

    if path.is_dir():
        raise ImageError(f"{path}: is a folder; give the name of a file")
    prefix = f".srgan-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}-"
    temporary = path.parent / f"{prefix}{uuid.uuid4().hex[:12]}.part"
    try:
        _remove_abandoned(path.parent.glob(f"{prefix}*.part"))
        claim = temporary.open("xb")
    except OSError as error:
        raise ImageError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        with claim:
            _lock(claim)
            yield os.fsencode(temporary)
        _move(temporary, path)
    except pyvips.Error as error:
        # libvips tells the whole way down; where the system refused, that is the cause.
        refusal = re.search(r"system error: (.+)", str(error))
        reason = refusal[1] if refusal else "; ".join(str(error).split("\n")).strip("; ")
        if reason == os.strerror(errno.ENOSPC):
            reason = "the disk is full"
        raise ImageError(f"{path}: cannot be written ({reason})") from error
    finally:
        temporary.unlink(missing_ok=True)


def _lock(claim: IO[bytes]) -> bool:
    """Marks a file as in use by this process, whose end, however it comes, ends the mark; False if it is."""
    if sys.platform == "win32":
        return True  # an open file cannot be removed there: that is mark enough
    import fcntl

    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_abandoned(files: Iterable[Path]) -> None:
    """Removes temporary files of processes that were killed."""
    for file in files:
        with suppress(OSError):
            with file.open("rb") as claim:
                is_abandoned = _lock(claim)
            if is_abandoned:
                file.unlink()


def _move(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except OSError as error:
        raise ImageError(f"{path}: cannot be written ({error.strerror})") from error


def _add_exif(path: Path, temporary: Path, exif: bytes) -> None:
    """What libvips does not write to a TIFF."""
    try:
        add_exif(temporary, exif)
    except OSError as error:
        raise ImageError(f"{path}: cannot be written ({error.strerror})") from error


def _resized(image: Any, size: tuple[int, int], kernel: str) -> Any:
    """A ``pyvips.Image`` of another (width, height): ``kernel`` to reduce, bicubic to enlarge."""
    import pyvips

    width, height = size
    reduction = min(1.0, width / image.width), min(1.0, height / image.height)
    if reduction != (1.0, 1.0):
        image = image.resize(reduction[0], vscale=reduction[1], kernel=kernel)
    if (image.width, image.height) == size:
        return image
    # Not ``resize``: libvips enlarges with a shift of half a pixel of the result.
    across, down = width / image.width, height / image.height
    return image.affine(
        [across, 0, 0, down],
        idx=0.5 - 0.5 / across,
        idy=0.5 - 0.5 / down,
        oarea=[0, 0, width, height],
        interpolate=pyvips.Interpolate.new("bicubic"),
        extend="copy",
    )


def _finished(
    image: Any, source: Picture, format_: Format, output_size: tuple[int, int], dtype: np.dtype[Any]
) -> Any:
    """The ``pyvips.Image`` as it is saved: resized, with alpha, profile and resolution."""
    import pyvips

    image = _resized(image, output_size, "lanczos3")
    if image.bands == 1 and not (source.bands == 1 and format_.grey):
        image = image.bandjoin([image, image]).copy(interpretation="rgb16" if dtype == np.uint16 else "srgb")
    profile = source.icc_profile
    if profile is not None and (profile[16:20] == b"GRAY") == (image.bands == 1):
        image = image.copy()
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    if source.alpha is not None:
        alpha = pyvips.Image.new_from_array(np.ascontiguousarray(to_depth(source.alpha, dtype)))
        image = image.bandjoin(_resized(alpha, output_size, "cubic"))
        if not format_.alpha:
            image = image.flatten(background=255)
    horizontal, vertical = source.dpi or (_DEFAULT_DPI, _DEFAULT_DPI)
    return image.copy(xres=horizontal / 25.4, yres=vertical / 25.4)


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
        # 4 GB is where a classic TIFF ends; compression cannot be counted on.
        options["bigtiff"] = output_size[0] * output_size[1] * 4 * source.pixels.itemsize >= 2**32
    return options


def write_picture(
    path: str | os.PathLike[str] | BinaryIO,
    bands: Iterable[NDArray[Any]],
    *,
    size: tuple[int, int],
    source: Picture,
    output_size: tuple[int, int] | None = None,
    file_format: str | None = None,
    quality: int | None = None,
    cancel: Cancel | None = None,
) -> None:
    """Writes a picture that comes as bands of rows, with the alpha and the metadata of its source.

    PNG, JPEG and TIFF are written as the bands come; WebP and AVIF are held whole. The result is 16-bit if
    ``source`` is and the format can be (PNG, TIFF), grey where ``source`` is, and has one channel where the
    file of ``source`` had (PNG, JPEG, TIFF). JPEG has no transparency: it is laid over white. Profile,
    resolution (72 dpi where the source says nothing) and EXIF are kept. The file appears under its name when
    it is complete, and replaces one that is there.

    Args:
        path: the file, whose folder must exist; or one that is open in binary mode.
        bands: arrays (rows, width, 3), uint8 or uint16, from top to bottom; consumed in this thread. What
            the iterator raises comes out unchanged.
        size: (width, height) that the bands make up.
        source: the picture that was enlarged; its alpha is enlarged here.
        output_size: (width, height) to resize to: Lanczos to reduce, bicubic to enlarge.
        file_format: png, jpg, tiff, webp or avif; None goes by the extension.
        quality: 1 to 100, for JPEG (95 otherwise), WebP (90) and AVIF (80); lossless formats ignore it.
        cancel: asked at every band whether to stop.

    Raises:
        UsageError: if the format is unknown.
        ImageError: if the format cannot hold the size, or the file cannot be written.
        ValueError: if the bands do not make up ``size``.
    """
    if not isinstance(path, (str, os.PathLike)):
        with filled(path, file_format or "png") as copy:
            write_picture(
                copy,
                bands,
                size=size,
                source=source,
                output_size=output_size,
                quality=quality,
                cancel=cancel,
            )
        return
    path = Path(path)
    format_ = FORMATS[format_of(path, file_format)]
    target = output_size or size
    check_side(
        path, target, format_.limit, ", ".join(n for n, f in FORMATS.items() if f.limit >= max(target))
    )
    dtype = source.pixels.dtype if format_.deep else np.dtype(np.uint8)
    options = _options(format_, quality, source, target)

    def rows() -> Iterator[NDArray[Any]]:
        for band in bands:
            check(cancel)
            yield to_depth(_mean_channel(band) if source.grey else band, dtype)

    with replacing(path) as name:

        def save(image: Any) -> None:
            getattr(_finished(image, source, format_, target, dtype), format_.saver)(name, **options)

        encode(rows(), save, size=size, channels=1 if source.grey else 3, exif=source.exif)
        if format_.saver == "tiffsave" and source.exif is not None:
            _add_exif(path, Path(os.fsdecode(name)), source.exif)
