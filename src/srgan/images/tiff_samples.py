"""Samples of a TIFF, taken raw by libvips, understood here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from srgan.errors import ImageError
from srgan.images.checks import DamageError
from srgan.images.cmyk import srgb_of_inks, srgb_of_lab
from srgan.images.tiff_layout import (
    BLACK_IS_ZERO,
    CMYK,
    EXTRA_SAMPLES,
    LAB,
    PALETTE,
    PHOTOMETRIC,
    RGB,
    WHITE_IS_ZERO,
    YCBCR,
    TiffLayout,
)
from srgan.images.vips import import_vips, samples_of

_CONVERTED = (PALETTE, YCBCR)  # by libvips, to grey or RGB
_TYPES = (np.uint8, np.uint16, np.uint32, np.float32)


def decode_tiff(name: str | Path, file: IO[bytes], layout: TiffLayout, profile: bytes | None) -> NDArray[Any]:
    """Decodes the page of a TIFF that ``layout`` describes and ``layout.check`` has let through.

    Args:
        name: what messages call the file.
        file: the TIFF.
        layout: how the page holds its samples.
        profile: converts CMYK to sRGB, if it is a CMYK profile.

    Returns:
        (height, width, 1 to 4), uint8 or uint16, not yet turned upright: grey, grey + alpha, RGB or RGBA with
        plain alpha.

    Raises:
        ImageError: if it has floating-point numbers that are not from 0 to 1.
        DamageError: if it cannot be decoded.
    """
    samples = _whole_numbers(name, _raw_samples(file, layout))
    if layout.photometric in _CONVERTED:
        return samples
    colours = np.ascontiguousarray(samples[..., : layout.colours])
    alpha = None if layout.alpha is None else samples[..., layout.alpha, None]
    if alpha is not None and layout.is_associated:
        colours = _divided(colours, alpha)
    if layout.photometric == WHITE_IS_ZERO:
        colours = np.iinfo(colours.dtype).max - colours
    elif layout.photometric == CMYK:
        colours = srgb_of_inks(colours[..., :4], profile)
    elif layout.photometric not in (BLACK_IS_ZERO, RGB):
        colours = srgb_of_lab(colours, is_signed=layout.photometric == LAB)
    return colours if alpha is None else np.concatenate((colours, alpha), axis=2)


def _raw_samples(file: IO[bytes], layout: TiffLayout) -> NDArray[Any]:
    """Returns all samples as they stand in the file, (height, width, samples).

    libvips inverts, divides by alpha and converts Lab, some of it wrongly: it is shown a copy in which greys
    begin at black, Lab is RGB, and samples beyond the colours mean nothing. Palettes and YCbCr become RGB.
    """
    pyvips = import_vips()

    file.seek(0)
    copy = io.BytesIO(file.read())
    if layout.photometric not in (CMYK, *_CONVERTED):
        plain = RGB if layout.colours == 3 else BLACK_IS_ZERO
        layout.header.set_values(copy, layout.directory, PHOTOMETRIC, plain)
    layout.header.set_values(copy, layout.directory, EXTRA_SAMPLES, 0)
    try:
        image = pyvips.Image.tiffload_buffer(
            copy.getbuffer(), page=layout.page, access="sequential", fail_on="error"
        )
        samples = samples_of(image)
    except pyvips.Error as error:
        raise DamageError("its pixels cannot be decoded") from error
    is_other = samples.shape[2] != layout.samples and layout.photometric not in _CONVERTED
    if is_other or samples.dtype not in _TYPES or samples.shape[1::-1] != layout.size:
        raise DamageError("its samples are not what its tags say")
    return samples


def _whole_numbers(name: str | Path, samples: NDArray[Any]) -> NDArray[Any]:
    """Converts samples to uint8 or uint16; floating-point ones are shares of white, from 0 to 1."""
    if samples.dtype == np.uint32:
        return ((samples.astype(np.uint64) + 32768) // 65537).astype(np.uint16)
    if samples.dtype != np.float32:
        return samples
    if not (samples.min() >= 0 and samples.max() <= 1):  # also if one is not a number
        raise ImageError(f"{name}: has floating-point samples outside 0 to 1; save it with 8 or 16 bits")
    return np.rint(samples * np.float32(65535)).astype(np.uint16)


def _divided(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Divides colours by the alpha that was multiplied into them; 0 where nothing is visible."""
    white = np.uint32(np.iinfo(colours.dtype).max)
    divisor = np.maximum(alpha.astype(np.uint32), 1)
    result: NDArray[Any] = np.minimum((colours * white + divisor // 2) // divisor, white).astype(
        colours.dtype
    )
    return result
