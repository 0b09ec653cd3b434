"""Converts CMYK and Lab to sRGB, by the file's own profile if that fits."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from srgan.images.vips import import_vips


class ProfileError(ValueError):
    """A colour profile cannot be used."""


def is_usable(profile: bytes) -> bool:
    """Returns whether a colour profile can be read and, for CMYK, be converted from."""
    try:
        opened = ImageCms.getOpenProfile(io.BytesIO(profile))
        if profile[16:20] == b"CMYK":
            ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), "CMYK", "RGB")
    except (ImageCms.PyCMSError, OSError):
        return False
    return True


def srgb_of(image: Image.Image) -> Image.Image:
    """Converts Pillow's 8-bit CMYK or Lab to sRGB, by relative colorimetry with black point compensation.

    Raises:
        ProfileError: if its profile cannot be used.
    """
    srgb = ImageCms.createProfile("sRGB")
    embedded = image.info.get("icc_profile") or b""
    if image.mode != "LAB" and embedded[16:20] != b"CMYK":
        return image.convert("RGB")
    try:
        source: Any = ImageCms.createProfile("LAB") if image.mode == "LAB" else io.BytesIO(embedded)
        converted = ImageCms.profileToProfile(
            image,
            source,
            srgb,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError) as error:
        raise ProfileError("its colour profile cannot be used") from error
    if converted is None:  # only when converting in place
        raise ProfileError("its colour profile cannot be used")
    return converted


def srgb_of_inks(inks: NDArray[Any], profile: bytes | None) -> NDArray[Any]:
    """Converts CMYK samples to sRGB.

    Args:
        inks: (height, width, 4), uint8 or uint16.
        profile: the file's; without one for CMYK, light is what the inks let through.

    Returns:
        (height, width, 3) of the same type.

    Raises:
        ProfileError: if the profile cannot be used.
    """
    if inks.dtype == np.uint8:
        image = Image.frombytes("CMYK", (inks.shape[1], inks.shape[0]), inks.tobytes())
        image.info["icc_profile"] = profile
        return np.asarray(srgb_of(image))
    if profile is not None and profile[16:20] == b"CMYK":
        return _deep_by_profile(inks, profile)
    white = np.uint32(65535)
    light = white - inks
    return ((light[..., :3] * light[..., 3:] + white // 2) // white).astype(np.uint16)


def srgb_of_lab(lab: NDArray[Any], *, is_signed: bool) -> NDArray[Any]:
    """Converts CIE L*a*b* samples as TIFF has them, under D50, to sRGB.

    Args:
        lab: (height, width, 3), uint8 or uint16: the bits of the file.
        is_signed: whether a* and b* are signed (TIFF's CIELab); else 128 (32768) stands for 0 (ICCLab).

    Returns:
        (height, width, 3) of the same type.
    """
    if lab.dtype == np.uint8:
        signed = lab if is_signed else lab ^ np.array([0, 128, 128], np.uint8)
        return np.asarray(srgb_of(Image.frombytes("LAB", lab.shape[1::-1], signed.tobytes())))
    pyvips = import_vips()

    # 256 stands for a step of a*; ICCLab has ICC's encoding of version 2, where 65280 stands for L* = 100.
    chroma = lab[..., 1:].view(np.int16) if is_signed else lab[..., 1:].astype(np.int32) - 32768
    lightness = lab[..., :1] * np.float32(100 / (65535 if is_signed else 65280))
    values = np.concatenate((lightness, chroma.astype(np.float32) / 256), axis=2)
    image = pyvips.Image.new_from_array(values).copy(interpretation="lab")
    converted: NDArray[Any] = image.icc_export(
        output_profile="srgb", depth=16, intent="relative", black_point_compensation=True
    ).numpy()
    return converted


def _deep_by_profile(inks: NDArray[np.uint16], profile: bytes) -> NDArray[np.uint16]:
    """Works like :func:`srgb_of`, for 16 bits, which Pillow does not convert."""
    pyvips = import_vips()

    image = pyvips.Image.new_from_array(inks).copy(interpretation="cmyk")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    try:
        converted = image.icc_transform(
            "srgb", depth=16, embedded=True, intent="relative", black_point_compensation=True
        )
        result: NDArray[np.uint16] = converted.numpy()
    except pyvips.Error as error:
        raise ProfileError("its colour profile cannot be used") from error
    return result
