import numpy as np
import torch

from srgan.networks.network import load_network
from srgan.training.networks.described import DescribedNetwork
from srgan.upscaling.upscaler import Upscaler


def test_speed_is_compared_with_the_same_network(photo, cache):  # noqa: ARG001
    halo = 40  # the network's own padding, with zeros, does not reach what is compared
    padded = np.pad(photo, ((halo, halo), (halo, halo), (0, 0)), "symmetric")
    with torch.inference_mode():
        batch = torch.from_numpy(padded).permute(2, 0, 1)[None] / 255
        plain = DescribedNetwork(load_network("srresnet"))(batch)[
            0, :, 4 * halo : -4 * halo, 4 * halo : -4 * halo
        ]
    expected = Upscaler("srresnet", engine="openvino", precision="fp32").upscale(photo)
    result = plain.permute(1, 2, 0).clamp(0, 1).mul(255).round().numpy()
    assert np.abs(result - expected).max() <= 1
