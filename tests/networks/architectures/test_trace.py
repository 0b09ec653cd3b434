"""What follows from a description, against what is known of the networks."""

import pytest

from srgan.networks.architectures.compact import Compact
from srgan.networks.architectures.srresnet import SRResNet
from srgan.networks.architectures.trace import trace


def test_the_papers_network():
    found = trace(SRResNet(blocks=16, channels=64, has_norm=True))
    assert (found.scale, found.radius, found.last) == (4, 40, "tail")
    assert found.widest == 256 * 2**2  # the second up-sampling, at twice the size


@pytest.mark.parametrize("scale", [2, 4])
def test_the_compact_network(scale):
    found = trace(Compact(blocks=8, channels=48, scale=scale))
    assert (found.scale, found.radius, found.last) == (scale, 10, "tail")
    assert found.widest == 48


def test_what_later_layers_need_is_counted_from_the_last_one_backwards():
    needs = trace(SRResNet(blocks=1, channels=4, has_norm=False)).needs
    assert needs == {
        "tail": 0,
        "upsample.1.conv": 2,  # the 9x9 tail, in pixels of half the size
        "upsample.0.conv": 2,  # three of those are two of half their size
        "trunk": 3,
        "blocks.0.conv2": 4,
        "blocks.0.conv1": 5,
        "head": 6,
    }


def test_of_two_branches_the_wider_one_counts():
    class Branches:
        def shapes(self):
            return {f"{name}.weight": (3, 3, size, size) for name, size in (("a", 3), ("b", 9), ("c", 5))}

        def forward(self, ops, picture):
            first = ops.first_convolution(picture, "a")
            return ops.picture(ops.add(ops.convolution(first, "b"), ops.last_convolution(first, "c", 1)), 1)

    found = trace(Branches())
    assert (found.scale, found.radius) == (1, 5)
    assert found.needs == {"a": 4, "b": 0, "c": 0}
