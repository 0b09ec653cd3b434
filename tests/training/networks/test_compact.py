import numpy as np
import torch
from torch.nn import functional as F

from srgan.networks.architecture import GeneratorConfig
from srgan.training.networks.compact import CompactGenerator

FAST = GeneratorConfig(architecture="compact", blocks=8, channels=48)


def test_parameters_are_the_layer_list():
    # 3x3x3x48; nine of 3x3x48x48, the last for 16 pixels of RGB; biases; a slope behind all but the last.
    assert FAST.parameters == 9 * 3 * 48 + 9 * 9 * 48 * 48 + 10 * 48 + 9
    assert FAST.radius == 10


def test_the_result_is_the_repeated_input_plus_what_the_layers_give():
    torch.manual_seed(0)
    network = CompactGenerator(GeneratorConfig(architecture="compact", blocks=2, channels=8)).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    p = dict(network.named_parameters())
    image = torch.rand(2, 3, 7, 5, dtype=torch.float64)

    x = image
    for layer, activation in (
        ("head", "head_activation"),
        ("blocks.0.conv", "blocks.0.activation"),
        ("blocks.1.conv", "blocks.1.activation"),
    ):
        x = F.conv2d(x, p[f"{layer}.weight"], p[f"{layer}.bias"], padding=1)
        x = F.prelu(x, p[f"{activation}.weight"])
    x = F.conv2d(x, p["tail.weight"], p["tail.bias"], padding=1)

    enlarged = torch.from_numpy(np.kron(image.numpy(), np.ones((4, 4))))
    torch.testing.assert_close(network(image), enlarged + F.pixel_shuffle(x, 4), atol=1e-12, rtol=1e-10)


def test_an_untrained_network_gives_about_the_repeated_input():
    torch.manual_seed(0)
    image = torch.rand(1, 3, 32, 32)
    details = CompactGenerator(FAST)(image) - F.interpolate(image, scale_factor=4.0)
    assert 0 < details.abs().max() < 0.1
