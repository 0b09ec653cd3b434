"""Samples of an opened file: whatever its mode, grey or RGB with or without alpha, 8 or 16 bit."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile

from srgan.errors import ImageError

# Pillow keeps its limit on pixels, and Python its warning filters, in globals.
_globals_lock = threading.Lock()


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Pillow without its own limit on pixels (``check_size`` has ours) and its warnings about odd tags."""
    with _globals_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def check_size(path: Path, size: tuple[int, int], max_pixels: int) -> None:
    """Refuses a (width, height) without pixels or with more than ``max_pixels``.

    Raises:
        ImageError: saying which limit would do.
    """
    width, height = size
    if width <= 0 or height <= 0:
        raise ImageError(f"{path}: has no pixels ({width}x{height})")
    if width * height > max_pixels:
        raise ImageError(
            f"{path}: {width}x{height} is more than {max_pixels:,} pixels; if you trust the file, "
            f"raise the limit to {width * height}",
            field="max_pixels",
        )


def is_cut_by_pillow(image: ImageFile.ImageFile) -> bool:
    """Whether the file has 16-bit samples in several channels, which Pillow would reduce to 8 bits.

    Told by the layout that Pillow read from the file's header.
    """
    layout = image.tile[0].args if image.tile else ""
    name = layout[0] if isinstance(layout, tuple) and layout else layout
    if not isinstance(name, str):
        return False
    if name.startswith("I;16"):  # Pillow keeps these; but not their transparent colour
        return "transparency" in image.info
    return name.startswith(("RGB;16", "RGBA;16", "RGBX;16", "LA;16"))


def _srgb_from(image: Image.Image) -> Image.Image:
    """CMYK and Lab as sRGB, by the file's own profile where it has a fitting one."""
    srgb = ImageCms.createProfile("sRGB")
    embedded = image.info.get("icc_profile") or b""
    if image.mode == "LAB":
        source: Any = ImageCms.createProfile("LAB")
    elif embedded[16:20] == b"CMYK":
        source = ImageCms.ImageCmsProfile(io.BytesIO(embedded))
    else:
        return image.convert("RGB")
    try:
        converted = ImageCms.profileToProfile(
            image,
            source,
            srgb,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except ImageCms.PyCMSError as error:
        raise ValueError(f"its colour profile cannot be used: {error}") from error
    if converted is None:  # only when converting in place
        raise ValueError("its colour profile cannot be used")
    return converted


def decode(path: Path, image: Image.Image) -> NDArray[Any]:
    """Decodes an opened file with Pillow.

    Returns:
        (height, width, 1 to 4), uint8 or uint16: grey, grey + alpha, RGB or RGBA.

    Raises:
        ImageError: if its samples are of another kind.
        OSError, ValueError, SyntaxError: if it is damaged.
    """
    image.load()
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)[..., None]
    if image.mode in ("I", "F"):
        raise ImageError(f"{path}: has 32-bit samples; save it with 8 or 16 bits")
    if image.mode in ("CMYK", "LAB"):
        return np.asarray(_srgb_from(image))
    has_alpha = image.has_transparency_data
    is_grey = image.mode in ("1", "L", "LA", "La")
    mode = ("LA" if has_alpha else "L") if is_grey else ("RGBA" if has_alpha else "RGB")
    array = np.asarray(image.convert(mode))
    return array[..., None] if array.ndim == 2 else array


def decode_deep(path: Path, max_pixels: int) -> tuple[NDArray[Any], bytes | None]:
    """Decodes with libvips, which keeps 16-bit samples.

    Returns:
        (height, width, 1 to 4), uint8 or uint16, not yet turned upright; and the colour profile.

    Raises:
        ImageError: if it has too many pixels, or samples of another kind.
        ValueError: if it is damaged.
    """
    import pyvips

    try:
        image = pyvips.Image.new_from_buffer(path.read_bytes(), "", access="sequential", fail_on="error")
        check_size(path, (image.width, image.height), max_pixels)
        if image.format not in ("uchar", "ushort"):
            raise ImageError(f"{path}: has samples of the kind {image.format}; save it with 8 or 16 bits")
        profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else None
        array = image.numpy()
    except pyvips.Error as error:
        raise ValueError(str(error).strip().splitlines()[-1].strip()) from error
    return (array[..., None] if array.ndim == 2 else array[..., :4]), profile
