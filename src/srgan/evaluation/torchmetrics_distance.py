"""LPIPS and DISTS by torchmetrics, for people who have torchvision and its networks' files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from srgan.errors import ModelError, UsageError


class TorchmetricsDistance:
    """LPIPS (Zhang et al. 2018, on AlexNet) or DISTS (Ding et al. 2020, on VGG16) on the processor.

    Nothing is downloaded: the backbone's file must lie where torchvision keeps it.

    Args:
        metric: which.

    Raises:
        UsageError: if torchvision, torchmetrics or the backbone's file is not there.
        ModelError: if the file is damaged.

    Attributes:
        file: the backbone's weights.
    """

    def __init__(self, metric: Literal["lpips", "dists"]) -> None:
        option = f"give --{metric}-network FILE.onnx"
        try:
            # Not the metric of DISTS: it would read VGG16's half a gigabyte anew for every picture.
            from torchmetrics.functional.image.dists import DISTSNetwork
            from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity
            from torchvision.models import AlexNet_Weights, VGG16_Weights
        except (ImportError, RuntimeError) as error:  # RuntimeError: torchvision was built for another torch
            raise UsageError(
                f"{metric} needs a network: {option}, or install torchvision and torchmetrics ({error})"
            ) from error
        weights = {"lpips": AlexNet_Weights, "dists": VGG16_Weights}[metric].DEFAULT
        self.file = _kept_file(weights.url)
        if not self.file.is_file():
            raise UsageError(
                f"{metric} needs {self.file}, which is not there: download it from {weights.url}, or {option}"
            )
        self._options = {"normalize": True} if metric == "lpips" else {}  # LPIPS' own range is [-1, 1]
        try:
            self._network: Any = (
                LearnedPerceptualImagePatchSimilarity("alex").net
                if metric == "lpips"
                else DISTSNetwork().eval()
            )
        except Exception as error:  # torch raises a different one for each kind of damage
            raise ModelError(f"{self.file}: is damaged ({error}); download it again") from error

    def __call__(self, sr_image: NDArray[np.uint8], hr_image: NDArray[np.uint8]) -> float:
        """Returns the distance of two pictures (H, W, 3), RGB, uint8; 0 if they are the same.

        Raises:
            ModelError: if the network fails on pictures of this size.
        """
        import torch

        batches = [torch.tensor(image).permute(2, 0, 1)[None].float() / 255 for image in (sr_image, hr_image)]
        with torch.inference_mode():
            try:
                return float(self._network(*batches, **self._options))
            except RuntimeError as error:
                height, width = hr_image.shape[:2]
                raise ModelError(f"{self.file}: fails on a {width}x{height} picture ({error})") from error


def _kept_file(url: str) -> Path:
    from torch.hub import get_dir

    return Path(get_dir()) / "checkpoints" / url.rpartition("/")[2]
