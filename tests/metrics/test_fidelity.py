import math

import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from srgan.metrics.fidelity import luma, psnr, psnr_rgb, psnr_y, ssim, ssim_rgb, ssim_y


@pytest.fixture(scope="module")
def pair():
    hr_image = data.astronaut()[:200, :300]
    noise = np.random.default_rng(0).normal(0, 9, hr_image.shape)
    return np.clip(hr_image + noise, 0, 255).astype(np.uint8), hr_image


def test_luma_is_skimages_ycbcr(pair):
    np.testing.assert_allclose(luma(pair[1]), rgb2ycbcr(pair[1])[..., 0], atol=1e-9)


def test_psnr_y_is_skimages_on_the_cropped_luma(pair):
    sr_image, hr_image = pair
    first, second = (rgb2ycbcr(image)[4:-4, 4:-4, 0] for image in (hr_image, sr_image))
    expected = peak_signal_noise_ratio(first, second, data_range=255)
    assert psnr_y(sr_image, hr_image, border=4) == pytest.approx(expected, abs=1e-9)


def test_ssim_y_is_skimages_with_a_gaussian_window(pair):
    sr_image, hr_image = pair
    first, second = (rgb2ycbcr(image)[4:-4, 4:-4, 0] for image in (hr_image, sr_image))
    expected = structural_similarity(
        first, second, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert ssim_y(sr_image, hr_image, border=4) == pytest.approx(expected, abs=1e-9)


def test_rgb_figures_are_skimages_over_the_channels(pair):
    second, first = (image[4:-4, 4:-4] for image in pair)
    assert psnr_rgb(*pair, border=4) == pytest.approx(peak_signal_noise_ratio(first, second), abs=1e-9)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = structural_similarity(first, second, channel_axis=2, **options)
    assert ssim_rgb(*pair, border=4) == pytest.approx(expected, abs=1e-9)


def test_equal_pictures(pair):
    assert psnr_y(pair[1], pair[1], border=4) == math.inf
    assert ssim_y(pair[1], pair[1], border=4) == pytest.approx(1.0)


def test_different_sizes_are_an_error(pair):
    with pytest.raises(ValueError, match="differ in size"):
        psnr_y(pair[0], pair[1][:-1], border=4)
    with pytest.raises(ValueError, match="differ in size"):
        ssim(pair[0][..., 0], pair[1][:-1, :, 0])
    with pytest.raises(ValueError, match="differ in size"):
        psnr(np.zeros(3), np.zeros(1))


def test_a_picture_smaller_than_what_is_measured_is_an_error():
    tiny = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="border of 4"):
        psnr_y(tiny, tiny, border=4)
    with pytest.raises(ValueError, match="at least 11"):
        ssim_y(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16, 3), np.uint8), border=4)
