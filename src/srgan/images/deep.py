"""Samples that Pillow would cut to 8 bits: of PNG and AVIF by libvips, of HEIC by pillow-heif."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from srgan.images.checks import DamageError
from srgan.images.vips import import_vips, samples_of


def decode_deep(file: IO[bytes]) -> NDArray[Any]:
    """Decodes with libvips, which keeps 16-bit samples.

    Returns:
        (height, width, 1 to 4), uint16, not yet turned upright: grey, grey + alpha, RGB or RGBA.

    Raises:
        DamageError: if it cannot be decoded.
    """
    pyvips = import_vips()

    file.seek(0)
    try:
        image = pyvips.Image.new_from_buffer(file.read(), "", access="sequential", fail_on="error")
        return samples_of(image)
    except pyvips.Error as error:
        raise DamageError("its pixels cannot be decoded") from error


def decode_heif(file: IO[bytes], kind: str, bits: int) -> NDArray[Any]:
    """Decodes an AVIF or HEIC of 10 or 12 bits.

    Args:
        file: the file.
        kind: "AVIF" or "HEIF".
        bits: bits of a sample.

    Returns:
        As :func:`decode_deep`, scaled to 16 bits; a HEIC stands upright.

    Raises:
        DamageError, OSError, RuntimeError, ValueError: if it cannot be decoded.
    """
    if kind == "AVIF":
        samples = decode_deep(file)
    else:
        import pillow_heif

        file.seek(0)
        samples = np.asarray(pillow_heif.open_heif(file, convert_hdr_to_8bit=False))
        samples = samples.reshape(*samples.shape[:2], -1)
    # Both give the bits at the upper end, and zeros below.
    largest = np.uint32(2**bits - 1)
    levels = samples.astype(np.uint32) >> (16 - bits)
    return ((levels * np.uint32(65535) + largest // 2) // largest).astype(np.uint16)
