"""What the metrics of ``srgan evaluate`` need besides the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from srgan.evaluation.metrics import Metric, Tools
    from srgan.evaluation.onnx_metrics import OnnxDistance, OnnxFeatures
    from srgan.evaluation.torchmetrics_distance import TorchmetricsDistance
    from srgan.evaluation.torchmetrics_inception import TorchmetricsInception


def open_tools(
    metrics: Sequence[Metric],
    *,
    niqe: Path | None,
    lpips: Path | None,
    dists: Path | None,
    fid: Path | None,
) -> Tools:
    """Reads the files that the metrics need.

    Args:
        metrics: what will be measured.
        niqe: the model of clean photographs.
        lpips, dists: an ONNX network each; torchmetrics' if it is None and the metric is wanted.
        fid: an ONNX network that makes features, or Inception's weights in PyTorch's format.

    Raises:
        UsageError: if a package or a backbone's file is missing.
        ModelError: if a file is missing, damaged, or not what it should be.
    """
    from srgan.evaluation.metrics import Tools
    from srgan.evaluation.niqe_file import read_niqe_model
    from srgan.networks.model_file import file_sha256

    distances = {"lpips": _distance("lpips", lpips, metrics), "dists": _distance("dists", dists, metrics)}
    files = [("niqe", niqe), ("fid", fid), *((name, made.file) for name, made in distances.items() if made)]
    return Tools(
        niqe=read_niqe_model(niqe) if niqe else None,
        lpips=distances["lpips"],
        dists=distances["dists"],
        fid=_features(fid) if fid else None,
        files={name: file_sha256(file) for name, file in files if file},
    )


def _distance(
    name: Literal["lpips", "dists"], network: Path | None, metrics: Sequence[Metric]
) -> OnnxDistance | TorchmetricsDistance | None:
    from srgan.evaluation.onnx_metrics import OnnxDistance
    from srgan.evaluation.torchmetrics_distance import TorchmetricsDistance

    if network:
        return OnnxDistance(network)
    return TorchmetricsDistance(name) if name in metrics else None


def _features(network: Path) -> OnnxFeatures | TorchmetricsInception:
    from srgan.evaluation.onnx_metrics import OnnxFeatures
    from srgan.evaluation.torchmetrics_inception import TorchmetricsInception

    return OnnxFeatures(network) if network.suffix == ".onnx" else TorchmetricsInception(network)
