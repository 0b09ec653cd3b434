"""What is still in two frames, and how much a result flickers there."""

import math

import numpy as np
import pytest
import scipy.ndimage
import skimage.color
import skimage.data

from srgan.images.resize import bicubic
from srgan.metrics.flicker import flicker, still_pixels
from srgan.upscaling.upscaler import Upscaler


@pytest.fixture(scope="module")
def photo():
    return skimage.data.astronaut()[40:240, 100:340]


def noisy(image, sigma, seed):
    grain = np.random.default_rng(seed).normal(0, sigma, image.shape[:2])[:, :, None]
    return np.rint(image + grain).clip(0, 255).astype(np.uint8)


def test_flicker_is_the_mean_difference_of_skimages_y(photo):
    first, second = noisy(photo, 3, 1), noisy(photo, 3, 2)
    y = [skimage.color.rgb2ycbcr(frame)[..., 0] for frame in (first, second)]
    assert flicker(first, second) == pytest.approx(np.abs(y[1] - y[0]).mean(), abs=1e-9)
    assert flicker(first, first) == 0.0


def test_gaussian_noise_flickers_by_two_sigma_over_the_root_of_pi():
    grey = np.full((200, 200, 3), 120, np.uint8)
    # Y goes from 16 to 235; rounding to levels adds a little.
    expected = 2 * 5 / math.sqrt(math.pi) * 219 / 255
    assert flicker(noisy(grey, 5, 1), noisy(grey, 5, 2)) == pytest.approx(expected, rel=0.02)


def test_only_the_still_pixels_are_looked_at(photo):
    second = photo.copy()
    second[100:120, 40:60] = 0
    still = np.ones((50, 60), np.bool_)
    still[25:30, 10:15] = False
    assert flicker(photo, second, still=still) == 0.0
    assert flicker(photo, second, still=~still) == flicker(photo[100:120, 40:60], second[100:120, 40:60]) > 0
    assert math.isnan(flicker(photo, second, still=np.zeros((50, 60), np.bool_)))


@pytest.mark.parametrize("motion", [(0, 0), (2, 0), (0, -3), (-1, 4), (5, 6)])
def test_what_moves_as_told_does_not_flicker(motion):
    whole = skimage.data.astronaut()
    down, right = motion
    first = whole[100:200, 100:220]
    second = whole[100 - down : 200 - down, 100 - right : 220 - right]
    assert flicker(first, second, motion=motion) == 0.0
    assert flicker(first, second, motion=(down + 1, right)) > 1
    spot = second.copy()
    spot[50:54, 60:64] = 255 - spot[50:54, 60:64]
    still = np.ones((25, 30), np.bool_)
    assert flicker(first, spot, still=still, motion=motion) > 0
    rows, columns = ((start - by) // 4 for start, by in zip((50, 60), motion, strict=True))
    still[rows : rows + 2, columns : columns + 2] = False
    assert flicker(first, spot, still=still, motion=motion) == 0.0


def test_still_is_where_the_mean_around_is_small(photo):
    second = np.roll(photo, 2, axis=1)
    y = [skimage.color.rgb2ycbcr(frame)[..., 0] for frame in (photo, second)]
    expected = scipy.ndimage.uniform_filter(np.abs(y[1] - y[0]), 7) <= 4
    still = still_pixels(photo, second)
    assert np.array_equal(still[3:-3, 3:-3], expected[3:-3, 3:-3])
    assert not still[:3].any()
    assert not still[:, -3:].any()
    assert 0.05 < still.mean() < 0.9


def test_noise_is_still_and_movement_is_not(photo):
    first, second = noisy(photo, 2, 1), noisy(photo, 2, 2)
    second[50:90, 60:100] = noisy(photo[54:94, 64:104], 2, 3)
    still = still_pixels(first, second)
    assert still[3:40, 3:-3].mean() > 0.99
    assert still[54:86, 64:96].mean() < 0.3


def test_a_fast_result_flickers_less_than_twice_as_much_as_bicubic(photo):
    # What docs/results/videos.md states; the figures there are of benchmarks/flicker.py.
    small = bicubic(photo, 0.25)
    first, second = noisy(small, 2, 1), noisy(small, 2, 2)
    still = still_pixels(first, second)
    upscaler = Upscaler("fast", device="cpu")
    result = flicker(upscaler.upscale(first), upscaler.upscale(second), still=still)
    assert 0 < result < 2 * flicker(bicubic(first, 4), bicubic(second, 4), still=still)


def test_shapes_must_go_together(photo):
    with pytest.raises(ValueError, match="two shapes"):
        flicker(photo, photo[:-1])
    with pytest.raises(ValueError, match="not a multiple"):
        flicker(photo, photo, still=np.ones((50, 59), np.bool_))
    with pytest.raises(ValueError, match="at least 7x7"):
        still_pixels(photo[:6], photo[:6])
    with pytest.raises(ValueError, match="at least 7x7"):
        still_pixels(photo, photo[1:])
