"""Grids, colour shifts and results that contradict their input."""

import math

import numpy as np
import pytest
import scipy.ndimage
import skimage.color
import skimage.data

from srgan.images.resize import bicubic
from srgan.metrics.artifacts import colour_shift, consistency, grid_index


@pytest.fixture(scope="module")
def photo():
    return skimage.data.coffee()[:400, :600]


def test_the_grid_index_is_scipys_laplacian_by_position(photo):
    image = bicubic(bicubic(photo, 0.25), 4)
    detail = np.abs(scipy.ndimage.laplace(skimage.color.rgb2ycbcr(image)[..., 0]))[1:-1, 1:-1]
    rows, columns = np.indices(detail.shape) % 4
    means = [detail[(rows == row) & (columns == column)].mean() for row in range(4) for column in range(4)]
    assert grid_index(image, period=4) == pytest.approx(np.std(means) / np.mean(means), abs=1e-9)


def test_photographs_have_no_grid_and_enlarged_ones_have(photo):
    assert grid_index(photo, period=4) < 0.05
    assert grid_index(bicubic(bicubic(photo, 0.25), 4), period=4) == pytest.approx(0.24, abs=0.05)
    assert grid_index(photo.repeat(4, axis=0).repeat(4, axis=1), period=4) > 0.5


def test_a_dot_every_four_pixels_is_a_grid_of_four_alone(photo):
    dotted = photo.copy()
    dotted[::4, ::4] = 255 - dotted[::4, ::4]
    assert grid_index(dotted, period=4) > 5 * grid_index(photo, period=4)
    assert grid_index(dotted, period=3) < 0.05


def test_flat_pictures_have_no_grid_index():
    assert math.isnan(grid_index(np.full((40, 40, 3), 77, np.uint8), period=4))
    with pytest.raises(ValueError, match="needs 6 pixels a side"):
        grid_index(np.zeros((5, 40, 3), np.uint8), period=4)


def test_the_colour_shift_is_that_of_the_worst_channel(photo):
    shifted = photo.astype(np.int16) // 2
    expected = np.abs((photo.astype(float) - shifted).mean(axis=(0, 1))).max()
    assert colour_shift(photo, shifted.astype(np.uint8)) == pytest.approx(expected)
    warm = np.full((8, 8, 3), (103, 100, 99), np.uint8)
    assert colour_shift(warm, np.full((2, 2, 3), 100, np.uint8)) == 3.0
    assert colour_shift(warm, warm) == 0.0


def test_what_gives_its_input_back_is_consistent(photo):
    lr_image = bicubic(photo, 0.25)
    assert consistency(photo, lr_image) == (0.0, 0.0)
    largest, mean = consistency(bicubic(lr_image, 4), lr_image)
    difference = np.abs(bicubic(bicubic(lr_image, 4), 0.25).astype(float) - lr_image)
    assert largest == difference.max() > 1
    assert mean == pytest.approx(difference.mean())
    assert consistency(255 - photo, 255 - lr_image)[0] <= 1


def test_a_result_must_be_a_multiple_of_its_input(photo):
    with pytest.raises(ValueError, match="is not a multiple"):
        consistency(photo[:-1], bicubic(photo, 0.25))
