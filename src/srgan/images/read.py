"""Reading pictures: PNG, JPEG, WebP, TIFF, BMP, AVIF, HEIC and GIF, told by their content."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from srgan.errors import ImageError
from srgan.images.decode import check_size, decode, is_cut_by_pillow, quiet_pillow
from srgan.images.deep import decode_deep
from srgan.images.file_objects import binary_file, name_of
from srgan.images.metadata import dpi_of, dpi_of_tags, exif_of, exif_of_tags, settle_exif, upright
from srgan.images.picture import Picture
from srgan.images.tiff import read_tags

DEFAULT_MAX_PIXELS = 250_000_000
"""The largest cameras give 200 megapixels; what is larger is taken for a decompression bomb."""

EXTENSIONS = frozenset(
    (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".heic", ".heif", ".gif")
)
"""What ``list_pictures`` takes for a picture."""

_KINDS = "PNG, JPEG, WebP, TIFF, BMP, AVIF, HEIC or GIF"
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error)


def _format_of(head: bytes) -> str | None:
    """Pillow's name for the format that a file's first bytes announce."""
    if head[4:8] == b"ftyp":
        length = min(int.from_bytes(head[:4], "big"), len(head))
        brands = {head[start : start + 4] for start in (8, *range(16, length, 4))}
        return "AVIF" if brands & {b"avif", b"avis"} else "HEIF"
    if head[:4] == b"RIFF":
        return "WEBP" if head[8:12] == b"WEBP" else None
    signatures = {
        b"\x89PNG": "PNG",
        b"\xff\xd8\xff": "JPEG",
        b"GIF8": "GIF",
        b"BM": "BMP",
        b"II*\0": "TIFF",
        b"MM\0*": "TIFF",
        b"II+\0": "TIFF",
        b"MM\0+": "TIFF",
    }
    return next((name for start, name in signatures.items() if head.startswith(start)), None)


def _register_heif(name: str | Path) -> None:
    try:
        import pillow_heif
    except ImportError as error:
        raise ImageError(f"{name}: reading HEIC needs pillow-heif; run  pip install pillow-heif") from error
    pillow_heif.register_heif_opener()


@contextmanager
def explained(name: str | Path) -> Iterator[None]:
    """Turns what goes wrong while reading ``name`` into an ``ImageError`` of one line."""
    try:
        yield
    except FileNotFoundError as error:
        raise ImageError(f"{name}: there is no such file") from error
    except PermissionError as error:
        raise ImageError(f"{name}: no permission to read it") from error
    except UnidentifiedImageError as error:
        raise ImageError(f"{name}: is damaged or cut short; its header cannot be read") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split())
        raise ImageError(f"{name}: is damaged or cut short ({reason})") from error


def sniff(path: Path) -> str:
    """Pillow's name for the format of a file, by its content.

    Raises:
        ImageError: if it is missing, a folder, empty, or not a picture.
    """
    with opened(path) as file:
        return kind_of(path, file)


def kind_of(name: str | Path, file: IO[bytes]) -> str:
    """As :func:`sniff`, of a file that is open, from its beginning; it stands there again afterwards."""
    head = file.read(128)
    file.seek(0)
    if not head:
        raise ImageError(f"{name}: is empty (0 bytes)")
    found = _format_of(head)
    if found is None:
        raise ImageError(f"{name}: is not a picture that can be read ({_KINDS})")
    if found == "HEIF":
        _register_heif(name)
    return found


@contextmanager
def opened(source: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    """The file from its beginning, seekable; a caller's own stays open."""
    if not isinstance(source, Path):
        if source.seekable():
            source.seek(0)
            yield source
        else:
            yield io.BytesIO(source.read())
        return
    if source.is_dir():
        list_pictures(source)  # where it cannot be listed, that is what to say
        raise ImageError(f"{source}: is a folder, not a picture")
    with source.open("rb") as file:
        yield file


def _picture_of(name: str | Path, file: IO[bytes], image: ImageFile.ImageFile, max_pixels: int) -> Picture:
    check_size(name, image.size, max_pixels)
    profile = image.info.get("icc_profile")
    if is_cut_by_pillow(image):
        array, _ = decode_deep(name, file, max_pixels)
    else:
        array = decode(name, image)
    # After decoding: Pillow turns a TIFF upright itself then, and a PNG may hold its EXIF behind its pixels.
    with quiet_pillow():
        raw_exif, dpi = exif_of(image), dpi_of(image)
    return _settled(array, profile, raw_exif, dpi)


def _read_by_libvips(name: str | Path, file: IO[bytes], max_pixels: int) -> Picture:
    """A TIFF that Pillow does not know."""
    array, profile = decode_deep(name, file, max_pixels)
    with quiet_pillow():
        tags = read_tags(file)
        return _settled(array, profile, exif_of_tags(tags), dpi_of_tags(tags))


def _settled(
    array: NDArray[Any], profile: bytes | None, raw_exif: bytes | None, dpi: tuple[float, float] | None
) -> Picture:
    """The picture, turned upright as its EXIF asks."""
    exif, orientation = settle_exif(raw_exif) if raw_exif else (None, 1)
    if dpi is not None and orientation >= 5:
        dpi = dpi[1], dpi[0]
    return Picture.from_array(upright(array, orientation), icc_profile=profile, exif=exif, dpi=dpi)


def read_picture(
    source: str | os.PathLike[str] | IO[bytes], *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Picture:
    """Reads a picture, its first frame if it has several, upright and in RGB.

    8-bit samples stay 8-bit, 16-bit ones 16-bit. CMYK and Lab become sRGB by the file's profile, which is
    then dropped; RGB and grey keep theirs.

    Args:
        source: the file, or a binary file object, which is read from its beginning if it is seekable and
            stays open; the format is told by the content, not by a name.
        max_pixels: a picture with more is refused before it is decoded.

    Raises:
        ImageError: if the file is missing, a folder, unreadable, empty, no picture, damaged, or too large.
        UsageError: if the file object is not a binary one.
    """
    file_or_path = binary_file(source)
    name = name_of(file_or_path)
    with explained(name), opened(file_or_path) as file:
        kind = kind_of(name, file)
        try:
            with quiet_pillow():
                image_file = Image.open(file, formats=[kind])
        except UnidentifiedImageError:
            if kind != "TIFF":
                raise
            # Pillow knows no 16-bit grey with alpha in TIFF, nor CMYK with alpha; libvips does.
            return _read_by_libvips(name, file, max_pixels)
        with image_file as image:
            return _picture_of(name, file, image, max_pixels)


def list_pictures(
    folder: str | os.PathLike[str],
    *,
    recursive: bool = False,
    extensions: Collection[str] | None = EXTENSIONS,
    on_error: Callable[[Path], None] | None = None,
) -> list[Path]:
    """The pictures in a folder by their extension, sorted; hidden files and folders are left out.

    Links to folders are followed, but not those that lead back to a folder they lie in.

    Args:
        folder: where to look.
        recursive: with all folders below it.
        extensions: of what is listed, in small letters; None lists all files.
        on_error: called with each folder that cannot be listed, instead of raising.

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
                    found += list_pictures(entry, recursive=True, extensions=extensions, on_error=on_error)
            elif extensions is None or entry.suffix.lower() in extensions:
                found.append(entry)
    except OSError as error:
        if on_error is None:
            raise ImageError(f"{folder}: cannot be listed ({error.strerror})") from error
        on_error(folder)
    return found


def _leads_back(folder: Path) -> bool:
    return folder.is_symlink() and folder.resolve() in {parent.resolve() for parent in folder.parents}
