"""The ways of enlarging that are compared: plain ones, srgan's models, and networks from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.evaluation.dataset import SCALE
from srgan.evaluation.onnx import OnnxNetwork, OnnxOptions
from srgan.images.resize import bicubic
from srgan.networks.catalogue import find_model
from srgan.networks.model_file import file_sha256
from srgan.upscaling.upscaler import Upscaler

Baseline = Literal["nearest", "bicubic", "lanczos"]
Enlarge = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True, kw_only=True)
class Enlarger:
    """One way of enlarging four times per side.

    Attributes:
        name: as it was asked for.
        enlarge: (h, w, 3) to (4h, 4w, 3), uint8.
        facts: what tells two models of one name apart: ``sha256`` of the file, ``engine``, ``precision`` and
            ``device``, and ``detail`` and ``consistent`` where asked for; empty for a plain enlargement.
    """

    name: str
    enlarge: Enlarge
    facts: dict[str, Any] = field(default_factory=dict)


def nearest(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each pixel as a square of 4x4: (h, w, 3) to (4h, 4w, 3), uint8."""
    return image.repeat(SCALE, axis=0).repeat(SCALE, axis=1)


def lanczos(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pillow's Lanczos enlargement, 4x: (h, w, 3) to (4h, 4w, 3), uint8."""
    height, width = image.shape[:2]
    enlarged = Image.fromarray(image).resize((width * SCALE, height * SCALE), Image.Resampling.LANCZOS)
    return np.asarray(enlarged)


_SETTINGS = ("detail", "consistent")  # arguments of Upscaler that change results

_BASELINES: dict[Baseline, Enlarge] = {
    "nearest": nearest,
    "bicubic": lambda image: bicubic(image, SCALE),
    "lanczos": lanczos,
}


def open_enlargers(
    models: Sequence[str], baselines: Sequence[Baseline], *, onnx: OnnxOptions | None = None, **engine: Any
) -> list[Enlarger]:
    """Makes every way ready: plain ones first, each once.

    Args:
        models: shipped models' names, ``.safetensors`` files, or ``.onnx`` files.
        baselines: plain enlargements.
        onnx: what networks in ``.onnx`` files take and give.
        engine: further arguments of :class:`~srgan.upscaling.upscaler.Upscaler`; of these, ``precision``
            holds for ``.onnx`` files too.

    Raises:
        UsageError, ModelError: if a model is unknown or cannot serve.
    """
    ways = [Enlarger(name=name, enlarge=_BASELINES[name]) for name in dict.fromkeys(baselines)]
    for model in dict.fromkeys(models):
        if Path(model).suffix.lower() == ".onnx":
            ways.append(
                _network(model, OnnxNetwork(Path(model), onnx, precision=engine.get("precision", "auto")))
            )
        else:
            asked = {name: engine[name] for name in _SETTINGS if not _is_unset(engine.get(name))}
            ways.append(_model(model, Upscaler(model, **engine), asked))
    return ways


def _is_unset(value: object) -> bool:
    return value is None or value is False  # a detail of 0 is set


def _network(name: str, network: OnnxNetwork) -> Enlarger:
    facts = {"engine": "openvino", "precision": network.precision, "device": "cpu"}
    return Enlarger(name=name, enlarge=network.upscale, facts={"sha256": file_sha256(Path(name)), **facts})


def _model(name: str, upscaler: Upscaler, asked: dict[str, Any]) -> Enlarger:
    engine = upscaler.engine
    facts = {"engine": engine.name, "precision": engine.precision, "device": engine.device, **asked}
    return Enlarger(
        name=name, enlarge=upscaler.upscale, facts={"sha256": file_sha256(find_model(name)), **facts}
    )
