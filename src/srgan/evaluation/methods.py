"""The upscaling methods that are compared: interpolation, srgan's models, and networks from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.errors import UsageError
from srgan.images.resize import bicubic
from srgan.networks.catalogue import find_model
from srgan.networks.model_file import model_sha256
from srgan.upscaling.upscaler import Upscaler

Baseline = Literal["nearest", "bicubic", "lanczos"]
Upscale = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

BASELINE_SCALE = 4
"""The scale of baselines if there is no model: that of most published figures."""

_SETTINGS = ("detail", "denoise", "halo", "consistent")  # arguments of Upscaler that change results


@dataclass(frozen=True, kw_only=True)
class Method:
    """One way of upscaling.

    Attributes:
        name: as the user gave it.
        scale: upscaling per side, a whole number.
        upscale: (h, w, 3) to (scale * h, scale * w, 3), uint8.
        facts: what tells two models of one name apart: ``sha256`` of the file, ``engine``, ``precision`` and
            ``device``, and ``detail``, ``denoise``, ``halo`` and ``consistent`` where asked for; empty for
            interpolation.
    """

    name: str
    scale: int
    upscale: Upscale
    facts: dict[str, Any] = field(default_factory=dict)


def nearest(image: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    """Returns each pixel as a square: (h, w, 3) to (scale * h, scale * w, 3), uint8."""
    return image.repeat(scale, axis=0).repeat(scale, axis=1)


def lanczos(image: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    """Interpolates by Pillow's Lanczos: (h, w, 3) to (scale * h, scale * w, 3), uint8."""
    height, width = image.shape[:2]
    upscaled = Image.fromarray(image).resize((width * scale, height * scale), Image.Resampling.LANCZOS)
    return np.asarray(upscaled)


_BASELINES: dict[Baseline, Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]] = {
    "nearest": nearest,
    "bicubic": bicubic,
    "lanczos": lanczos,
}


def open_methods(models: Sequence[str], baselines: Sequence[Baseline], **engine: Any) -> list[Method]:
    """Opens all methods, which share one scale: baselines first, each once.

    Args:
        models: as :class:`~srgan.upscaling.upscaler.Upscaler` takes them.
        baselines: plain interpolation, at the models' scale.
        engine: further arguments of :class:`~srgan.upscaling.upscaler.Upscaler`.

    Raises:
        UsageError: if a model is unknown, or two have different scales.
        ModelError: if a model cannot be used.
    """
    opened = [_open(model, engine) for model in dict.fromkeys(models)]
    scale = common_scale(opened)
    return [*(_baseline(name, scale) for name in dict.fromkeys(baselines)), *opened]


def common_scale(methods: Sequence[Method]) -> int:
    """Returns the scale of all methods; :data:`BASELINE_SCALE` if there is none.

    Raises:
        UsageError: if they have several.
    """
    scales = {method.name: method.scale for method in methods}
    if len(set(scales.values())) > 1:
        listed = ", ".join(f"{name} {scale}x" for name, scale in scales.items())
        raise UsageError(f"the models have different scales ({listed}); compare those of one scale")
    return next(iter(scales.values()), BASELINE_SCALE)


def _baseline(name: Baseline, scale: int) -> Method:
    interpolate = _BASELINES[name]
    return Method(name=name, scale=scale, upscale=lambda image: interpolate(image, scale))


def _open(model: str, engine: dict[str, Any]) -> Method:
    upscaler = Upscaler(model, **engine)
    asked = {name: engine[name] for name in _SETTINGS if not _is_unset(engine.get(name))}
    used = upscaler.engine
    facts = {"engine": used.name, "precision": used.precision, "device": used.device, **asked}
    facts = {"sha256": model_sha256(find_model(model)), **facts}
    return Method(name=model, scale=upscaler.scale, upscale=upscaler.upscale, facts=facts)


def _is_unset(value: object) -> bool:
    return value is None or value is False  # a detail of 0 is set
