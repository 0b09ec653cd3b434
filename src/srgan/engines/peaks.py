"""How large the maps of a network become."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from srgan.engines.graph import build_peak_meter
from srgan.engines.openvino import import_openvino
from srgan.networks.architectures.folding import Array
from srgan.networks.network import Network


class PeakMeter:
    """Measures what the convolutions of a network read, in 32 bits.

    Args:
        network: the network.

    Attributes:
        names: of the convolutions whose input is measured: all but those that read the picture.
    """

    def __init__(self, network: Network) -> None:
        self.names, model = build_peak_meter(network)
        options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        self._compiled = import_openvino().Core().compile_model(model, "CPU", options)

    def measure(self, pictures: Sequence[NDArray[np.uint8]]) -> dict[str, Array]:
        """How far below and above zero every channel goes, (2, channels), both as positive numbers.

        Args:
            pictures: (H, W, 3), RGB.

        Returns:
            By the convolution that reads it.
        """
        request = self._compiled.create_infer_request()
        found: list[Array] = []
        for picture in pictures:
            request.infer([np.ascontiguousarray(picture[None])])
            reached = [tensor.data.copy() for tensor in request.output_tensors]
            found = [np.maximum(*pair) for pair in zip(found, reached, strict=True)] if found else reached
        return dict(zip(self.names, found, strict=True))
