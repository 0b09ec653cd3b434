"""Metrics that are a network in an ``.onnx`` file, run by OpenVINO."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srgan.errors import ModelError
from srgan.evaluation.onnx import compile_onnx


class OnnxDistance:
    """A network that measures how different two pictures look, such as LPIPS or DISTS.

    It has two inputs (1, 3, H, W), RGB in [0, 1], and a first output of one number; less is more alike.

    Args:
        path: the ``.onnx`` file.

    Raises:
        ModelError: if the file is missing, damaged, or no such network.

    Attributes:
        file: the path.
    """

    def __init__(self, path: Path) -> None:
        self.file = path
        self._compiled = compile_onnx(path, pictures=2)

    def __call__(self, sr_image: NDArray[np.uint8], hr_image: NDArray[np.uint8]) -> float:
        """Returns the distance of two pictures (H, W, 3), RGB, uint8.

        Raises:
            ModelError: if the network fails on this size, or gives more than one number.
        """
        kinds = [port.element_type.to_dtype() for port in self._compiled.inputs]
        batches = [
            np.ascontiguousarray(image.transpose(2, 0, 1)[None] / 255, dtype=kind)
            for image, kind in zip((sr_image, hr_image), kinds, strict=True)
        ]
        result = self._compiled(batches)[0]
        if result.size != 1:
            raise ModelError(f"{self.file}: gives {result.shape} for two pictures; one number is needed")
        return float(result.item())


class OnnxFeatures:
    """A network that computes features of a picture, for their distribution over many: Inception, for FID.

    It has one input (1, 3, H, W), RGB in [0, 1], and a first output of any number of values; if it needs
    another size, it does its own resizing.

    Args:
        path: the ``.onnx`` file.

    Raises:
        ModelError: if the file is missing, damaged, or no such network.
    """

    def __init__(self, path: Path) -> None:
        self._compiled = compile_onnx(path)
        self._type = self._compiled.inputs[0].element_type.to_dtype()

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Returns the features (d,) of a picture (H, W, 3), RGB, uint8.

        Raises:
            ModelError: if the network fails on this size.
        """
        batch = np.ascontiguousarray(image.transpose(2, 0, 1)[None] / 255, dtype=self._type)
        features = self._compiled([batch])[0]
        found: NDArray[np.float64] = np.asarray(features, np.float64).ravel()
        return found
