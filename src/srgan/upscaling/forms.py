"""Pictures as callers hold them - arrays, lists, batches, PIL's - and results in the same form."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.errors import UsageError
from srgan.images.decode import decode
from srgan.images.metadata import dpi_of, exif_of
from srgan.images.picture import fitting_profile
from srgan.images.recognise import explained

PictureLike = Image.Image | NDArray[Any] | Sequence[Any]
"""What :meth:`srgan.Upscaler.upscale` takes."""

_Array = NDArray[Any]

_TYPES = (np.uint8, np.uint16, np.float32, np.float64)
_SHAPES = "(height, width), (height, width, 3) or (height, width, 4)"


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a caller handed over.

    Attributes:
        samples: (H, W) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB, (H, W, 4) RGB and alpha, or
            (N, H, W, 3 or 4); uint8, uint16, or float32 or float64 in [0, 1].
        finish: converts upscaled samples to the caller's form.
    """

    samples: _Array
    finish: Callable[[_Array], Any]


def given(image: PictureLike) -> Given:
    """Examines what a caller handed over.

    Raises:
        UsageError: if it is no picture, see :func:`array_of`, or has no pixels.
        ImageError: if it is a PIL image that cannot be decoded, or has samples of 32 bits.
    """
    if isinstance(image, Image.Image):
        return _given_by_pil(image)
    return Given(samples=array_of(image), finish=lambda enlarged: enlarged)


def array_of(image: object) -> _Array:
    """Converts a picture, or a batch, to an array of a type that can be upscaled.

    Lists and tuples are taken as NumPy does; their whole numbers are bytes, and have to be from 0 to 255.

    Raises:
        UsageError: if it is of another type or shape, is empty, or has floats outside [0, 1] or NaN.
    """
    if isinstance(image, (str, os.PathLike)):
        raise UsageError(f"{image}: is the name of a file; use upscale_file for files", field="image")
    try:
        array = np.asarray(image)
    except (ValueError, TypeError) as error:
        raise UsageError(f"a picture must have rows of the same length ({error})", field="image") from error
    if not isinstance(image, np.ndarray) and _are_bytes(array):
        array = array.astype(np.uint8)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    _check_type(array)
    _check_shape(array)
    _check_range(array)
    return array


def rgb_of(image: object) -> _Array:
    """Converts a single picture without alpha to (H, W, 3), uint8, uint16 or float32; grey is not copied.

    Raises:
        UsageError: if it is none.
    """
    array = array_of(image)
    if array.ndim == 4 or array.shape[2:] == (4,):
        raise UsageError(
            f"a picture must have the shape (height, width) or (height, width, 3) here, not {array.shape}",
            field="image",
        )
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    return np.broadcast_to(array[..., None], (*array.shape, 3)) if array.ndim == 2 else array


def _given_by_pil(image: Image.Image) -> Given:
    name = Path(getattr(image, "filename", "") or "the picture")
    with explained(name):
        samples = decode(name, image)
    if samples.size == 0:
        raise UsageError(f"{name}: has no pixels", field="image")
    bands = 1 if samples.shape[2] <= 2 else 3
    said = {  # looked at after decoding, as Pillow asks
        "icc_profile": fitting_profile(image.info.get("icc_profile"), bands),
        "exif": exif_of(image),
        "dpi": dpi_of(image),
    }

    def finish(enlarged: _Array) -> Image.Image:
        result = Image.fromarray(enlarged)
        result.info.update({key: value for key, value in said.items() if value is not None})
        return result

    return Given(samples=samples[..., 0] if samples.shape[2] == 1 else samples, finish=finish)


def _are_bytes(array: _Array) -> bool:
    is_whole = np.issubdtype(array.dtype, np.integer) and array.dtype not in _TYPES
    return bool(is_whole and array.size and array.min() >= 0 and array.max() <= 255)


def _check_type(array: _Array) -> None:
    if array.dtype == np.bool_:
        raise UsageError("a picture must not be boolean; pass 255 * image.astype(np.uint8)", field="image")
    if array.dtype not in _TYPES:
        raise UsageError(
            f"a picture must be uint8, uint16, float32 or float64, not {array.dtype}", field="image"
        )


def _check_shape(array: _Array) -> None:
    is_picture = array.ndim == 2 or (array.ndim in (3, 4) and array.shape[-1] in (3, 4))
    if not is_picture or array.size == 0:
        raise UsageError(
            f"a picture must have the shape {_SHAPES}; several of one size, (number, height, width, 3) or "
            f"(number, height, width, 4); not {array.shape}",
            field="image",
        )


def _check_range(array: _Array) -> None:
    # NaN compares as False.
    if np.issubdtype(array.dtype, np.floating) and not (array.min() >= 0 and array.max() <= 1):
        raise UsageError(
            "a picture must not have floats outside [0, 1] or NaN; divide it by its white, or use np.clip",
            field="image",
        )
