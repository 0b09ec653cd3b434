"""What tests of several rooms need: a tiny model, small pictures, a cache of their own, a browser."""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
import skimage.data
from hypothesis import HealthCheck, settings
from onnx import helper, numpy_helper
from PIL import Image

from srgan.networks.architecture import GeneratorConfig
from srgan.networks.card import ModelCard
from srgan.networks.model_file import write_model

os.environ["VIPS_WARNING"] = "0"  # as the program does, which tests that import pyvips themselves come before

# Few examples, always the same; many by  pytest --hypothesis-profile=long -k properties
COMMON = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
settings.register_profile("short", COMMON, derandomize=True, max_examples=15)
settings.register_profile("long", COMMON, max_examples=1000)
settings.load_profile("short")

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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
    """A model a little different from the tiny one, which lies beside it as its sibling of both kinds."""
    random = np.random.default_rng(1)
    changed = {
        name: (tensor + random.standard_normal(tensor.shape) * 0.004).astype(np.float32)
        for name, tensor in tiny_tensors.items()
    }
    path = tiny_model.with_name("detailed.safetensors")
    card = dataclasses.replace(tiny_card, name="detailed", fidelity=tiny_model.name, grain=tiny_model.name)
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
        return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout

    return run


@pytest.fixture
def probe(ffmpeg):  # noqa: ARG001
    """What ffprobe says about a file: ``streams``, ``format``, ``chapters``, ``packets``."""

    def run(path):
        what = ["-show_streams", "-show_format", "-show_chapters", "-show_packets"]
        command = ["ffprobe", "-v", "error", "-of", "json", *what, str(path)]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    return run


@pytest.fixture(scope="session")
def browser_command():
    """The path of a browser."""
    if BROWSER is None:
        pytest.skip("no Chromium: the page is not opened in a browser")
    return BROWSER


@pytest.fixture
def open_page(browser_command, tmp_path):
    """Opens a page's text in a browser, from disk, and returns what a script says of it."""

    def run(page, script):
        answer = "<script>document.body.append(Object.assign(document.createElement('pre'),"
        answer += "{id: 'answer', textContent: JSON.stringify((() => {" + script + "})())}))</script>"
        (tmp_path / "page.html").write_text(page.replace("</body>", f"{answer}</body>"))
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        url = (tmp_path / "page.html").as_uri()
        done = subprocess.run(
            [browser_command, *options, "--dump-dom", url],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        (found,) = re.findall(r'<pre id="answer">(.*?)</pre>', done.stdout, re.DOTALL)
        return json.loads(found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))

    return run


@pytest.fixture
def hr(tmp_path):
    """Two pictures: one of 48x40, one of 50x43, which is cropped to 48x40."""
    folder = tmp_path / "truth"
    folder.mkdir()
    Image.fromarray(skimage.data.astronaut()[40:200:4, 100:292:4]).save(folder / "a.png")
    Image.fromarray(skimage.data.chelsea()[:172:4, 100:300:4]).save(folder / "b.png")
    return folder


@pytest.fixture
def network(tmp_path):
    """Writes an ONNX network that repeats pixels and adds a constant to each channel."""

    def write(
        name="net.onnx", *, added=(0, 0, 0), scale=4, shape=(1, 3, "h", "w"), dtype=np.float32, inputs=1
    ):
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        nodes = [
            helper.make_node(
                "Resize",
                ["x0", "", "scales"],
                ["large"],
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            ),
            helper.make_node("Add", ["large", "added"], ["y"]),
        ]
        constants = [
            numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales"),
            numpy_helper.from_array(np.array(added, dtype).reshape(1, 3, 1, 1), "added"),
        ]
        graph = helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info(f"x{number}", kind, list(shape)) for number in range(inputs)],
            [helper.make_tensor_value_info("y", kind, None)],
            constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, tmp_path / name)
        return tmp_path / name

    return write
