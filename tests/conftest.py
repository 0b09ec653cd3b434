"""What tests of several rooms need: a tiny model, a small photograph, a cache of their own."""

import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import skimage.data

from srgan.weights.architecture import GeneratorConfig
from srgan.weights.card import ModelCard
from srgan.weights.files import write_model

TINY = GeneratorConfig(blocks=1, channels=8)


@pytest.fixture
def srgan_process():
    """The command in a process of its own that listens to Ctrl-C, even where tests are a background job."""
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from srgan.cli.main import main; main()"
    )
    return [sys.executable, "-c", script]


@pytest.fixture
def cache(tmp_path_factory, monkeypatch):
    """Keeps compiled models out of the user's own cache."""
    folder = str(tmp_path_factory.getbasetemp() / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", folder)
    monkeypatch.setenv("LOCALAPPDATA", folder)


@pytest.fixture
def tiny_tensors():
    """Parameters whose results lie mostly inside [0, 1] and depend on the picture."""
    random = np.random.default_rng(0)
    tensors = {
        name: (random.standard_normal(shape) * 0.12).astype(np.float32)
        for name, shape in TINY.shapes().items()
    }
    tensors["tail.weight"] /= 6
    tensors["tail.bias"] += 0.5
    return tensors


@pytest.fixture
def tiny_card():
    return ModelCard(name="tiny", generator=TINY, summary="For tests.")


@pytest.fixture
def tiny_model(cache, tmp_path_factory, tiny_tensors, tiny_card):  # noqa: ARG001
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    write_model(path, tiny_tensors, tiny_card)
    return path


@pytest.fixture
def tiny_pair(tiny_model, tiny_tensors, tiny_card):
    """A model a little different from the tiny one, which lies beside it as its fidelity sibling."""
    random = np.random.default_rng(1)
    changed = {
        name: (tensor + random.standard_normal(tensor.shape) * 0.004).astype(np.float32)
        for name, tensor in tiny_tensors.items()
    }
    path = tiny_model.with_name("detailed.safetensors")
    card = dataclasses.replace(tiny_card, name="detailed", fidelity=tiny_model.name)
    write_model(path, changed, card)
    return path


@pytest.fixture
def photo():
    """24 high, 30 wide, RGB, uint8."""
    return np.ascontiguousarray(skimage.data.astronaut()[40:136:4, 150:270:4])


@pytest.fixture
def ffmpeg():
    """The ffmpeg command, another build than the one inside PyAV: makes clips and judges results."""
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        pytest.skip("needs the commands ffmpeg and ffprobe")

    def run(*arguments):
        command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)]
        return subprocess.run(command, check=True, capture_output=True).stdout

    return run


@pytest.fixture
def probe(ffmpeg):  # noqa: ARG001
    """What ffprobe says about a file: ``streams``, ``format``, ``chapters``, ``packets``."""

    def run(path):
        what = ["-show_streams", "-show_format", "-show_chapters", "-show_packets"]
        command = ["ffprobe", "-v", "error", "-of", "json", *what, str(path)]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    return run
