"""Graphs of layers in .safetensors files: what is written is read, and what is hostile is refused."""

import json

import numpy as np
import pytest
from ncnn_files import NcnnWriter, assorted, compact, dense
from safetensors.numpy import load_file, save_file

from srgan.errors import ModelError
from srgan.networks.foreign import read_foreign
from srgan.networks.layered_file import read_layered, write_layered
from srgan.networks.network import load_network


@pytest.fixture(params=[dense, compact, assorted])
def written(request, tmp_path):
    writer = NcnnWriter()
    request.param(writer)
    found = read_foreign(writer.save(tmp_path / "net"))[1]
    path = tmp_path / "net.safetensors"
    write_layered(path, found.architecture, found.tensors)
    return found, path


def test_what_is_written_is_read(written):
    found, path = written
    again = load_network(path)
    assert again.architecture == found.architecture
    assert again.tensors.keys() == found.tensors.keys()
    assert all(np.array_equal(again.tensors[name], found.tensors[name]) for name in found.tensors)
    assert again.info.scale == load_network(path.with_suffix(".param")).info.scale


def test_other_files_list_no_layers(tmp_path):
    save_file({"a": np.ones(3, np.float32)}, tmp_path / "a.safetensors")
    assert read_layered(tmp_path / "a.safetensors") is None
    (tmp_path / "b.safetensors").write_text("a letter")
    assert read_layered(tmp_path / "b.safetensors") is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda layers: layers.clear(), "no convolution"),
        (lambda layers: layers.append("a"), "damaged"),
        (lambda layers: layers[0].update(layer="eval"), "damaged"),
        (lambda layers: layers[0].update(layer=["Add"]), "damaged"),
        (lambda layers: layers[0].update(more=3), "damaged"),
        (lambda layers: layers[0].update(sources=[10**9]), "missing result"),
        (lambda layers: layers[0].update(sources=[-1]), "missing result"),
        (lambda layers: layers[0].update(sources=[]), "too few"),
        (lambda layers: layers[0].update(sources=None), "damaged"),
        (lambda layers: layers[0].update(outputs=10**8), "channels"),
        (lambda layers: layers[0].update(outputs=8.0), "damaged"),
        (lambda layers: layers[0].update(outputs=True), "damaged"),
        (lambda layers: layers[0].update(size=2), "even kernel"),
        (lambda layers: layers[0].update(size=5), "layer1.weight"),
        (
            lambda layers: layers.append(
                {"layer": "Resize", "sources": [9], "times": 10**9, "kind": "nearest"}
            ),
            "high and wide",
        ),
        (lambda layers: layers.append({"layer": "Shuffle", "sources": [9], "side": 0}), "PixelShuffle"),
        (
            lambda layers: layers.append({"layer": "Unshuffle", "sources": [9], "side": 10**6}),
            "PixelUnshuffle",
        ),
        (
            lambda layers: layers.extend({"layer": "Concat", "sources": [n, n]} for n in range(12, 40)),
            "channels",
        ),
        (lambda layers: layers.append({"layer": "Tanh", "sources": [0]}), "not connected"),
        (lambda layers: layers.append({"layer": "LeakyReLU", "sources": [9], "slope": 1e300}), "damaged"),
        (lambda layers: layers.append({"layer": "Clamp", "sources": [9], "low": "0", "high": 1}), "damaged"),
    ],
)
def test_a_hostile_list_of_layers_is_one_line(tmp_path, change, words):
    writer = NcnnWriter()
    dense(writer)
    found = read_foreign(writer.save(tmp_path / "net"))[1]
    path = tmp_path / "net.safetensors"
    write_layered(path, found.architecture, found.tensors)
    tensors = load_file(path)
    layers = listed(path)
    change(layers)
    save_file(tensors, path, metadata={"srgan.layers": json.dumps(layers)})
    with pytest.raises(ModelError, match=words) as caught:
        load_network(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_tensors_are_those_of_the_layers(written):
    _, path = written
    tensors, layers = load_file(path), listed(path)
    tensors["layer1.weight"] = tensors["layer1.weight"][..., :1]
    save_file(tensors, path, metadata={"srgan.layers": json.dumps(layers)})
    with pytest.raises(ModelError, match=r"layer\d+\.\w+"):
        load_network(path)


def listed(path):
    """The list of layers in a file, as JSON holds it."""
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return json.loads(header["__metadata__"]["srgan.layers"])
