"""Inception's features by torchmetrics, for FIDs that can be compared with published ones."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.errors import ModelError, UsageError


class TorchmetricsInception:
    """The 2048 features of Inception v3 that FID is made of (Heusel et al. 2017), on the processor.

    Args:
        file: the weights in PyTorch's format, as torch-fidelity and pytorch-fid publish them:
            ``weights-inception-2015-12-05-6726825d.pth``, or ``pt_inception-2015-12-05-6726825d.pth``.

    Raises:
        UsageError: if torchmetrics, torch-fidelity or torchvision, which that needs, is not there.
        ModelError: if the file is missing, damaged, or no such network.
    """

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise ModelError(f"{file}: no such model file")
        try:
            import_module("torch_fidelity")  # torchmetrics asks for it only when it is used
            from torchmetrics.image.fid import FrechetInceptionDistance
        except (ImportError, RuntimeError) as error:  # RuntimeError: torchvision was built for another torch
            raise UsageError(
                f"{file} needs torchmetrics, torch-fidelity and torchvision: install them, or take a "
                f"network as FILE.onnx ({error})",
                field="fid_network",
            ) from error
        import torch

        try:
            # torch-fidelity would run whatever code the file has in it; this refuses all but tensors.
            torch.load(file, map_location="cpu", weights_only=True)
            self._network: Any = FrechetInceptionDistance(feature_extractor_weights_path=str(file)).inception
        except Exception as error:  # torch raises a different one for each kind of damage
            reason = str(error).partition("\n")[0].partition(". ")[0]
            raise ModelError(f"{file}: does not hold the weights of FID's Inception ({reason})") from error

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Returns the features (2048,) of a picture (H, W, 3), RGB, uint8; it is resized to 299x299."""
        import torch

        with torch.inference_mode():
            features = self._network(torch.tensor(image).permute(2, 0, 1)[None])[0]
        found: NDArray[np.float64] = features.double().numpy()
        return found
