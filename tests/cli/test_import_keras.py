"""``srgan import-keras``."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FILES = Path(__file__).parents[1] / "export" / "keras_files.zip"

pytest.importorskip("h5py")


@pytest.fixture
def generator(here):
    with zipfile.ZipFile(FILES) as archive:
        archive.extract("upsampling.h5", here)
    return here / "upsampling.h5"


def test_a_generator_becomes_a_model(srgan, generator, pictures):
    done = srgan("import-keras", generator, "mine.safetensors", "--json")
    facts = json.loads(done.out)
    assert (facts["path"], facts["scale"], facts["takes"]) == ("mine.safetensors", 2, "-1..1")
    assert json.loads(srgan("info", "mine.safetensors", "--json").out)["scale"] == 2
    pictures("small.png")
    assert srgan("upscale", "small.png", "--model", "mine.safetensors").code == 0
    assert np.asarray(Image.open("small-x2.png")).shape == (48, 60, 3)


def test_what_was_found_is_said_and_can_be_set(srgan, generator):
    done = srgan("import-keras", generator, "mine.safetensors")
    assert "2x" in done.err
    assert "-1..1" in done.err
    done = srgan("import-keras", generator, "mine.safetensors", "--model-range", "0..255")
    assert "0..255" in done.err


def test_what_is_no_model_is_one_line(srgan, here):
    (here / "letter.h5").write_text("a letter")
    done = srgan("import-keras", "letter.h5", "mine.safetensors")
    assert done.code == 1
    assert done.err.startswith("srgan: letter.h5: ")
    assert len(done.err.splitlines()) == 1
    assert not (here / "mine.safetensors").exists()
