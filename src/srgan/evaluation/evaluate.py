"""Models and baselines against true pictures: figures per picture and their means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.evaluation.dataset import SCALE, Dataset
from srgan.images.resize import bicubic
from srgan.inference.upscaler import Upscaler
from srgan.metrics.fidelity import psnr_y, ssim_y

Metric = Literal["psnr", "ssim"]
Baseline = Literal["bicubic", "lanczos"]
Enlarger = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

# Each metric's name in reports, and its function of (sr_image, hr_image).
METRICS: dict[Metric, tuple[str, Callable[[NDArray[np.uint8], NDArray[np.uint8]], float]]] = {
    "psnr": ("psnr_y", psnr_y),
    "ssim": ("ssim_y", ssim_y),
}


def lanczos(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pillow's Lanczos enlargement, 4x: (h, w, 3) to (4h, 4w, 3), uint8."""
    height, width = image.shape[:2]
    enlarged = Image.fromarray(image).resize((width * SCALE, height * SCALE), Image.Resampling.LANCZOS)
    return np.asarray(enlarged)


def evaluate(
    dataset: Dataset,
    *,
    models: Sequence[str] = (),
    baselines: Sequence[Baseline] = (),
    metrics: Sequence[Metric] = ("psnr", "ssim"),
    report: Callable[[int, int], None] | None = None,
    **engine: Any,
) -> dict[str, Any]:
    """Scores models and baselines on the same inputs.

    Args:
        dataset: the pictures.
        models: shipped models' names or files.
        baselines: plain enlargements to compare with.
        metrics: what to compute.
        report: called with (pictures done, pictures in all).
        engine: further arguments of :class:`~srgan.inference.upscaler.Upscaler`.

    Returns:
        ``{"dataset", "scale", "results": [{"model", "images": [{"name", "psnr_y", ...}], "mean"}]}``.
        A PSNR of identical pictures is infinite and given as None.

    Raises:
        ModelError, DataError, ImageError: see the models and the dataset.
    """
    enlargers: dict[str, Enlarger] = {}
    for baseline in baselines:
        enlargers[baseline] = lanczos if baseline == "lanczos" else lambda image: bicubic(image, SCALE)
    for model in models:
        enlargers[model] = Upscaler(model, **engine).upscale
    images: dict[str, list[dict[str, Any]]] = {name: [] for name in enlargers}
    for done, sample in enumerate(dataset, start=1):
        for name, enlarge in enlargers.items():
            sr_image = enlarge(sample.lr_image)
            scores = {METRICS[metric][0]: METRICS[metric][1](sr_image, sample.hr_image) for metric in metrics}
            images[name].append({"name": sample.name, **scores})
        if report is not None:
            report(done, len(dataset))
    results = [
        {"model": name, "images": [_finite(row) for row in rows], "mean": _finite(_means(rows))}
        for name, rows in images.items()
    ]
    return {"dataset": dataset.name, "scale": SCALE, "results": results}


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    columns = [column for column in rows[0] if column != "name"]
    return {column: float(np.mean([row[column] for row in rows])) for column in columns}


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    # JSON has no infinity.
    return {key: None if value == math.inf else value for key, value in row.items()}
