"""Metrics against scikit-image's, for any size, border and damage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from srgan.metrics.fidelity import psnr_rgb, psnr_y, ssim_rgb, ssim_y

WINDOW = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}


@st.composite
def pairs(draw):
    """Two pictures of which at least 11x11 pixels are measured, and the border."""
    border = draw(st.integers(0, 8))
    height, width = (draw(st.integers(11, 60)) + 2 * border for _ in range(2))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    contrast = draw(st.sampled_from((1, 20, 256)))
    first = random.integers(0, contrast, (height, width, 3), np.uint8)
    noise = random.normal(0, draw(st.sampled_from((0, 0.5, 9, 200))), first.shape)
    return first, np.clip(first + noise, 0, 255).astype(np.uint8), border


@given(pairs())
def test_figures_are_skimages(pair):
    first, second, border = pair
    inner = slice(border, -border or None)
    a, b = first[inner, inner], second[inner, inner]
    y, z = rgb2ycbcr(a)[..., 0], rgb2ycbcr(b)[..., 0]
    same = np.array_equal(a, b)
    for figure, truth in (
        (psnr_rgb, lambda: peak_signal_noise_ratio(a, b)),
        (psnr_y, lambda: peak_signal_noise_ratio(y, z, data_range=255)),
    ):
        expected = math.inf if same else truth()
        assert figure(first, second, border=border) == pytest.approx(expected, abs=1e-8)
    expected = structural_similarity(y, z, data_range=255, **WINDOW)
    assert ssim_y(first, second, border=border) == pytest.approx(expected, abs=1e-8)
    expected = structural_similarity(a, b, channel_axis=2, **WINDOW)
    assert ssim_rgb(first, second, border=border) == pytest.approx(expected, abs=1e-8)
    assert ssim_y(second, first, border=border) == pytest.approx(ssim_y(first, second, border=border))
