"""Recognises a file's format by its content, and reports in one line what goes wrong with it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from srgan.errors import ImageError, SrganError
from srgan.images.checks import DamageError
from srgan.images.tiff_layout import RAW_ADVICE

_KINDS = "PNG, JPEG, WebP, TIFF, BMP, AVIF, HEIC or GIF"
_SIGNATURES = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"IIRO": "RAW",
    b"IIRS": "RAW",
    b"MMOR": "RAW",
    b"IIU\0": "RAW",
    b"FUJIFILM": "RAW",
    b"FOVb": "RAW",
}
_BRANDS = {  # in the order in which they decide
    "RAW": {b"crx "},
    "AVIF": {b"avif", b"avis"},
    "HEIF": {
        b"heic",
        b"heix",
        b"hevc",
        b"hevx",
        b"heim",
        b"heis",
        b"hevm",
        b"hevs",
        b"mif1",
        b"msf1",
        b"mif2",
    },
}


def _format_of(head: bytes) -> str | None:
    """Returns Pillow's name for the format that a file's first bytes announce; RAW for those of cameras."""
    if head[4:8] == b"ftyp":
        length = min(int.from_bytes(head[:4], "big"), len(head))
        brands = {head[start : start + 4] for start in (8, *range(16, length, 4))}
        return next((kind for kind, known in _BRANDS.items() if brands & known), None)
    if head[:4] == b"RIFF":
        return "WEBP" if head[8:12] == b"WEBP" else None
    return next((name for start, name in _SIGNATURES.items() if head.startswith(start)), None)


def _register_heif(name: str | Path) -> None:
    try:
        import pillow_heif
    except ImportError as error:
        raise ImageError(f"{name}: reading HEIC needs pillow-heif; run  pip install pillow-heif") from error
    pillow_heif.register_heif_opener()


@contextmanager
def explained(name: str | Path) -> Iterator[None]:
    """Turns what goes wrong while reading ``name`` into an ``ImageError`` of one line.

    Decoders raise errors of every kind for damage, and name their own parts in them: their messages go to the
    log, as the cause.
    """
    try:
        yield
    except (SrganError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise ImageError(f"{name}: there is no such file") from error
    except PermissionError as error:
        raise ImageError(f"{name}: no permission to read it") from error
    except DamageError as error:
        raise ImageError(f"{name}: is damaged or cut short ({error})") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            raise ImageError(f"{name}: cannot be read ({error.strerror})") from error
        raise ImageError(f"{name}: is damaged or cut short") from error


def sniff(path: Path) -> str:
    """Returns Pillow's name for the format of a file, by its content.

    Raises:
        ImageError: if it is missing, a folder, empty, or not a picture.
    """
    with opened(path) as file:
        return kind_of(path, file)


def kind_of(name: str | Path, file: IO[bytes]) -> str:
    """Works like :func:`sniff` for an open file, read from its beginning; rewinds it afterwards."""
    head = file.read(128)
    file.seek(0)
    if not head:
        raise ImageError(f"{name}: is empty (0 bytes)")
    found = _format_of(head)
    if found is None:
        raise ImageError(f"{name}: is not a picture that can be read ({_KINDS})")
    if found == "RAW":
        raise ImageError(f"{name}: {RAW_ADVICE}")
    if found == "HEIF":
        _register_heif(name)
    return found


@contextmanager
def opened(source: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    """Returns the file from its beginning, seekable; a caller's own stays open."""
    if not isinstance(source, Path):
        if source.seekable():
            source.seek(0)
            yield source
        else:
            yield io.BytesIO(source.read())
        return
    if source.is_dir():
        try:
            next(source.iterdir(), None)
        except OSError as error:
            raise ImageError(f"{source}: cannot be listed ({error.strerror})") from error
        raise ImageError(f"{source}: is a folder, not a picture")
    if source.exists() and not source.is_file():
        raise ImageError(f"{source}: is a pipe, a socket or a device; save what it gives as a file first")
    with source.open("rb") as file:
        yield file
