from itertools import pairwise

import pytest
import torch
from torch.nn.utils.parametrize import is_parametrized

from srgan.training.networks.discriminator import Discriminator, PatchDiscriminator, UNetDiscriminator


def test_parameters_are_the_papers_layer_list():
    # Figure 4: k3n64s1, k3n64s2, k3n128s1, k3n128s2, k3n256s1, k3n256s2, k3n512s1, k3n512s2, then the
    # dense layers of 1024 and 1.
    widths = [3, 64, 64, 128, 128, 256, 256, 512, 512]
    convolutions = sum(9 * a * b for a, b in pairwise(widths))
    norms = 2 * sum(widths[2:])
    dense = 512 * 6 * 6 * 1024 + 1024 + 1024 + 1
    network = Discriminator(96)
    assert sum(p.numel() for p in network.parameters()) == convolutions + 64 + norms + dense


def test_strides_and_slopes_are_the_papers():
    layers = Discriminator(96).layers
    strides = [layer.stride[0] for layer in layers if isinstance(layer, torch.nn.Conv2d)]
    assert strides == [1, 2, 1, 2, 1, 2, 1, 2]
    slopes = {layer.negative_slope for layer in layers if isinstance(layer, torch.nn.LeakyReLU)}
    assert slopes == {0.2}
    assert not isinstance(layers[2], torch.nn.BatchNorm2d)
    assert sum(isinstance(layer, torch.nn.BatchNorm2d) for layer in layers) == 7


@pytest.mark.parametrize("side", [16, 36, 96])
def test_any_crop_gets_one_verdict_a_picture(side):
    logits, features = Discriminator(side, channels=4)(torch.rand(2, 3, side, side))
    assert logits.shape == (2, 1)
    assert [maps.shape[1] for maps in features] == [4, 4, 8, 8, 16, 16, 32, 32]


def test_the_u_net_gives_a_verdict_for_every_pixel_under_spectral_norm():
    network = UNetDiscriminator(channels=4)
    logits, features = network(torch.rand(2, 3, 32, 48))
    assert logits.shape == (2, 1, 32, 48)
    assert [tuple(maps.shape[1:]) for maps in features] == [(4, 32, 48), (8, 16, 24), (16, 8, 12), (32, 4, 6)]
    for layer in (*network.down, *network.up, *network.refine):
        assert is_parametrized(layer, "weight")


def test_the_patch_kind_gives_a_verdict_for_every_four_by_four_pixels():
    logits, features = PatchDiscriminator(channels=4)(torch.rand(2, 3, 32, 48))
    assert logits.shape == (2, 1, 8, 12)
    assert [maps.shape[1] for maps in features] == [4, 4, 8, 8, 16]


def test_spectral_norm_holds_the_largest_singular_value_at_one():
    torch.manual_seed(0)
    network = UNetDiscriminator(channels=8)
    for _ in range(100):  # each pass is a power iteration
        network(torch.rand(1, 3, 16, 16))
    network.eval()
    for layer in network.down:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)
