"""Sharpness, against SciPy's Laplacian."""

import math

import numpy as np
import pytest
import scipy.ndimage
import skimage.data

from srgan.metrics.sharpness import sharpness

GREY = np.array([65.481, 128.553, 24.966]) / 219  # BT.601, of 0..255


@pytest.fixture(scope="module", params=["astronaut", "chelsea", "coffee"])
def photo(request):
    return getattr(skimage.data, request.param)()


@pytest.mark.parametrize("height", [3, 257, 258, 259, 300])
def test_it_is_the_variance_of_the_laplacian(photo, height):
    part = photo[:height]
    expected = scipy.ndimage.laplace(part @ GREY)[1:-1, 1:-1].var()
    assert sharpness(part) == pytest.approx(expected, rel=1e-9)


def test_blur_lowers_it_and_noise_raises_it(photo):
    blurred = [scipy.ndimage.gaussian_filter(photo, (deviation, deviation, 0)) for deviation in (0.5, 1, 2)]
    figures = [sharpness(picture) for picture in (photo, *blurred)]
    assert figures == sorted(figures, reverse=True)
    assert figures[-1] < figures[0] / 10
    noise = np.random.default_rng(0).normal(0, 10, photo.shape)
    assert sharpness(np.clip(photo + noise, 0, 255).astype(np.uint8)) > figures[0] + 500


def test_a_checkerboard_and_pictures_without_detail():
    board = np.repeat((np.indices((40, 40)).sum(0) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)
    assert sharpness(board) == pytest.approx((4 * 255) ** 2)
    assert sharpness(np.full((40, 50, 3), 77, np.uint8)) == 0
    assert (
        sharpness(np.repeat(np.arange(50, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(9, axis=0)) == 0
    )
    assert math.isnan(sharpness(np.zeros((2, 50, 3), np.uint8)))
