"""CMYK and Lab as sRGB, by the file's own profile where it has a fitting one."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

ASSOCIATED, UNASSOCIATED = 1, 2
"""Alpha that the inks are multiplied by, and plain alpha, as TIFF's ExtraSamples has them."""


def srgb_of(image: Image.Image) -> Image.Image:
    """An 8-bit CMYK or Lab image of Pillow's as sRGB, by relative colorimetry with black point compensation.

    Raises:
        ValueError: if its profile cannot be used.
    """
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


def srgb_of_samples(samples: NDArray[Any], profile: bytes | None, extra: int) -> NDArray[Any]:
    """CMYK samples, perhaps with alpha, as sRGB.

    Args:
        samples: (height, width, 4 or more), uint8 or uint16: the inks, and what comes with them.
        profile: the file's.
        extra: what the fifth sample means: :data:`ASSOCIATED` or :data:`UNASSOCIATED` alpha; anything else
            is left out.

    Returns:
        (height, width, 3 or 4) of the same type: RGB, or RGBA with plain alpha.

    Raises:
        ValueError: if the profile cannot be used.
    """
    inks = np.ascontiguousarray(samples[..., :4])
    if samples.shape[2] == 4 or extra not in (ASSOCIATED, UNASSOCIATED):
        return _srgb_of_inks(inks, profile)
    alpha = samples[..., 4:5]
    if extra == ASSOCIATED:
        inks = _divided(inks, alpha)
    return np.concatenate((_srgb_of_inks(inks, profile), alpha), axis=2)


def _divided(inks: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    white = np.uint32(np.iinfo(inks.dtype).max)
    divisor = np.maximum(alpha.astype(np.uint32), 1)
    # Where nothing is visible there is no ink either.
    result: NDArray[Any] = np.minimum((inks * white + divisor // 2) // divisor, white).astype(inks.dtype)
    return result


def _srgb_of_inks(inks: NDArray[Any], profile: bytes | None) -> NDArray[Any]:
    if inks.dtype == np.uint8:
        image = Image.frombytes("CMYK", (inks.shape[1], inks.shape[0]), inks.tobytes())
        image.info["icc_profile"] = profile
        return np.asarray(srgb_of(image))
    if profile is not None and profile[16:20] == b"CMYK":
        return _deep_by_profile(inks, profile)
    white = np.uint32(65535)
    light = white - inks
    return ((light[..., :3] * light[..., 3:] + white // 2) // white).astype(np.uint16)


def _deep_by_profile(inks: NDArray[np.uint16], profile: bytes) -> NDArray[np.uint16]:
    """As :func:`srgb_of`, for 16 bits, which Pillow does not convert."""
    import pyvips

    image = pyvips.Image.new_from_array(inks).copy(interpretation="cmyk")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    try:
        converted = image.icc_transform(
            "srgb", depth=16, embedded=True, intent="relative", black_point_compensation=True
        )
        result: NDArray[np.uint16] = converted.numpy()
    except pyvips.Error as error:
        raise ValueError("its colour profile cannot be used") from error
    return result
