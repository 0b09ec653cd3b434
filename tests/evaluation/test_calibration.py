"""Calibrating a network: what is written costs what is said, and layers that cost too much are left out."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from srgan.cpu import multiplies_eight_bits
from srgan.engines.openvino import OpenVinoEngine
from srgan.errors import DataError, UsageError
from srgan.evaluation import calibration
from srgan.evaluation.calibration import calibrate, calibrate_file, find_peaks, pieces_of
from srgan.metrics.fidelity import psnr
from srgan.networks.model_file import write_model
from srgan.networks.network import load_network

needs_int8 = pytest.mark.skipif(
    not multiplies_eight_bits(), reason="this processor is not known to compute in int8"
)
pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("astronaut", "coffee", "chelsea"):
        Image.fromarray(getattr(skimage.data, name)()[40:240, 100:340]).save(folder / f"{name}.png")
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "tiny.png")  # too small to count
    return folder


@pytest.fixture
def model(tmp_path, tiny_tensors, tiny_card):
    path = tmp_path / "tiny.safetensors"
    write_model(path, tiny_tensors, tiny_card)
    return path


@needs_int8
def test_a_calibrated_file_costs_what_it_says(tmp_path, model, pictures):
    out = tmp_path / "out.safetensors"
    events = []
    done = calibrate_file(model, out, pictures, count=4, on_event=events.append)
    found = load_network(out).eight_bits
    assert found.summary() == done.eight_bits.summary()
    assert 0 < len(found.peaks) <= done.layers == 6
    assert done.speedup > 0
    assert events

    measured = pieces_of(pictures, load_network(out), 4)[1::2]
    exact, narrow = (
        [
            OpenVinoEngine(load_network(out), precision=kind).upscale(each.lr_image[None])[0]
            for each in measured
        ]
        for kind in ("fp32", "int8")
    )
    likeness = np.mean([psnr(*pair) for pair in zip(exact, narrow, strict=True)])
    assert found.likeness == pytest.approx(likeness, abs=0.3)  # peaks have four digits in the file


@needs_int8
def test_a_layer_that_costs_too_much_keeps_more_bits(monkeypatch, model, pictures):
    network = load_network(model)
    samples = pieces_of(pictures, network, 4)
    spoiled = find_peaks(network, samples)
    spoiled["blocks.0.conv2"] = spoiled["blocks.0.conv2"] * np.float32(0.01)  # clips everything
    monkeypatch.setattr(calibration, "find_peaks", lambda *_: spoiled)
    monkeypatch.setattr("srgan.networks.eight_bits.MOST_LOSS", 0.2)
    found = calibrate(network, samples, samples, pictures="some")
    assert "blocks.0.conv2" not in found.peaks
    assert found.peaks
    assert found.is_close


def test_pieces_are_pairs_of_the_networks_scale(model, pictures):
    samples = pieces_of(pictures, load_network(model), 10)
    assert len(samples) == 3
    for sample in samples:
        height, width, _ = sample.lr_image.shape
        assert sample.hr_image.shape == (4 * height, 4 * width, 3)


@pytest.mark.parametrize(("count", "expected"), [(24, range(0, 48, 2)), (32, None), (47, range(47))])
def test_pieces_are_spread_over_the_whole_folder(tmp_path, model, count, expected):
    for number in range(47 if count == 47 else 48):
        Image.fromarray(np.full((64, 64, 3), number, np.uint8)).save(tmp_path / f"{number:02d}.png")
    taken = [int(sample.name) for sample in pieces_of(tmp_path, load_network(model), count)]
    assert len(taken) == count
    assert max(np.diff(taken)) - min(np.diff(taken)) <= 1
    assert taken[-1] >= 46
    assert expected is None or taken == [*expected]


def test_what_cannot_be_calibrated_is_one_clear_error(tmp_path, model, pictures, network):
    with pytest.raises(UsageError, match="safetensors"):
        calibrate_file(model, tmp_path / "out.onnx", pictures, count=4)
    with pytest.raises(UsageError, match="itself"):
        calibrate_file(model, model, pictures, count=4)
    with pytest.raises(UsageError, match="int8"):
        calibrate_file(network(), tmp_path / "out.safetensors", pictures, count=4)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no picture"):
        calibrate_file(model, tmp_path / "out.safetensors", tmp_path / "empty", count=4)
    assert not (tmp_path / "out.safetensors").exists()
