"""LPIPS and DISTS by torchmetrics, on a stand-in for torchvision: its networks, with weights made here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torchmetrics.functional.image
from PIL import Image
from skimage import data
from torch.nn.functional import conv2d, max_pool2d

MODELS = """
import os, types
import torch
from torch import nn

resnet50 = ResNet50_Weights = None  # torchmetrics imports them

class AlexNet_Weights:
    DEFAULT = types.SimpleNamespace(url="https://example.org/models/alexnet-1.pth")

class VGG16_Weights:
    DEFAULT = types.SimpleNamespace(url="https://example.org/models/vgg16-1.pth")

def _network(layers, weights):
    features = nn.Sequential(*layers)
    name = weights.url.rpartition("/")[2]
    features.load_state_dict(torch.load(os.path.join(torch.hub.get_dir(), "checkpoints", name)))
    return types.SimpleNamespace(features=features)

def alexnet(weights):
    return _network([
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
    ], weights)

def vgg16(weights):
    layers, before = [], 3
    for width in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()] if width else [nn.MaxPool2d(2)]
        before = width or before
    return _network(layers, weights)
"""
ALEXNET = {
    0: (64, 3, 11, 4, 2),
    3: (192, 64, 5, 1, 2),
    6: (384, 192, 3, 1, 1),
    8: (256, 384, 3, 1, 1),
    10: (256, 256, 3, 1, 1),
}
"""Convolutions by their place in torchvision's ``features``: out, in, side, stride, padding."""
VGG16 = {0: (64, 3), 2: (64, 64), 5: (128, 64), 7: (128, 128), 10: (256, 128), 12: (256, 256), 14: (256, 256)}
VGG16 |= {17: (512, 256), 19: (512, 512), 21: (512, 512), 24: (512, 512), 26: (512, 512), 28: (512, 512)}
"""Likewise: out, in."""
TRAINED = Path(torchmetrics.functional.image.__file__).parent
"""Where torchmetrics keeps what LPIPS and DISTS learned on top of the backbones."""


def trained(file):
    return torch.load(TRAINED / file, weights_only=True, map_location="cpu")


def random_weights(shapes):
    random = torch.Generator().manual_seed(0)
    state = {}
    for place, (out, inside, side) in shapes.items():
        scale = (2 / (inside * side * side)) ** 0.5
        state[f"{place}.weight"] = torch.randn(out, inside, side, side, generator=random) * scale
        state[f"{place}.bias"] = torch.randn(out, generator=random) * 0.1
    return state


@pytest.fixture
def environment(tmp_path):
    package = tmp_path / "site" / "torchvision"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from torchvision import models, transforms")
    (package / "transforms.py").touch()
    (package / "models.py").write_text(MODELS)
    facts = tmp_path / "site" / "torchvision-0.26.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: torchvision\nVersion: 0.26\n")
    (tmp_path / "torch" / "hub" / "checkpoints").mkdir(parents=True)
    return {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "TORCH_HOME": str(tmp_path / "torch")}


@pytest.fixture
def folders(tmp_path):
    for name, picture in (
        ("hr", data.astronaut()[:160, 100:292]),
        ("lr", data.astronaut()[:160:4, 100:292:4]),
    ):
        (tmp_path / name).mkdir()
        Image.fromarray(picture).save(tmp_path / name / "a.png")
    return ["--hr", tmp_path / "hr", "--lr", tmp_path / "lr", "--baseline", "nearest"]


def evaluate(environment, *options):
    command = [sys.executable, "-m", "srgan", "evaluate", *options, "--json"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def lpips(state, first, second):
    """LPIPS as its paper has it, on AlexNet, of two pictures in [0, 1]."""
    lines = trained("lpips_models/alex.pth")
    shift = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
    maps = [(2 * picture - 1 - shift) / scale for picture in (first, second)]
    total = 0.0
    for number, (place, (*_, stride, padding)) in enumerate(ALEXNET.items()):
        if place in (3, 6):
            maps = [max_pool2d(x, 3, 2) for x in maps]
        weight, bias = state[f"{place}.weight"], state[f"{place}.bias"]
        maps = [conv2d(x, weight, bias, stride, padding).relu() for x in maps]
        units = [x / (x.square().sum(1, keepdim=True) + 1e-8).sqrt() for x in maps]
        total += conv2d((units[0] - units[1]).square(), lines[f"lin{number}.model.1.weight"]).mean().item()
    return total


def dists(state, first, second):
    """DISTS as its paper has it, of two pictures in [0, 1]."""
    pooling = torch.tensor([0.25, 0.5, 0.25]).outer(torch.tensor([0.25, 0.5, 0.25]))
    maps = torch.cat([first, second])
    stages = [maps]
    maps = (maps - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(3, 1, 1)
    for place in VGG16:
        if place in (5, 10, 17, 24):
            stages.append(maps)
            filters = pooling.expand(maps.shape[1], 1, 3, 3)
            maps = (conv2d(maps.square(), filters, stride=2, padding=1, groups=maps.shape[1]) + 1e-12).sqrt()
        maps = conv2d(maps, state[f"{place}.weight"], state[f"{place}.bias"], padding=1).relu()
    x, y = torch.cat([stage.flatten(2).mean(2) for stage in [*stages, maps]], 1)
    variance = torch.cat([stage.flatten(2).var(2, correction=0) for stage in [*stages, maps]], 1)
    covariance = torch.cat([(stage[0] * stage[1]).flatten(1).mean(1) for stage in [*stages, maps]]) - x * y
    luminance = (2 * x * y + 1e-6) / (x**2 + y**2 + 1e-6)
    structure = (2 * covariance + 1e-6) / (variance.sum(0) + 1e-6)
    weights = trained("dists_models/weights.pt")
    alpha, beta = weights["alpha"].flatten(), weights["beta"].flatten()
    return (1 - (alpha @ luminance + beta @ structure) / (alpha.sum() + beta.sum())).item()


@pytest.mark.parametrize(
    ("metric", "by_hand", "file", "shapes"),
    [
        ("lpips", lpips, "alexnet-1.pth", {place: shape[:3] for place, shape in ALEXNET.items()}),
        ("dists", dists, "vgg16-1.pth", {place: (*shape, 3) for place, shape in VGG16.items()}),
    ],
)
def test_distances_are_their_papers_on_the_kept_weights(
    metric, by_hand, file, shapes, environment, folders, tmp_path
):
    state = random_weights(shapes)
    torch.save(state, tmp_path / "torch/hub/checkpoints" / file)
    done = evaluate(environment, *folders, "--metric", metric)
    assert (done.returncode, done.stderr) == (0, "")
    true = data.astronaut()[:160, 100:292]
    made = np.kron(true[::4, ::4], np.ones((4, 4, 1), np.uint8))
    first, second = (torch.tensor(picture / 255).permute(2, 0, 1)[None].float() for picture in (made, true))
    expected = by_hand(state, first, second)
    assert expected > 0.005
    assert json.loads(done.stdout)["results"][0]["mean"][metric] == pytest.approx(expected, rel=1e-3)


def test_missing_and_damaged_files_are_named(environment, tmp_path):
    """In one process, since torchmetrics takes seconds to import."""
    folder = tmp_path / "torch/hub/checkpoints"
    (folder / "alexnet-1.pth").write_bytes(b"half of it")
    program = """
from srgan.errors import ModelError, UsageError
from srgan.evaluation.torchmetrics_distance import TorchmetricsDistance
for metric, kind in (("lpips", ModelError), ("dists", UsageError)):
    try:
        TorchmetricsDistance(metric)
    except kind as error:
        print(error)
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    damaged, missing = done.stdout.splitlines()
    assert damaged.startswith(f"{folder}/alexnet-1.pth: is damaged (")
    assert damaged.endswith("); download it again")
    assert missing == (
        f"dists needs {folder}/vgg16-1.pth, which is not there: download it from "
        "https://example.org/models/vgg16-1.pth, or give --dists-network FILE.onnx"
    )


def test_without_torchvision_a_line_names_both_ways(environment, folders, tmp_path):
    (tmp_path / "site/torchvision/__init__.py").write_text("raise ImportError('no such thing')")
    done = evaluate(environment, *folders, "--metric", "lpips")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "srgan: lpips needs a network: give --lpips-network FILE.onnx, "
        "or install torchvision and torchmetrics (no such thing)\n"
    )
