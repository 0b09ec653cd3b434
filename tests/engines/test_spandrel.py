"""Networks that srgan has no description of: by spandrel where it is installed, else one line."""

import importlib.machinery
import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest
import safetensors.torch
import torch

from srgan import Upscaler
from srgan.errors import MissingExtraError, ModelError, UsageError
from srgan.networks import module
from srgan.training.setup import load_teacher

pytestmark = pytest.mark.filterwarnings("ignore:torch.meshgrid")

SWINIR = "layers.0.residual_group.blocks.0.attn.relative_position_bias_table"


def stand_in(name, **contents):
    made = ModuleType(name)
    made.__spec__ = importlib.machinery.ModuleSpec(name, None)
    made.__dict__.update(contents)
    return made


@pytest.fixture
def spandrel(monkeypatch):
    """The package, with a stand-in for the few names of torchvision that it imports and does not use here."""
    names = dict.fromkeys(("InterpolationMode", "rotate", "normalize"))
    functions = stand_in("torchvision.transforms.functional", **names)
    if importlib.util.find_spec("torchvision") is None:
        for made in (stand_in("torchvision"), stand_in("torchvision.transforms"), functions):
            monkeypatch.setitem(sys.modules, made.__name__, made)
    return pytest.importorskip("spandrel", reason="needs spandrel and einops")


@pytest.fixture
def swinir(spandrel, tmp_path):
    torch.manual_seed(0)
    network = spandrel.architectures.SwinIR.SwinIR(
        embed_dim=12,
        depths=[2],
        num_heads=[2],
        window_size=8,
        img_size=64,
        upscale=2,
        upsampler="pixelshuffle",
        resi_connection="1conv",
    ).eval()
    safetensors.torch.save_file(network.state_dict(), tmp_path / "swin.safetensors")
    torch.save({"params_ema": network.state_dict()}, tmp_path / "swin.pth")
    return network, tmp_path / "swin.safetensors"


def test_a_swinir_gives_what_it_gives_by_itself(swinir, photo):
    network, path = swinir
    batch = torch.from_numpy(photo[:16, :24]).permute(2, 0, 1)[None] / 255
    with torch.inference_mode():
        expected = network(batch)[0].clamp(0, 1).permute(1, 2, 0).numpy()
    for file in (path, path.with_suffix(".pth")):
        upscaler = Upscaler(file, halo=0, tile="off", precision="fp32")
        assert (upscaler.engine.name, upscaler.scale) == ("torch", 2)
        result = upscaler.upscale(photo[:16, :24].astype(np.float32) / 255)
        assert np.abs(result - expected).max() <= 1e-5
    assert Upscaler(path).upscale(photo).shape == (48, 60, 3)
    with pytest.raises(UsageError, match="SwinIR needs the torch engine") as caught:
        Upscaler(path, engine="openvino")
    assert caught.value.field == "engine"


def test_it_can_teach(swinir):
    _, path = swinir
    teacher = load_teacher(str(path), 2)
    batch = torch.rand(1, 3, 16, 16)
    student = torch.nn.Conv2d(3, 3, 1)
    loss = (student(batch).repeat_interleave(2, 2).repeat_interleave(2, 3) * teacher(batch)).sum()
    loss.backward()
    assert student.weight.grad.abs().sum() > 0
    assert all(not each.requires_grad for each in teacher.parameters())


@pytest.mark.usefixtures("spandrel")
def test_what_spandrel_does_not_know_either_is_one_line(tmp_path):
    safetensors.torch.save_file({"classes.weight": torch.zeros(3, 3)}, tmp_path / "net.safetensors")
    with pytest.raises(ModelError, match=r"net\.safetensors: its tensors fit no network"):
        Upscaler(tmp_path / "net.safetensors")


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [(SWINIR, MissingExtraError, "SwinIR"), ("other.weight", ModelError, "no network that is supported")],
)
def test_without_it_the_architecture_is_named(tmp_path, monkeypatch, name, kind, said):
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    path = tmp_path / "net.safetensors"
    safetensors.torch.save_file({name: torch.zeros(3, 3)}, path)
    for load in (Upscaler, lambda file: load_teacher(str(file), 4)):
        with pytest.raises(kind, match=said) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "spandrel" in str(caught.value)
        assert "\n" not in str(caught.value)
