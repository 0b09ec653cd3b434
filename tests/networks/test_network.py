"""What everything around a network is told of it."""

import dataclasses

import numpy as np
import pytest

from srgan.errors import UsageError
from srgan.networks.blend import read_blend
from srgan.networks.catalogue import list_models
from srgan.networks.network import load_network

RADIUS = {"fast": 10, "fast-photo": 10}  # the others' are 40


@pytest.mark.parametrize("name", list_models())
def test_shipped_networks_are_what_they_are_documented_to_be(name):
    network = load_network(name)
    info = network.info
    radius = RADIUS.get(name, 40)
    assert (info.scale, info.channels, info.radius, info.multiple) == (4, 3, radius, 1)
    assert info.halo == (radius if network.card.halo is None else network.card.halo)
    assert info.halo <= radius
    assert {name: tensor.shape for name, tensor in network.tensors.items()} == network.architecture.shapes()


def test_a_network_takes_the_memory_of_its_widest_layer_and_another():
    assert load_network("photo").info.bytes_per_pixel == 2 * (256 * 2**2) * 4
    assert load_network("fast").info.bytes_per_pixel == 2 * 48 * 4


def test_a_blend_is_a_network(tiny_pair):
    network = load_network(tiny_pair, 0.5)
    card, tensors = read_blend(tiny_pair, 0.5)
    assert network.card == card
    assert all(np.array_equal(network.tensors[name], tensor) for name, tensor in tensors.items())


def test_a_network_cannot_be_changed_and_an_unknown_one_is_refused():
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_network("fast").card = None
    with pytest.raises(UsageError) as caught:
        load_network("phoot")
    assert caught.value.field == "model"
