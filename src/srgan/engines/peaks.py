"""Measures how large the values in a network become."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from srgan.engines.graph import build_peak_meter
from srgan.engines.openvino import import_openvino
from srgan.networks.architectures.folding import Array
from srgan.networks.network import Network


class PeakMeter:
    """Measures the inputs of a network's convolutions, in fp32 in OpenVINO.

    Args:
        network: the network.

    Attributes:
        names: the convolutions whose inputs are measured: all except those that read the picture.
    """

    def __init__(self, network: Network) -> None:
        self.names, model = build_peak_meter(network)
        options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        self._compiled = import_openvino().Core().compile_model(model, "CPU", options)

    def measure(self, pictures: Sequence[NDArray[np.uint8]]) -> dict[str, Array]:
        """Measures how far each channel goes below and above zero in any of the pictures.

        Args:
            pictures: at least one, (H, W, 3), uint8, RGB.

        Returns:
            For each of ``names``, (2, channels), float32: how far the channels that this convolution reads go
            below and above zero, both as positive numbers.
        """
        request = self._compiled.create_infer_request()
        found: list[Array] = []
        for picture in pictures:
            request.infer([np.ascontiguousarray(picture[None])])
            reached = [tensor.data.copy() for tensor in request.output_tensors]
            found = [np.maximum(*pair) for pair in zip(found, reached, strict=True)] if found else reached
        return dict(zip(self.names, found, strict=True))
