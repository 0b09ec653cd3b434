"""NIQE against another implementation's figures, and what it says of clean and spoilt pictures."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import skimage.filters

from srgan.evaluation.niqe_file import read_niqe_model
from srgan.metrics.niqe import FEATURES, fit_niqe, niqe

DATA = Path(os.environ.get("SRGAN_DATA") or Path(__file__).parents[3] / "shared" / "data")
PARAMETERS = DATA / "weights" / "niqe_pris_params.npz"

needs_data = pytest.mark.skipif(
    not PARAMETERS.is_file(), reason="no parameters: set SRGAN_DATA to the folder that holds weights/"
)


@pytest.fixture(scope="module")
def clean():
    return [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea()]


@pytest.fixture(scope="module")
def model(clean):
    return fit_niqe(image[top:, left:] for image in clean for top in (0, 31) for left in (0, 17, 41))


def blurred(image):
    return (skimage.filters.gaussian(image, 2, channel_axis=2) * 255).astype(np.uint8)


@needs_data
@pytest.mark.parametrize(
    # calculate_niqe of BasicSR 1.4.2 on the rounded Y, with the same parameters.
    ("name", "border", "expected"),
    [("chelsea", 0, 2.6255), ("coffee", 0, 4.1153), ("chelsea", 4, 2.6893), ("coffee", 4, 4.0797)],
)
def test_figures_are_those_of_another_implementation(name, border, expected):
    image = getattr(skimage.data, name)()
    assert niqe(image, read_niqe_model(PARAMETERS), border=border) == pytest.approx(expected, abs=2e-3)


def test_spoilt_pictures_are_further_from_clean_ones(clean, model):
    for image in clean:
        noise = np.random.default_rng(0).normal(0, 25, image.shape)
        noisy = np.clip(image + noise, 0, 255).astype(np.uint8)
        assert niqe(image, model, border=4) + 1 < niqe(blurred(image), model, border=4)
        assert niqe(image, model, border=4) + 1 < niqe(noisy, model, border=4)


def test_only_sharp_blocks_of_clean_pictures_are_fitted(clean):
    blocks = [
        clean[1][top : top + 96, left : left + 96] for top in range(0, 300, 60) for left in range(0, 500, 60)
    ]
    alone = fit_niqe(blocks)
    above_blurred = fit_niqe(np.concatenate((block, blurred(block))) for block in blocks)
    all_blurred = fit_niqe(map(blurred, blocks))
    assert alone.mean.shape == (FEATURES,)
    assert alone.covariance.shape == (FEATURES, FEATURES)
    # They differ by the rows next to the blurred block alone.
    assert np.abs(above_blurred.mean - alone.mean).max() < 0.1
    assert np.abs(all_blurred.mean - alone.mean).max() > 0.3


def test_a_flat_region_leaves_a_finite_figure(clean, model):
    image = clean[0].copy()
    image[100:330, 100:330] = 255
    assert 0 < niqe(image, model, border=4) < 20


def test_pictures_without_two_blocks_of_texture_have_no_figure(clean, model):
    assert math.isnan(niqe(np.full((300, 300, 3), 90, np.uint8), model, border=4))
    assert math.isnan(niqe(clean[0][:130, :130], model, border=4))
    assert math.isnan(niqe(clean[0][:60, :60], model, border=4))
    assert niqe(clean[0][:104, :200], model, border=4) > 0


def test_a_model_needs_more_blocks_than_features(clean):
    with pytest.raises(ValueError, match="sharp blocks of 96x96 pixels; more than 36 are needed"):
        fit_niqe([clean[0], clean[1][:50]])
    with pytest.raises(ValueError, match=r"^0 sharp blocks"):
        fit_niqe([])
