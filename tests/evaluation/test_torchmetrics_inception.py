"""FID by torchmetrics, on a stand-in for torch-fidelity: some of its layers, with weights made here."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from torch.nn.functional import conv2d, interpolate

INCEPTION = """
import torch
from torch import nn

class FeatureExtractorInceptionV3(nn.Module):
    INPUT_IMAGE_SIZE = 299

    def __init__(self, name, features_list, feature_extractor_weights_path=None):
        super().__init__()
        self.features_list = features_list
        self.Conv2d_1a_3x3 = nn.Conv2d(3, 8, 3, stride=4)
        self.Mixed_7c = nn.Conv2d(8, 2048, 1)
        self.AvgPool = nn.AdaptiveAvgPool2d(1)
        for name in '''2d_2a_3x3 2d_2b_3x3 2d_3b_1x1 2d_4a_3x3'''.split():
            setattr(self, f'Conv{name}', nn.Identity())
        for name in '''5b 5c 5d 6a 6b 6c 6d 6e 7a 7b'''.split():
            setattr(self, f'Mixed_{name}', nn.Identity())
        self.MaxPool_1 = self.MaxPool_2 = nn.Identity()
        self.load_state_dict(torch.load(feature_extractor_weights_path, weights_only=False))
        self.requires_grad_(False)
"""
HELPERS = "def vassert(truth, message):\n    assert truth, message\n"


@pytest.fixture
def environment(tmp_path):
    package = tmp_path / "site" / "torch_fidelity"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "feature_extractor_inceptionv3.py").write_text(INCEPTION)
    (package / "helpers.py").write_text(HELPERS)
    (package / "interpolate_compat_tensorflow.py").write_text(
        "interpolate_bilinear_2d_like_tensorflow1x = None"
    )
    facts = tmp_path / "site" / "torch_fidelity-0.4.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: torch-fidelity\nVersion: 0.4.0\n")
    return {**os.environ, "PYTHONPATH": str(tmp_path / "site")}


@pytest.fixture
def pictures(tmp_path):
    """True pictures and their low-res partners, by name."""
    true = {str(x): data.astronaut()[x : x + 80, x : x + 96] for x in range(0, 400, 80)}
    for folder, step in (("hr", 1), ("lr", 4)):
        (tmp_path / folder).mkdir()
        for name, picture in true.items():
            Image.fromarray(picture[::step, ::step]).save(tmp_path / folder / f"{name}.png")
    return true


def evaluate(environment, folder, *options):
    command = [sys.executable, "-m", "srgan", "evaluate", "--hr", "hr", "--lr", "lr", "--baseline", "nearest"]
    command += ["--metric", "fid", "--json", *options]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def random_weights():
    random = torch.Generator().manual_seed(0)
    shapes = {"Conv2d_1a_3x3": (8, 3, 3, 3), "Mixed_7c": (2048, 8, 1, 1)}
    state = {f"{name}.weight": torch.randn(shape, generator=random) for name, shape in shapes.items()}
    return state | {f"{name}.bias": torch.randn(shape[0], generator=random) for name, shape in shapes.items()}


def features(state, picture):
    batch = torch.tensor(picture).permute(2, 0, 1)[None].float()
    batch = (interpolate(batch, (299, 299), mode="bilinear", antialias=True) - 128) / 128
    batch = conv2d(batch, state["Conv2d_1a_3x3.weight"], state["Conv2d_1a_3x3.bias"], stride=4)
    batch = conv2d(batch, state["Mixed_7c.weight"], state["Mixed_7c.bias"])
    return batch.mean((2, 3))[0].double().numpy()


def distance(first, second):
    """FID of few pictures: the covariances' product has a root whose trace singular values tell."""
    one, two = ((each - each.mean(0)) / np.sqrt(len(each) - 1) for each in (first, second))
    common = np.linalg.svd(one @ two.T, compute_uv=False).sum()
    return ((first.mean(0) - second.mean(0)) ** 2).sum() + (one**2).sum() + (two**2).sum() - 2 * common


def test_fid_is_of_the_weights_in_the_file(environment, pictures, tmp_path):
    state = random_weights()
    torch.save(state, tmp_path / "inception.pth")
    done = evaluate(environment, tmp_path, "--fid-network", "inception.pth")
    assert (done.returncode, done.stderr) == (0, "")
    true = np.stack([features(state, picture) for picture in pictures.values()])
    made = np.stack(
        [features(state, picture[::4, ::4].repeat(4, 0).repeat(4, 1)) for picture in pictures.values()]
    )
    expected = distance(made, true)
    assert expected > 1
    assert json.loads(done.stdout)["results"][0]["mean"]["fid"] == pytest.approx(expected, rel=1e-3)


class Trap:
    def __reduce__(self):
        return (os.mkdir, ("sprung",))


def test_files_that_are_not_the_weights_are_refused(environment, tmp_path):
    """In one process, since torchmetrics takes seconds to import."""
    names = ("damaged.pth", "another.pth", "code.pth")
    (tmp_path / "damaged.pth").write_bytes(b"half of it")
    torch.save({"fc.weight": torch.zeros(2)}, tmp_path / "another.pth")
    torch.save(Trap(), tmp_path / "code.pth")
    program = """
import sys
from pathlib import Path
from srgan.errors import ModelError
from srgan.evaluation.torchmetrics_inception import TorchmetricsInception
for name in sys.argv[1:]:
    try:
        TorchmetricsInception(Path(name))
    except ModelError as error:
        print(error)
"""
    command = [sys.executable, "-c", program, *names]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(names)
    for name, line in zip(names, lines, strict=True):
        assert line.startswith(f"{name}: does not hold the weights of FID's Inception (")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.usefixtures("pictures")
def test_without_torch_fidelity_a_line_names_both_ways(environment, tmp_path):
    (tmp_path / "site/torch_fidelity/__init__.py").write_text("raise ImportError('no such thing')")
    torch.save(random_weights(), tmp_path / "inception.pth")
    done = evaluate(environment, tmp_path, "--fid-network", "inception.pth")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "srgan: --fid-network: inception.pth needs torchmetrics, torch-fidelity and "
    )
    assert "FILE.onnx" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("pictures")
def test_a_missing_file_is_named(environment, tmp_path):
    done = evaluate(environment, tmp_path, "--fid-network", "gone.pth")
    assert (done.returncode, done.stderr) == (1, "srgan: gone.pth: no such model file\n")
