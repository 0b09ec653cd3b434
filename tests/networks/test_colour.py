"""The colours of blends, against the networks in PyTorch and through the runtime."""

from itertools import product

import numpy as np
import pytest
import torch
from skimage import data

from srgan.images.resize import bicubic
from srgan.networks.architecture import GeneratorConfig
from srgan.networks.catalogue import find_model
from srgan.networks.colour import correct_colours, flat_colours
from srgan.networks.model_file import read_model
from srgan.training.networks.generator import make_generator
from srgan.upscaling.upscaler import Upscaler

COLOURS = list(product((0.1, 0.5, 0.9), repeat=3))


@pytest.mark.parametrize(
    "config",
    [
        GeneratorConfig(blocks=2, channels=8),
        GeneratorConfig(blocks=2, channels=8, norm="batch"),
        GeneratorConfig(architecture="compact", blocks=2, channels=8),
    ],
)
def test_flat_colours_are_the_networks_far_from_any_border(config):
    torch.manual_seed(0)
    generator = make_generator(config).eval()
    for parameter in generator.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    pictures = torch.tensor(COLOURS)[:, :, None, None].expand(-1, -1, 30, 30)
    with torch.no_grad():
        # A cell of 4x4 pixels in the middle, 12 low-res pixels or more from the zeros beyond the border.
        expected = generator(pictures)[:, :, 60:64, 60:64].mean((2, 3)).numpy()
    tensors = {name: tensor.numpy() for name, tensor in generator.state_dict().items()}
    np.testing.assert_allclose(flat_colours(config.describe(), tensors), expected, rtol=1e-5, atol=1e-5)


def test_corrected_colours_are_those_that_are_wanted():
    card, tensors = read_model(find_model("srresnet"))
    architecture = card.generator.describe()
    given = flat_colours(architecture, tensors)
    matrix = np.float32([[1.02, 0.01, 0.0], [0.0, 0.97, 0.02], [-0.01, 0.0, 1.05]])
    wanted = given @ matrix + np.float32([0.01, -0.02, 0.0])
    corrected = correct_colours(architecture, tensors, wanted)
    np.testing.assert_allclose(flat_colours(architecture, corrected), wanted, atol=0.25 / 255)
    changed = {name for name in corrected if corrected[name] is not tensors[name]}
    assert changed == {"tail.weight", "tail.bias"}


def test_a_network_that_gives_every_colour_the_same_is_hardly_changed(tiny_tensors, tiny_card):
    architecture = tiny_card.generator.describe()
    blind = {**tiny_tensors, "head.weight": tiny_tensors["head.weight"] * 1e-4}
    given = flat_colours(architecture, blind)
    wanted = given + np.float32(0.02) * np.float32(COLOURS)
    corrected = correct_colours(architecture, blind, wanted)
    np.testing.assert_allclose(corrected["tail.weight"], blind["tail.weight"], atol=1e-3)


@pytest.mark.parametrize(
    ("model", "option"), [("photo", "detail"), ("srgan", "detail"), ("photo", "denoise")]
)
def test_a_blend_has_the_colours_of_its_ends(model, option):
    photo = data.astronaut()[:256, 128:384]
    lr_image = bicubic(photo, 0.25)
    means = {
        share: Upscaler(model, **{option: share}, precision="fp32").upscale(lr_image).mean((0, 1))
        for share in (0, 0.5, 1)
    }
    # Of interpolated parameters alone they are 4.5 to 5 (photo) and 11 (srgan) levels off.
    between = (means[0] + means[1]) / 2
    assert np.abs(means[0.5] - between).max() < 2.5
