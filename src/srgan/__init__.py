"""Upscale pictures and videos with the SRGAN (arXiv 1609.04802), offline.

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
    from srgan.errors import (
        CancelledError,
        DataError,
        ImageError,
        InUseError,
        MissingExtraError,
        ModelError,
        OutOfMemoryError,
        OutputError,
        RunError,
        SrganError,
        UsageError,
        VideoError,
    )
    from srgan.events import Event
    from srgan.jobs.options import PictureOptions
    from srgan.jobs.pictures import upscale_file
    from srgan.networks.card import ModelCard
    from srgan.networks.catalogue import list_models, load_card
    from srgan.networks.info import NetworkInfo
    from srgan.networks.onnx import OnnxForm
    from srgan.upscaling.size import Upscaled
    from srgan.upscaling.upscaler import Upscaler
    from srgan.video.options import VideoOptions
    from srgan.video.pipeline import UpscaledVideo, upscale_video

    __version__: str

__all__ = [
    "CancelledError",
    "DataError",
    "Event",
    "ImageError",
    "InUseError",
    "MissingExtraError",
    "ModelCard",
    "ModelError",
    "NetworkInfo",
    "OnnxForm",
    "OutOfMemoryError",
    "OutputError",
    "PictureOptions",
    "RunError",
    "SrganError",
    "Upscaled",
    "UpscaledVideo",
    "Upscaler",
    "UsageError",
    "VideoError",
    "VideoOptions",
    "__version__",
    "list_models",
    "load_card",
    "upscale",
    "upscale_file",
    "upscale_video",
]

# Imported at first use: help texts and training must not wait for what upscales.
_HOMES = {
    "Event": "srgan.events",
    "ModelCard": "srgan.networks.card",
    "NetworkInfo": "srgan.networks.info",
    "OnnxForm": "srgan.networks.onnx",
    "PictureOptions": "srgan.jobs.options",
    "Upscaled": "srgan.upscaling.size",
    "UpscaledVideo": "srgan.video.pipeline",
    "Upscaler": "srgan.upscaling.upscaler",
    "VideoOptions": "srgan.video.options",
    "list_models": "srgan.networks.catalogue",
    "load_card": "srgan.networks.catalogue",
    "upscale_file": "srgan.jobs.pictures",
    "upscale_video": "srgan.video.pipeline",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("srgan")
    home = "srgan.errors" if name.endswith("Error") else _HOMES.get(name)
    if name not in __all__ or home is None:
        raise AttributeError(f"module 'srgan' has no attribute '{name}'")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def upscale(
    source: str | Path,
    target: str | Path,
    *,
    model: str | Path = DEFAULT_MODEL,
    detail: float | None = None,
    denoise: float | None = None,
    consistent: bool = False,
    scale: float | None = None,
    width: int | None = None,
    height: int | None = None,
    quality: int | None = None,
) -> Path:
    """Upscale one picture file.

    For many pictures, make one :class:`Upscaler` and call :func:`upscale_file`: it loads the model once.

    Args:
        source: PNG, JPEG, WebP, TIFF, BMP, AVIF, HEIC or GIF.
        target: the result; its extension names the format. Replaced if it exists.
        model: name of a shipped model, or path of a model's file.
        detail: amount of detail, from 0 (what the model's fidelity sibling shows) to 1 (what the model does);
            None takes the model as it is.
        denoise: how much noise, grain and compression to remove, from 0 (none) to 1 (what the model removes);
            None takes the model as it is.
        consistent: whether to correct the result so that downscaling it gives the input back.
        scale: enlargement per side, up to 16; None is the model's own, 4 for those that are shipped.
        width: width of the result in pixels; the height follows unless it is given too.
        height: height of the result in pixels.
        quality: quality of JPEG, WebP and AVIF, from 1 to 100; None is the format's default.

    Returns:
        ``target``.

    Raises:
        SrganError: if the picture cannot be read or the result written, there is no such model, or an option
            is out of range.
    """
    from srgan.jobs.options import PictureOptions
    from srgan.jobs.pictures import upscale_file
    from srgan.upscaling.upscaler import Upscaler

    target = Path(target)
    options = PictureOptions(scale=scale, width=width, height=height, quality=quality)
    with Upscaler(model, detail=detail, denoise=denoise, consistent=consistent) as upscaler:
        upscale_file(Path(source), target, upscaler, options)
    return target
