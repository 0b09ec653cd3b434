"""``srgan calibrate``, and what the other commands say of int8."""

import json

import numpy as np
import pytest
import skimage.data
from PIL import Image

from srgan.cpu import multiplies_eight_bits
from srgan.networks.model_file import write_model

needs_int8 = pytest.mark.skipif(
    not multiplies_eight_bits(), reason="this processor is not known to compute in int8"
)


@pytest.fixture
def photos(here):
    (here / "photos").mkdir()
    for name in ("coffee", "chelsea"):
        Image.fromarray(getattr(skimage.data, name)()[40:240, 100:340]).save(here / f"photos/{name}.png")
    return here / "photos"


@pytest.fixture
def tiny(here, tiny_tensors, tiny_card):
    write_model(here / "tiny.safetensors", tiny_tensors, tiny_card)


@needs_int8
@pytest.mark.usefixtures("tiny", "photos")
def test_a_calibrated_file_is_computed_in_int8_and_says_so(srgan, here):
    done = srgan("calibrate", "tiny.safetensors", "mine.safetensors", "--pictures", "photos", "--json")
    assert done.code == 0, done.err
    facts = json.loads(done.out)
    assert facts["path"] == "mine.safetensors"
    assert facts["loss_db"] < 1
    assert facts["speedup"] > 0
    assert json.loads(srgan("info", "mine.safetensors", "--json").out)["int8"]["loss_db"] == facts["loss_db"]

    Image.fromarray(skimage.data.coffee()[:40, :50]).save(here / "eight.png")
    deep = (skimage.data.coffee()[:40, :50, 0].astype(np.uint16) * 257) + 1
    Image.fromarray(deep).save(here / "sixteen.png")
    common = ("--model", "mine.safetensors", "--device", "cpu", "--json")
    asked = json.loads(srgan("upscale", "eight.png", *common, "--precision", "int8").out)
    assert asked["precision"] == "int8"
    refused = srgan("upscale", "sixteen.png", *common, "--precision", "int8")
    assert refused.code == 1
    assert "8 bits" in json.loads(refused.out)["results"][0]["error"]


@needs_int8
def test_the_precision_of_deep_pictures_is_told_truly(srgan, here):
    deep = (skimage.data.coffee()[:40, :50, 0].astype(np.uint16) * 257) + 1
    Image.fromarray(deep).save(here / "sixteen.png")
    Image.fromarray(skimage.data.coffee()[:40, :50]).save(here / "eight.png")
    used = {
        name: json.loads(srgan("upscale", name, "--model", "fast", "--device", "cpu", "--json").out)
        for name in ("eight.png", "sixteen.png")
    }
    assert used["eight.png"]["precision"] == "int8"
    assert used["sixteen.png"]["precision"] in ("bf16", "fp32")


@pytest.mark.usefixtures("tiny")
def test_int8_without_ranges_names_the_command_that_finds_them(srgan, here):
    Image.fromarray(skimage.data.coffee()[:40, :50]).save(here / "small.png")
    done = srgan(
        "upscale", "small.png", "--model", "tiny.safetensors", "--device", "cpu", "--precision", "int8"
    )
    assert done.code == 2
    assert "srgan calibrate" in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_models_lists_what_int8_costs(srgan):
    listed = {model["name"]: model for model in json.loads(srgan("models", "--json").out)["models"]}
    assert listed["fast"]["int8"]["loss_db"] <= 0.05
    assert "int8" in srgan("models").out
