"""Samples that Pillow would cut to 8 bits or does not know, by libvips."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from srgan.errors import ImageError
from srgan.images.cmyk import ASSOCIATED, UNASSOCIATED, srgb_of_samples
from srgan.images.decode import check_size
from srgan.images.tiff import extra_sample, set_extra_sample


def decode_deep(name: str | Path, file: IO[bytes], max_pixels: int) -> tuple[NDArray[Any], bytes | None]:
    """Decodes with libvips, which keeps 16-bit samples.

    Args:
        name: for messages.
        file: the picture; CMYK only in TIFF.
        max_pixels: a picture with more is refused.

    Returns:
        (height, width, 1 to 4), uint8 or uint16, not yet turned upright: grey, grey + alpha, RGB or RGBA;
        and the colour profile.

    Raises:
        ImageError: if it has too many pixels, or samples of another kind.
        ValueError: if it is damaged.
    """
    import pyvips

    try:
        image = _opened(file)
        check_size(name, (image.width, image.height), max_pixels)
        if image.format not in ("uchar", "ushort"):
            raise ImageError(f"{name}: has samples of the kind {image.format}; save it with 8 or 16 bits")
        profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else None
        if image.interpretation == "cmyk":
            return _decode_cmyk(file, image, profile), None
        array = image.numpy()
    except pyvips.Error as error:
        raise ValueError(str(error).strip().splitlines()[-1].strip()) from error
    return (array[..., None] if array.ndim == 2 else array[..., :4]), profile


def _opened(file: IO[bytes]) -> Any:
    """A ``pyvips.Image``, of which no more than the header has been read."""
    import pyvips

    file.seek(0)
    return pyvips.Image.new_from_buffer(file.read(), "", access="sequential", fail_on="error")


def _decode_cmyk(file: IO[bytes], image: Any, profile: bytes | None) -> NDArray[Any]:
    extra = extra_sample(file) if image.bands > 4 else 0
    if extra == ASSOCIATED:
        # libvips divides by alpha, and 16 bits as if they were 8: it is told that there is nothing to divide.
        file.seek(0)
        copy = io.BytesIO(file.read())
        set_extra_sample(copy, UNASSOCIATED)
        image = _opened(copy)
    return srgb_of_samples(image.numpy(), profile, extra)
