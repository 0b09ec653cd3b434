"""The choice of an engine, and what is refused."""

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import skimage.data
import torch

from srgan.engines.choice import open_engine
from srgan.engines.openvino import OpenVinoEngine
from srgan.errors import MissingExtraError, UsageError
from srgan.images.resize import bicubic
from srgan.networks.architecture import GeneratorConfig
from srgan.networks.card import ModelCard
from srgan.networks.eight_bits import EightBits
from srgan.networks.network import Network, load_network
from srgan.training.networks.generator import Generator


@pytest.fixture(scope="module")
def model():
    generator = Generator(GeneratorConfig(blocks=1, channels=8))
    tensors = {name: value.numpy() for name, value in generator.state_dict().items()}
    return Network.of(ModelCard(name="random", generator=generator.config), tensors)


class FakeTorch(ModuleType):
    """As much of torch as a choice asks, on a computer with such GPUs."""

    def __init__(self, *, cuda=False, mps=False, fails=None):
        super().__init__("torch")
        self.cuda = SimpleNamespace(is_available=lambda: cuda)
        self.backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps))
        self.fails = fails


@pytest.fixture
def computer(monkeypatch):
    """Sets up a computer: its GPU's files, its torch; engines of torch are what they were made with."""

    class Made:
        def __init__(self, _network, **options):
            self.name, self.device = "torch", options["device"]

        def try_out(self):
            fails = sys.modules["torch"].fails
            if fails:
                raise fails

    def set_up(*, in_sight, torch):
        monkeypatch.setattr("srgan.engines.choice.gpu_in_sight", lambda: in_sight)
        monkeypatch.setitem(sys.modules, "torch", torch)
        if torch is not None:
            torch.__spec__ = ModuleSpec("torch", None)
        monkeypatch.setattr("srgan.engines.torch.TorchEngine", Made)

    return set_up


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_auto_takes_a_gpu_that_pytorch_can_use(model, computer, kind):
    computer(in_sight=True, torch=FakeTorch(**{kind: True}))
    engine = open_engine(model)
    assert (engine.name, engine.device) == ("torch", kind)
    assert open_engine(model, device="cpu").name == "openvino"
    assert open_engine(model, engine="openvino").name == "openvino"


def test_int8_is_computed_by_openvino_even_where_there_is_a_gpu(model, computer, monkeypatch):
    computer(in_sight=True, torch=FakeTorch(cuda=True))
    monkeypatch.setattr("srgan.engines.openvino.multiplies_eight_bits", lambda: True)
    calibrated = replace(model, eight_bits=EightBits(peaks={}))
    engine = open_engine(calibrated, precision="int8")
    assert (engine.name, engine.precision, engine.note) == ("openvino", "int8", "")


def test_torch_is_not_asked_where_no_gpu_is_in_sight(model, computer):
    computer(in_sight=False, torch=FakeTorch(cuda=True))
    engine = open_engine(model)
    assert (engine.name, engine.device, engine.note) == ("openvino", "cpu", "")
    assert engine.precision in ("fp32", "bf16")
    assert engine.precision in engine.description
    assert "OpenVINO" in engine.description


@pytest.mark.parametrize(
    ("torch", "words"),
    [
        (FakeTorch(), "sees none"),
        (FakeTorch(cuda=True, fails=RuntimeError("no kernel image\nis available")), "no kernel image"),
        (FakeTorch(cuda=True, fails=OSError("libcudart.so: cannot open")), "libcudart"),
        (FakeTorch(cuda=True, fails=MemoryError()), "MemoryError"),
    ],
)
def test_a_gpu_that_pytorch_cannot_use_is_left_alone_and_a_note_says_why(model, computer, torch, words):
    computer(in_sight=True, torch=torch)
    engine = open_engine(model)
    assert (engine.name, engine.device) == ("openvino", "cpu")
    assert words in engine.note
    assert "\n" not in engine.note


def test_a_broken_torch_is_left_alone_and_a_note_says_why(tmp_path, tiny_model):
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch.so: cannot open shared object file')")
    script = (
        "import sys; from pathlib import Path; import srgan.engines.choice as choice;"
        "from srgan.networks.network import load_network; choice.gpu_in_sight = lambda: True;"
        "engine = choice.open_engine(load_network(Path(sys.argv[1]))); print(engine.name, engine.note)"
    )
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", script, tiny_model],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("openvino ")
    assert "libtorch.so" in done.stdout


def test_without_torch_a_gpu_is_nothing_to_speak_of(model, monkeypatch):
    monkeypatch.setattr("srgan.engines.choice.gpu_in_sight", lambda: True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert (open_engine(model).name, open_engine(model).note) == ("openvino", "")


def test_torch_on_the_processor_says_what_it_is(model):
    engine = open_engine(model, engine="torch", device="cpu")
    assert engine.description == "processor, fp32, by PyTorch"
    assert engine.free_memory() is None
    assert engine.info == model.info


def test_torch_asks_the_gpu_for_its_memory(model, monkeypatch):
    engine = open_engine(model, engine="torch", device="cpu")
    monkeypatch.setattr(engine, "device", "cuda")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (5000, 9000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 700)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda: 300)
    assert engine.free_memory() == 5400


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "tensorflow"}, "tensorflow"),
        ({"precision": "int8"}, "int8"),
        ({"device": "tpu"}, "tpu"),
        ({"engine": "openvino", "device": "cuda"}, "torch engine"),
        ({"engine": "openvino", "precision": "fp16"}, "fp16"),
        ({"engine": "torch", "device": "cpu", "precision": "fp16"}, "fp16"),
    ],
)
def test_what_cannot_be_is_one_line(model, options, words):
    with pytest.raises(UsageError, match=words) as caught:
        open_engine(model, **options)
    assert "\n" not in str(caught.value)
    assert "--" not in str(caught.value)
    assert caught.value.field in options


def test_a_device_that_is_not_there(model, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="cuda"):
        open_engine(model, device="cuda")


def test_bf16_is_refused_or_chosen_by_what_the_processor_has(model, monkeypatch):
    from openvino import Core

    monkeypatch.setattr(Core, "get_property", lambda *_: ["FP32"])
    assert OpenVinoEngine(model).precision == "fp32"
    with pytest.raises(UsageError, match="bf16"):
        OpenVinoEngine(model, precision="bf16")
    monkeypatch.setattr(Core, "get_property", lambda *_: ["FP32", "BF16"])
    assert OpenVinoEngine(model).precision == "bf16"


def test_torch_missing_names_the_extra(model, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"\[gpu\]"):
        open_engine(model, engine="torch")


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
    by_torch = open_engine(model, engine="torch", device="cpu")
    monkeypatch.setattr(by_torch, "_forward", fail)
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

    engine = OpenVinoEngine(model)
    monkeypatch.setattr(engine, "_model", lambda *_: Compiled())
    batch = np.zeros((1, 4, 4, 3), np.uint8)
    with pytest.raises(MemoryError):
        engine.upscale(batch)
    message = "something else"
    with pytest.raises(RuntimeError, match="something else"):
        engine.upscale(batch)


@pytest.fixture(scope="module")
def shipped():
    return load_network("srgan")


@pytest.fixture(scope="module")
def enlarged_coffee(shipped):
    """A photograph, float32, and its enlargement by torch in fp32.

    Reduced, as what the network learned from; in bf16 it is more than a level off in up to 0.2 % of the
    values even so, in either engine.
    """
    picture = (bicubic(skimage.data.coffee()[:288, :448], 1 / 4) / np.float32(255))[None]
    by_torch = open_engine(shipped, engine="torch", precision="fp32", device="cpu")
    return picture, by_torch.upscale(picture)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("name", ["openvino", "torch"])
def test_engines_agree_with_the_shipped_weights(cache, shipped, enlarged_coffee, name, precision):  # noqa: ARG001
    picture, truth = enlarged_coffee
    try:
        engine = open_engine(shipped, engine=name, precision=precision, device="cpu")
    except UsageError:
        pytest.skip(f"{name} does not compute in {precision} on this processor")

    difference = np.abs(engine.upscale(picture) - truth)
    levels = np.abs(engine.upscale(np.rint(picture * 255).astype(np.uint8)) - np.rint(truth * 255))

    if precision == "fp32":
        assert difference.max() < 1e-4
    assert np.mean(difference <= 1 / 255) >= 0.998
    assert np.mean(levels <= 1) >= 0.9995
