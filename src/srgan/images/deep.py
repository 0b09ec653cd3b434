"""Samples of a PNG that Pillow would cut to 8 bits, by libvips."""

from __future__ import annotations

from typing import IO, Any

from numpy.typing import NDArray

from srgan.images.checks import DamageError
from srgan.images.vips import import_vips


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
        array: NDArray[Any] = pyvips.Image.new_from_buffer(
            file.read(), "", access="sequential", fail_on="error"
        ).numpy()
    except pyvips.Error as error:
        raise DamageError("its pixels cannot be decoded") from error
    return array.reshape(*array.shape[:2], -1)
