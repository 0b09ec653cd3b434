"""``srgan fit-niqe``: a model that ``srgan evaluate`` takes."""

import json

import numpy as np
import pytest
import skimage.data
from PIL import Image

from srgan.evaluation.niqe_file import read_niqe_model
from srgan.metrics.niqe import fit_niqe


@pytest.fixture
def photos(here):
    pictures = [skimage.data.coffee()[top:, left:] for top in (0, 31) for left in range(0, 100, 20)]
    (here / "photos").mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(here / "photos" / f"{number}.png")
    return pictures


def test_the_model_is_that_of_the_pictures_and_can_be_used(srgan, here, photos):
    done = srgan("fit-niqe", "photos", "-o", "mine.npz")
    assert (done.code, done.out, done.err) == (0, "", "mine.npz: fitted to 10 pictures\n")
    model, expected = read_niqe_model(here / "mine.npz"), fit_niqe(photos)
    np.testing.assert_allclose(model.mean, expected.mean)
    np.testing.assert_allclose(model.covariance, expected.covariance)

    options = ("--metric", "niqe", "--niqe-model", "mine.npz", "--baseline", "bicubic", "--json")
    done = srgan("evaluate", "--hr", "photos", *options)
    assert json.loads(done.out)["results"][0]["mean"]["niqe"] > 3


def test_too_few_pictures_are_one_line_and_no_file(srgan, here):
    (here / "photos").mkdir()
    Image.fromarray(skimage.data.chelsea()).save(here / "photos" / "a.png")
    done = srgan("fit-niqe", "photos", "-o", "mine.npz")
    assert (done.code, done.out) == (1, "")
    assert "photos: " in done.err
    assert "more than 36 are needed; add photographs" in done.err
    assert not (here / "mine.npz").exists()
