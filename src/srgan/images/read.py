"""Reads pictures: PNG, JPEG, WebP, TIFF, BMP, AVIF, HEIC and GIF, recognised by their content."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from srgan.errors import ImageError
from srgan.images import MOST_PIXELS
from srgan.images.carried import Carried
from srgan.images.file_objects import binary_file
from srgan.images.metadata import upright
from srgan.images.opening import open_picture
from srgan.images.picture import Picture

EXTENSIONS = frozenset(
    (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".heic", ".heif", ".gif")
)
"""The extensions of pictures for ``list_pictures``."""


def read_picture(source: str | os.PathLike[str] | IO[bytes], *, max_pixels: int = MOST_PIXELS) -> Picture:
    """Reads a picture, its first frame if it has several, upright and in RGB.

    8-bit samples stay 8-bit, 16-bit ones 16-bit. CMYK and Lab become sRGB by the file's profile, which is
    then dropped; RGB and grey keep theirs.

    Args:
        source: the file, or a binary file object, which is read from its beginning if it is seekable and
            stays open; the content decides the format, not the name.
        max_pixels: a picture with more is refused before it is decoded.

    Raises:
        ImageError: if the file is missing, a folder, unreadable, empty, no picture, damaged, or too large.
        UsageError: if the file object is not a binary one.
    """
    with open_picture(binary_file(source), max_pixels) as opened:
        array = next(opened.frames())
        picture = picture_of(array, opened.carried)
    if opened.count == 1:
        return picture
    note = f"moves; the first of its {opened.count} frames is taken"
    return replace(picture, notes=(*picture.notes, note))


def picture_of(array: NDArray[Any], carried: Carried) -> Picture:
    """Makes an upright picture of decoded samples, (height, width, 1 to 4), and its file's metadata."""
    is_grey = array.shape[2] <= 2
    if carried.hdr is not None:
        array = carried.hdr.to_sdr(array)
    picture = Picture.from_array(
        upright(array, carried.orientation),
        icc_profile=carried.profile_for(is_grey=is_grey),
        exif=carried.exif,
        dpi=carried.turned().dpi,
    )
    notes = carried.notes_for(is_grey=is_grey)
    return replace(picture, xmp=carried.xmp, iptc=carried.iptc, texts=carried.texts, notes=notes)


def list_pictures(
    folder: str | os.PathLike[str],
    *,
    recursive: bool = False,
    extensions: Collection[str] | None = EXTENSIONS,
    on_error: Callable[[Path], None] | None = None,
    on_special: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Lists the pictures in a folder by their extension, sorted; skips hidden files and folders.

    Links to folders are followed, except those that lead back to a folder they are in.

    Args:
        folder: where to look.
        recursive: whether to search all folders below it.
        extensions: extensions to list, in lower case; None lists all files.
        on_error: called with each folder that cannot be listed, instead of raising.
        on_special: called with each pipe, socket or device, instead of listing it.

    Raises:
        ImageError: if it is not a folder, or it or one below it cannot be listed.
    """
    folder = Path(folder)
    found: list[Path] = []
    try:
        for entry in sorted(folder.iterdir()):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                if recursive and not _leads_back(entry):
                    found += list_pictures(
                        entry, recursive=True, extensions=extensions, on_error=on_error, on_special=on_special
                    )
            elif extensions is None or entry.suffix.lower() in extensions:
                if on_special is not None and entry.exists() and not entry.is_file():
                    on_special(entry)
                else:
                    found.append(entry)
    except OSError as error:
        if on_error is None:
            raise ImageError(f"{folder}: cannot be listed ({error.strerror})") from error
        on_error(folder)
    return found


def _leads_back(folder: Path) -> bool:
    return folder.is_symlink() and folder.resolve() in {parent.resolve() for parent in folder.parents}
