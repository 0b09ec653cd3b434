"""The choice of an engine, and what is refused."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
import skimage.data
import torch

from srgan.engines.engine import open_engine
from srgan.engines.openvino import OpenVinoEngine
from srgan.errors import MissingExtraError, UsageError
from srgan.images.resize import bicubic
from srgan.networks.architecture import GeneratorConfig
from srgan.networks.card import ModelCard
from srgan.networks.catalogue import find_model
from srgan.networks.model_file import read_model
from srgan.training.networks.generator import Generator


@pytest.fixture(scope="module")
def model():
    generator = Generator(GeneratorConfig(blocks=1, channels=8))
    tensors = {name: value.numpy() for name, value in generator.state_dict().items()}
    return ModelCard(name="random", generator=generator.config), tensors


def test_auto_is_openvino_on_the_processor(model, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    engine = open_engine(*model)
    assert (engine.name, engine.device) == ("openvino", "cpu")
    assert engine.precision in ("fp32", "bf16")


def test_auto_takes_an_accelerator_that_is_in_sight(model, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("srgan.engines.torch.TorchEngine", lambda *_args, **options: options)
    assert open_engine(*model)["device"] == "auto"
    assert open_engine(*model, device="cpu").name == "openvino"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "tensorflow"}, "tensorflow"),
        ({"precision": "int8"}, "int8"),
        ({"device": "tpu"}, "tpu"),
        ({"engine": "openvino", "device": "cuda"}, "--engine torch"),
        ({"engine": "openvino", "precision": "fp16"}, "fp16"),
        ({"engine": "torch", "device": "cpu", "precision": "fp16"}, "fp16"),
    ],
)
def test_what_cannot_be_is_one_line(model, options, words):
    with pytest.raises(UsageError, match=words) as caught:
        open_engine(*model, **options)
    assert "\n" not in str(caught.value)


def test_a_device_that_is_not_there(model, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="cuda"):
        open_engine(*model, device="cuda")


def test_bf16_is_refused_or_chosen_by_what_the_processor_has(model, monkeypatch):
    from openvino import Core

    monkeypatch.setattr(Core, "get_property", lambda *_: ["FP32"])
    assert OpenVinoEngine(*model).precision == "fp32"
    with pytest.raises(UsageError, match="bf16"):
        OpenVinoEngine(*model, precision="bf16")
    monkeypatch.setattr(Core, "get_property", lambda *_: ["FP32", "BF16"])
    assert OpenVinoEngine(*model).precision == "bf16"


def test_torch_missing_names_the_extra(model, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"\[gpu\]"):
        open_engine(*model, engine="torch")


def test_upscaling_imports_no_torch():
    code = "import sys, srgan.upscaling.upscaler, srgan.engines.openvino; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "error", [RuntimeError("std::bad_alloc"), torch.OutOfMemoryError("CUDA out of memory")]
)
def test_out_of_memory_is_memory_error(model, monkeypatch, error):
    def fail(*_):
        raise error

    batch = np.zeros((1, 4, 4, 3), np.uint8)
    by_torch = open_engine(*model, engine="torch", device="cpu")
    monkeypatch.setattr(by_torch, "_generator", fail)
    with pytest.raises(MemoryError):
        by_torch.upscale(batch)


@pytest.mark.parametrize(
    "message",
    [
        "Exception from src/inference: std::bad_alloc",
        "Check 'ptr' failed at src/plugins: Failed to allocate 17280000 bytes of memory",
        "[CPU] Convolution node with name 'node11' can't alloc",
    ],
)
def test_openvino_out_of_memory_is_memory_error_and_other_errors_are_not(model, monkeypatch, message):
    class Request:
        def infer(self, *_args, **_options):
            raise RuntimeError(message)

    class Compiled:
        def create_infer_request(self):
            return Request()

    engine = OpenVinoEngine(*model)
    monkeypatch.setattr(engine, "_model", lambda *_: Compiled())
    batch = np.zeros((1, 4, 4, 3), np.uint8)
    with pytest.raises(MemoryError):
        engine.upscale(batch)
    message = "something else"
    with pytest.raises(RuntimeError, match="something else"):
        engine.upscale(batch)


@pytest.fixture(scope="module", params=["srresnet", "srgan"])
def shipped(request):
    return read_model(find_model(request.param))


@pytest.fixture(scope="module")
def enlarged_coffee(shipped):
    """A photograph, float32, and its enlargement by torch in fp32.

    Reduced, as what the networks learned from: on smooth parts of full-size photographs, srgan in bf16 is
    more than a level off in up to 0.2 % of the bytes, in either engine.
    """
    picture = (bicubic(skimage.data.coffee()[:288, :448], 1 / 4) / np.float32(255))[None]
    by_torch = open_engine(*shipped, engine="torch", precision="fp32", device="cpu")
    return picture, by_torch.upscale(picture)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("name", ["openvino", "torch"])
def test_engines_agree_with_the_shipped_weights(cache, shipped, enlarged_coffee, name, precision):  # noqa: ARG001
    picture, truth = enlarged_coffee
    try:
        engine = open_engine(*shipped, engine=name, precision=precision, device="cpu")
    except UsageError:
        pytest.skip(f"{name} does not compute in {precision} on this processor")

    difference = np.abs(engine.upscale(picture) - truth)
    levels = np.abs(engine.upscale(np.rint(picture * 255).astype(np.uint8)) - np.rint(truth * 255))

    if precision == "fp32":
        assert difference.max() < 1e-4
    assert np.mean(difference <= 1 / 255) >= 0.999
    assert np.mean(levels <= 1) >= 0.9995
