"""Loads any network that an engine can run."""

from __future__ import annotations

from pathlib import Path

from srgan.errors import OutOfMemoryError
from srgan.networks.catalogue import find_model
from srgan.networks.module import UnknownArchitectureError, check_spandrel
from srgan.networks.network import AnyNetwork, load_network
from srgan.networks.onnx import OnnxForm, is_onnx


def load_any_network(
    model: str | Path,
    detail: float | None = None,
    denoise: float | None = None,
    onnx: OnnxForm | None = None,
) -> AnyNetwork:
    """Reads a network from its file.

    Args:
        model: as in :func:`~srgan.networks.network.load_network`, or an ``.onnx`` file.
        detail, denoise: as in :func:`~srgan.networks.network.load_network`.
        onnx: what an ``.onnx`` file takes and gives, if known.

    Raises:
        MissingExtraError: if the network's architecture needs spandrel, which is not installed.
        OutOfMemoryError: if there is not enough memory for its weights.
        UsageError, ModelError: as :func:`~srgan.networks.network.load_network` and
            :func:`~srgan.engines.onnx_loading.load_onnx` do.
    """
    path = find_model(model)
    try:
        return _load(path, detail, denoise, onnx or OnnxForm())
    except MemoryError:
        raise OutOfMemoryError(f"{path}: not enough memory to open it; free some") from None


def _load(path: Path, detail: float | None, denoise: float | None, onnx: OnnxForm) -> AnyNetwork:
    if is_onnx(path) and detail is None and denoise is None:
        from srgan.engines.onnx_loading import load_onnx  # which imports OpenVINO

        return load_onnx(path, onnx)
    try:
        return load_network(path, detail, denoise)
    except UnknownArchitectureError as error:
        check_spandrel(error)
        from srgan.training.networks.spandrel import load_torch_network  # which imports PyTorch

        return load_torch_network(path)
