"""Clearer pictures: four times larger per side, with the SRGAN (arXiv 1609.04802), offline.

>>> from srgan import Upscaler, upscale
>>> upscale("photo.jpg", "clear.png")  # doctest: +SKIP
>>> sr_image = Upscaler().upscale(lr_image)  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srgan.networks import DEFAULT_MODEL

if TYPE_CHECKING:
    from srgan.errors import SrganError
    from srgan.jobs.options import PictureOptions
    from srgan.jobs.pictures import upscale_file
    from srgan.networks.card import ModelCard
    from srgan.networks.catalogue import list_models, load_card
    from srgan.upscaling.upscaler import Upscaler
    from srgan.video.options import VideoOptions
    from srgan.video.pipeline import upscale_video

__all__ = [
    "ModelCard",
    "PictureOptions",
    "SrganError",
    "Upscaler",
    "VideoOptions",
    "list_models",
    "load_card",
    "upscale",
    "upscale_file",
    "upscale_video",
]

# Imported at first use: help texts and training must not wait for what upscales.
_HOMES = {
    "ModelCard": "srgan.networks.card",
    "PictureOptions": "srgan.jobs.options",
    "SrganError": "srgan.errors",
    "Upscaler": "srgan.upscaling.upscaler",
    "VideoOptions": "srgan.video.options",
    "list_models": "srgan.networks.catalogue",
    "load_card": "srgan.networks.catalogue",
    "upscale_file": "srgan.jobs.pictures",
    "upscale_video": "srgan.video.pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'srgan' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def upscale(source: str | Path, target: str | Path, *, model: str | Path = DEFAULT_MODEL) -> Path:
    """Enlarges one picture file four times per side.

    For many pictures, make one :class:`Upscaler` and call :func:`upscale_file`.

    Args:
        source: PNG, JPEG, WebP, TIFF, BMP, AVIF, HEIC or GIF.
        target: the result; its extension names the format. Replaced if it exists.
        model: a shipped model's name, or a ``.safetensors`` file.

    Returns:
        ``target``.

    Raises:
        SrganError: if the picture cannot be read, the result not be written, or there is no such model.
    """
    from srgan.jobs.pictures import upscale_file
    from srgan.upscaling.upscaler import Upscaler

    target = Path(target)
    upscale_file(source, target, Upscaler(model))
    return target
