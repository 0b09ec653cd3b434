"""What can be measured of a result: every figure's name, its metric, and whether more is better."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from srgan.errors import UsageError
from srgan.evaluation.dataset import Sample
from srgan.evaluation.onnx_metrics import OnnxDistance, OnnxFeatures
from srgan.evaluation.torchmetrics_distance import TorchmetricsDistance
from srgan.evaluation.torchmetrics_inception import TorchmetricsInception
from srgan.metrics.artifacts import colour_shift, consistency, grid_index
from srgan.metrics.fidelity import psnr_rgb, psnr_y, ssim_rgb, ssim_y
from srgan.metrics.frechet import frechet_distance
from srgan.metrics.niqe import NiqeModel, niqe

Metric = Literal[
    "psnr",
    "ssim",
    "psnr_rgb",
    "ssim_rgb",
    "niqe",
    "grid_index",
    "colour_shift",
    "consistency",
    "lpips",
    "dists",
    "fid",
    "seconds_per_megapixel",
]

SECONDS = "seconds_per_megapixel"
HIGHER_IS_BETTER = frozenset(("psnr_y", "psnr_rgb", "ssim_y", "ssim_rgb"))
"""The figures for which higher is better; for all others, lower is."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A picture that was upscaled.

    Attributes:
        sample: the low-res picture and the ground truth.
        sr_image: as large as the ground truth, uint8.
        seconds: time that upscaling took; nan if other software did it.
    """

    sample: Sample
    sr_image: NDArray[np.uint8]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What some metrics need besides the pictures.

    Attributes:
        niqe: the model of clean photographs, for NIQE.
        lpips: the network, for LPIPS (Zhang et al. 2018).
        dists: the network, for DISTS (Ding et al. 2020).
        fid: the network, for FID (Heusel et al. 2017).
        files: the SHA-256 of each one's file, for the report.
    """

    niqe: NiqeModel | None = None
    lpips: OnnxDistance | TorchmetricsDistance | None = None
    dists: OnnxDistance | TorchmetricsDistance | None = None
    fid: OnnxFeatures | TorchmetricsInception | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def check(self, metric: Metric) -> None:
        """Raises UsageError if a metric lacks what it needs."""
        if metric == "niqe" and self.niqe is None:
            raise UsageError(
                "the metric niqe needs a model of clean photographs, such as niqe_pris_params.npz",
                field="niqe_model",
            )
        if metric in ("lpips", "dists", "fid") and getattr(self, metric) is None:
            files = "FILE.pth or FILE.onnx" if metric == "fid" else "FILE.onnx"
            raise UsageError(
                f"the metric {metric} needs its network, which does not come with srgan: {files}",
                field=f"{metric}_network",
            )


def measure(result: Result, metric: Metric, tools: Tools) -> dict[str, float]:
    """Returns one picture's figures for a metric: none for FID, and nan where one is undefined.

    Raises:
        UsageError: if the metric lacks what it needs.
        ModelError: if a network cannot be used for this picture.
    """
    tools.check(metric)
    if metric == "niqe" and tools.niqe:
        return {metric: niqe(result.sr_image, tools.niqe, border=result.sample.scale)}
    distance = {"lpips": tools.lpips, "dists": tools.dists}.get(metric)
    if distance is not None:
        return {metric: distance(result.sr_image, result.sample.hr_image)}
    return {} if metric == "fid" else _METRICS[metric](result)


class _Fidelity(Protocol):
    def __call__(self, sr_image: NDArray[np.uint8], hr_image: NDArray[np.uint8], *, border: int) -> float: ...


def _fidelity(name: str, function: _Fidelity) -> Callable[[Result], dict[str, float]]:
    """Returns a metric of a result and its ground truth, a border of ``scale`` pixels cropped."""
    return lambda result: {
        name: function(result.sr_image, result.sample.hr_image, border=result.sample.scale)
    }


def _colour_shift(result: Result) -> dict[str, float]:
    return {"colour_shift": colour_shift(result.sr_image, result.sample.hr_image)}


def _grid_index(result: Result) -> dict[str, float]:
    return {"grid_index": grid_index(result.sr_image, period=result.sample.scale)}


def _consistency(result: Result) -> dict[str, float]:
    largest, mean = consistency(result.sr_image, result.sample.lr_image)
    return {"consistency": largest, "consistency_mean": mean}


_METRICS: dict[str, Callable[[Result], dict[str, float]]] = {
    "psnr": _fidelity("psnr_y", psnr_y),
    "ssim": _fidelity("ssim_y", ssim_y),
    "psnr_rgb": _fidelity("psnr_rgb", psnr_rgb),
    "ssim_rgb": _fidelity("ssim_rgb", ssim_rgb),
    "grid_index": _grid_index,
    "colour_shift": _colour_shift,
    "consistency": _consistency,
    SECONDS: lambda result: {SECONDS: result.seconds / (result.sr_image[..., 0].size / 1e6)},
}


class FrechetDistances:
    """FID of each model: the distance of its results from the ground truth, in a network's features.

    Args:
        network: makes the features.
    """

    def __init__(self, network: OnnxFeatures | TorchmetricsInception) -> None:
        self._network = network
        self._true: list[NDArray[np.float64]] = []
        self._made: dict[str, list[NDArray[np.float64]]] = {}

    def add(self, sample: Sample, results: Mapping[str, NDArray[np.uint8]]) -> None:
        """Adds a picture and its results by their models' names."""
        self._true.append(self._network(sample.hr_image))
        for name, sr_image in results.items():
            self._made.setdefault(name, []).append(self._network(sr_image))

    def distance(self, name: str) -> float:
        """Returns a model's distance over all pictures; nan for a single one."""
        return frechet_distance(np.stack(self._made[name]), np.stack(self._true))


def mean_figures(rows: list[dict[str, float]]) -> dict[str, float]:
    """Averages figures over the pictures that have them; nan where none has."""
    columns = {name: [row[name] for row in rows if not math.isnan(row[name])] for name in rows[0]}
    return {name: float(np.mean(values)) if values else math.nan for name, values in columns.items()}


def undefined_figures(names: list[str], rows: list[dict[str, float]]) -> dict[str, list[str]]:
    """Returns, for each figure, the names of the pictures that do not have it."""
    pairs = list(zip(names, rows, strict=True))
    missing = {figure: [name for name, row in pairs if math.isnan(row[figure])] for figure in rows[0]}
    return {figure: pictures for figure, pictures in missing.items() if pictures}


def for_json(row: Mapping[str, float]) -> dict[str, float | None]:
    """Returns figures as JSON can hold them: neither infinite nor nan, but None."""
    return {name: value if math.isfinite(value) else None for name, value in row.items()}
