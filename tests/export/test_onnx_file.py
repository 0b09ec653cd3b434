"""ONNX files in ONNX Runtime, against what the networks themselves make in PyTorch, and what srgan makes."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors.torch
import skimage.data
import torch
from ncnn_files import NcnnWriter, assorted, compact, dense
from onnx import numpy_helper
from PIL import Image
from reference_networks import EDSR, SPAN, MSRResNet, RRDBNet, SRVGGNetCompact, random_network

from srgan.errors import MissingExtraError, ModelError, OutputError
from srgan.export.onnx_file import write_onnx
from srgan.networks.architecture import GeneratorConfig
from srgan.networks.card import ModelCard
from srgan.networks.model_file import write_model
from srgan.networks.network import load_network
from srgan.training.networks.generator import make_generator
from srgan.upscaling.upscaler import Upscaler

DOCS = Path(__file__).parents[2] / "docs" / "how-to" / "export.md"

# The network, its last convolution, its scale.
FOREIGN = {
    "rrdbnet": (lambda: RRDBNet(), "conv_last", 4),
    "rrdbnet x1, unshuffled": (lambda: RRDBNet(unshuffle=4), "conv_last", 1),
    "rrdbnet x2, unshuffled": (lambda: RRDBNet(blocks=1, unshuffle=2), "conv_last", 2),
    "compact": (lambda: SRVGGNetCompact(), "body.8", 4),
    "compact x1": (lambda: SRVGGNetCompact(blocks=1, c=6, scale=1), "body.4", 1),
    "compact x2, relu": (lambda: SRVGGNetCompact(scale=2, activation="relu"), "body.8", 2),
    "msrresnet x3": (lambda: MSRResNet(blocks=3, scale=3), "conv_last", 3),
    "edsr": (lambda: EDSR(blocks=1, c=16, share=1), "conv_last", 4),
    "span": (lambda: SPAN(), "upsampler.0", 4),
}
OWN = {
    "srresnet with norm": GeneratorConfig(blocks=2, channels=8, norm="batch"),
    "compact": GeneratorConfig(architecture="compact", blocks=2, channels=8),
}


def pictures(number=2, height=24, width=20):
    return 0.3 + 0.4 * np.random.default_rng(0).random((number, 3, height, width), np.float32)


def truth(network, batch):
    with torch.inference_mode():
        return network.eval().double()(torch.from_numpy(batch).double()).clamp(0, 1).numpy()


def run(path, batch):
    return onnxruntime.InferenceSession(path).run(None, {"picture": batch})[0]


def facts_of(path):
    return onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map


@pytest.mark.parametrize("name", FOREIGN)
def test_results_are_those_of_the_network_itself(name, tmp_path):
    make, last, scale = FOREIGN[name]
    network = random_network(make(), last)
    safetensors.torch.save_file(network.state_dict(), tmp_path / "net.safetensors")
    found = load_network(tmp_path / "net.safetensors")
    done = write_onnx(found, tmp_path / "net.onnx", precision="fp32", picture_io=False)
    for batch in (pictures(), pictures(1, 12, 32)):
        expected = truth(network, batch)
        assert expected.shape[2:] == tuple(scale * side for side in batch.shape[2:])
        assert expected.std() > 0.02
        assert np.abs(run(tmp_path / "net.onnx", batch) - expected).max() <= 1e-4
    assert done.scale == scale
    assert 0 < done.largest_difference <= 0.2
    assert all(side % found.info.multiple == 0 for size in done.sizes for side in size[1:])


@pytest.mark.parametrize("name", OWN)
def test_results_are_those_of_our_own_networks_in_pytorch(name, tmp_path):
    torch.manual_seed(0)
    generator = make_generator(OWN[name]).eval()
    with torch.no_grad():
        for key, value in generator.state_dict().items():
            if key.endswith(("running_mean", "norm1.bias", "head.bias")):
                value.uniform_(-0.2, 0.2)
            elif "norm" in key and value.ndim:
                value.uniform_(0.5, 1.5)
        generator.tail.weight *= 0.3
        generator.tail.bias += 0.4
    tensors = {key: value.numpy() for key, value in generator.state_dict().items()}
    write_model(tmp_path / "net.safetensors", tensors, ModelCard(name="net", generator=OWN[name]))
    network = load_network(tmp_path / "net.safetensors")
    write_onnx(network, tmp_path / "net.onnx", precision="fp32", picture_io=False)
    expected = truth(generator, pictures())
    assert expected.std() > 0.02
    assert np.abs(run(tmp_path / "net.onnx", pictures()) - expected).max() <= 1e-4


def test_the_file_holds_the_card_and_how_to_use_it(tiny_model, tmp_path):
    network = load_network(tiny_model)
    done = write_onnx(network, tmp_path / "tiny.onnx", precision="fp32", picture_io=False)
    model = onnx.load(tmp_path / "tiny.onnx")
    onnx.checker.check_model(model, full_check=True)
    facts = {prop.key: prop.value for prop in model.metadata_props}
    assert json.loads(facts["card"]) == network.card.to_dict()
    assert float(facts["largest_difference"]) == pytest.approx(done.largest_difference, rel=0.01)
    assert (facts["scale"], facts["halo"], facts["padding"]) == ("4", str(network.info.halo), "symmetric")
    assert f"opset {model.opset_import[0].version}" in done.kind
    (taken,) = model.graph.input
    sides = [side.dim_param or side.dim_value for side in taken.type.tensor_type.shape.dim]
    assert sides == ["batch", 3, "height", "width"]


def test_half_precision_halves_the_file_and_changes_little(tiny_model, tmp_path):
    network = load_network(tiny_model)
    for precision in ("fp32", "fp16"):
        write_onnx(network, tmp_path / f"{precision}.onnx", precision=precision, picture_io=False)
    half = onnx.load(tmp_path / "fp16.onnx")
    parameters = [numpy_helper.to_array(each) for each in half.graph.initializer if "weight" in each.name]
    assert {each.dtype for each in parameters} == {np.dtype(np.float16)}
    assert sum(each.size for each in parameters) > 1000
    batch = pictures()
    result, expected = (run(tmp_path / f"{precision}.onnx", batch) for precision in ("fp16", "fp32"))
    assert result.dtype == expected.dtype == np.float32
    assert 0 < np.abs(result - expected).max() < 0.01


def test_bytes_go_in_and_come_out(tiny_model, tmp_path, photo):
    done = Upscaler(tiny_model).to_onnx(tmp_path / "bytes.onnx", picture_io=True)
    assert done.largest_difference <= 1
    batch = np.stack([photo, photo[::-1]])
    result = run(tmp_path / "bytes.onnx", batch)
    floats = np.ascontiguousarray((batch / np.float32(255)).transpose(0, 3, 1, 2))
    Upscaler(tiny_model).to_onnx(tmp_path / "floats.onnx")
    expected = 255 * run(tmp_path / "floats.onnx", floats).transpose(0, 2, 3, 1)
    assert (result.dtype, result.shape) == (np.uint8, (2, 96, 120, 3))
    assert np.abs(result - expected).max() <= 0.501


def test_a_blend_is_exported_as_one_and_says_so(tiny_pair, tmp_path):
    Upscaler(tiny_pair, detail=0.5, denoise=0.75).to_onnx(tmp_path / "half.onnx")
    Upscaler(tiny_pair).to_onnx(tmp_path / "whole.onnx")
    batch = pictures(1)
    assert np.abs(run(tmp_path / "half.onnx", batch) - run(tmp_path / "whole.onnx", batch)).max() > 1e-3
    card = json.loads(facts_of(tmp_path / "half.onnx")["card"])
    assert "detail 0.5" in card["summary"]
    assert "denoise 0.75" in card["summary"]
    assert card["figures"] == {}


def test_the_lines_in_the_documentation_give_what_srgan_does(tiny_model, tmp_path, monkeypatch):
    writing, code = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len([line for line in code.splitlines() if line]) == 12
    picture = np.ascontiguousarray(skimage.data.chelsea()[100:140, 150:182])
    Image.fromarray(picture).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    exec(writing, {})
    assert "0.5" in json.loads(facts_of("photo.onnx")["card"])["summary"]
    upscaler = Upscaler(tiny_model, precision="fp32")
    upscaler.to_onnx("photo.onnx")
    exec(code, {})
    result = np.asarray(Image.open("clear.png"))
    expected = upscaler.upscale(picture)
    assert expected.std() > 5
    assert np.abs(result.astype(int) - expected).max() <= 1


def test_what_goes_wrong_leaves_nothing_behind(tiny_model, tmp_path, monkeypatch):
    network = load_network(tiny_model)
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "net.onnx"
    huge = network.tensors | {"tail.bias": network.tensors["tail.bias"] + np.float32(1e6)}
    fine = network.tensors | {"head.weight": 3e4 * network.tensors["head.weight"]}  # but what it makes is not
    for tensors in (huge, fine):
        wrong = dataclasses.replace(network, tensors=tensors)
        with pytest.raises(ModelError, match="fp16"):
            write_onnx(wrong, target, precision="fp16", picture_io=False)
    with pytest.raises(OutputError, match="folder"):
        write_onnx(network, tmp_path / "out", precision="fp32", picture_io=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"\[export\]"):
        write_onnx(network, target, precision="fp32", picture_io=False)
    assert [*(tmp_path / "out").iterdir()] == []


@pytest.mark.parametrize("make", [dense, compact, assorted])
def test_a_graph_of_layers_gives_what_its_layers_do(tmp_path, make):
    writer = NcnnWriter()
    forward, scale = make(writer)
    network = load_network(writer.save(tmp_path / "net"))
    done = write_onnx(network, tmp_path / "net.onnx", precision="fp32", picture_io=False)
    assert done.scale == scale
    expected = forward(torch.from_numpy(pictures()).double()).clamp(0, 1).numpy()
    assert np.abs(run(tmp_path / "net.onnx", pictures()) - expected).max() <= 1e-4
    half = write_onnx(network, tmp_path / "half.onnx", precision="fp16", picture_io=True)
    assert half.largest_difference <= 4


def test_the_runtime_leaves_no_files_behind(tiny_model, tmp_path):
    """What ONNX Runtime 1.32 prepares to tell its makers, it keeps in a file."""
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-m", "srgan", "export", str(tiny_model), str(tmp_path / "net.onnx")]
    subprocess.run(command, env={**os.environ, "TMPDIR": str(tmp_path / "tmp")}, check=True)
    assert list((tmp_path / "tmp").iterdir()) == []
