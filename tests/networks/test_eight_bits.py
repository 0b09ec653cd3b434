"""Ranges for 8 bits in model files: they come back, and change nothing else."""

import json

import numpy as np
import pytest
import safetensors.numpy
import torch

from srgan.errors import ModelError
from srgan.networks.calibrated_file import write_calibrated
from srgan.networks.catalogue import find_model, list_models
from srgan.networks.eight_bits import MOST_LOSS, EightBits, read_eight_bits, with_eight_bits
from srgan.networks.model_file import read_card, read_model, write_model
from srgan.networks.network import load_network

PEAKS = {"blocks.0.conv1": np.array([[0.5, 0.0, 1.25], [3.0, 2.0, 0.001]], np.float32)}
FOUND = EightBits(peaks=PEAKS, loss=0.02, likeness=48.5, pattern=1, pictures="写真")


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_ranges_come_back_and_the_rest_of_the_file_is_as_before(tmp_path, tiny_tensors, tiny_card, dtype):
    plain, path = tmp_path / "plain.safetensors", tmp_path / "m.safetensors"
    write_model(plain, {name: tensor.astype(dtype) for name, tensor in tiny_tensors.items()}, tiny_card)
    write_calibrated(plain, path, FOUND)
    write_calibrated(path, path, FOUND)  # again, over itself

    found = read_eight_bits(path)
    assert found.summary() == FOUND.summary()
    np.testing.assert_allclose(found.peaks["blocks.0.conv1"], PEAKS["blocks.0.conv1"], rtol=1e-3)
    assert read_eight_bits(plain) is None
    assert read_card(path) == read_card(plain)
    before, after = (safetensors.numpy.load_file(file) for file in (plain, path))
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        assert after[name].dtype == tensor.dtype
        np.testing.assert_array_equal(after[name], tensor)
    assert read_model(path)[0] == tiny_card


def test_files_of_other_programs_are_written_whole(tmp_path):
    torch.manual_seed(0)
    layers = {"body.0": (8, 3), "body.2": (8, 8), "body.4": (48, 8)}
    tensors = {}
    for name, (outputs, inputs) in layers.items():
        tensors[f"{name}.weight"] = torch.randn(outputs, inputs, 3, 3)
        tensors[f"{name}.bias"] = torch.randn(outputs)
    tensors |= {"body.1.weight": torch.rand(8), "body.3.weight": torch.rand(8)}
    torch.save({"params": tensors}, tmp_path / "other.pth")

    write_calibrated(tmp_path / "other.pth", tmp_path / "out.safetensors", FOUND)

    before, after = (load_network(tmp_path / name) for name in ("other.pth", "out.safetensors"))
    assert before.eight_bits is None
    assert after.eight_bits.loss == FOUND.loss
    assert after.architecture == before.architecture
    for name, tensor in before.tensors.items():
        np.testing.assert_array_equal(after.tensors[name], tensor)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"loss": 0, "likeness": 1, "pattern": 0, "pictures": "", "peaks": {"a": [[-1], [1]]}}',
        '{"loss": 0, "likeness": 1, "pattern": 0, "pictures": "", "peaks": {"a": [1, 2]}}',
        '{"loss": 1%s, "likeness": 1, "pattern": 0, "pictures": "", "peaks": {}}' % (400 * "0"),
        '{"loss": 0, "likeness": 1, "pattern": Infinity, "pictures": "", "peaks": {}}',
        '{"loss": NaN, "likeness": 1, "pattern": 0, "pictures": "", "peaks": {}}',
        '{"loss": 0, "likeness": 1, "pattern": 0, "pictures": "", "peaks": {"a": [["x"], [1]]}}',
    ],
)
def test_damaged_ranges_are_one_clear_error(tmp_path, tiny_tensors, tiny_card, text):
    path = tmp_path / "m.safetensors"
    metadata = {"srgan": tiny_card.to_json(), "srgan.int8": text}
    safetensors.numpy.save_file(tiny_tensors, path, metadata)
    with pytest.raises(ModelError, match="calibrate"):
        load_network(path)


def test_ranges_without_a_pattern_are_not_taken_for_flat(tmp_path, tiny_tensors, tiny_card):
    text = '{"loss": 0, "likeness": 50, "pictures": "", "peaks": {}}'
    metadata = {"srgan": tiny_card.to_json(), "srgan.int8": text}
    safetensors.numpy.save_file(tiny_tensors, tmp_path / "m.safetensors", metadata)
    found = load_network(tmp_path / "m.safetensors").eight_bits
    assert found.is_accurate
    assert not found.is_close


def test_new_ranges_replace_old_ones(tiny_tensors):
    content = with_eight_bits(safetensors.numpy.save(tiny_tensors), FOUND)
    again = with_eight_bits(content, EightBits(peaks={}, loss=0.5, likeness=30.0, pictures="Kodak"))
    size = int.from_bytes(again[:8], "little")
    metadata = json.loads(again[8 : 8 + size])["__metadata__"]
    assert json.loads(metadata["srgan.int8"])["loss"] == 0.5
    assert size % 8 == 0
    assert safetensors.numpy.load(again).keys() == tiny_tensors.keys()


@pytest.mark.parametrize("name", list_models())
def test_every_shipped_model_says_what_eight_bits_cost(name):
    found = read_eight_bits(find_model(name))
    assert "Kodak" in found.pictures
    assert found.loss <= MOST_LOSS
    assert found.peaks.keys() <= {tensor.removesuffix(".weight") for tensor in load_network(name).tensors}
