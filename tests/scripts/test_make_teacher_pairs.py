"""scripts/make_teacher_pairs: pairs that a training run takes, drawn by a teacher once."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from srgan.images.read import read_picture
from srgan.images.resize import low_res_pair
from srgan.networks.catalogue import find_model
from srgan.training.descent import drawn_pictures
from srgan.training.given_pairs import list_given_pairs, read_given_pairs

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_teacher_pairs"
RECIPE = """
name = "half"
[optimiser]
steps = 1
[degradation]
rounds = 1
clean = 0.5
noise = 1.0
noise_min = 5
"""


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(6):
        Image.fromarray(data.coffee()[40 * number :][:64, 200:296]).save(folder / f"{number}.png")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return folder


def test_degraded_pictures_are_drawn_and_clean_ones_keep_their_ground_truth(pictures, tmp_path):
    pairs = tmp_path / "pairs"
    earlier = pairs / "drawn" / "3-0.png"  # of a call that was interrupted; this picture is a degraded one
    earlier.parent.mkdir(parents=True)
    Image.fromarray(np.full((64, 96, 3), 99, np.uint8)).save(earlier)
    options = ["--teacher", find_model("fast"), "--recipe", tmp_path / "recipe.toml"]
    subprocess.run([sys.executable, SCRIPT, pictures, pairs, *options], check=True, stdout=subprocess.DEVNULL)
    made = read_given_pairs(list_given_pairs(pairs / "target", pairs / "lr"), smallest_side=16, scale=4)
    drawn = {int(file.name[0]): read_picture(file).pixels for file in (pairs / "drawn").iterdir()}
    assert 1 < len(drawn) < 6
    assert (drawn[3] == 99).all()
    for number, (lr_image, target) in enumerate(made):
        true = read_picture(pictures / f"{number}.png").pixels
        downscaled, _ = low_res_pair(true, 4)
        assert np.array_equal(target, true) == np.array_equal(lr_image, downscaled) == (number not in drawn)
        np.testing.assert_allclose(target.mean((0, 1)), true.mean((0, 1)), atol=0.5)  # its colours
    (teacher,) = drawn_pictures(pairs / "target")
    assert "fast" in teacher["network"]
