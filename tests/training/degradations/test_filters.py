import math

import numpy as np
import pytest
import scipy.ndimage
import torch
from skimage import data

from srgan.images.resize import bicubic
from srgan.training.degradations.filters import bicubic_resize, gaussian_blur, unsharp_mask


@pytest.fixture(scope="module")
def hr_image():
    """Three photographs, 96 high, 140 wide."""
    pictures = data.astronaut()[:96, 150:290], data.chelsea()[40:136, 90:230], data.coffee()[99:195, 99:239]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


@pytest.mark.parametrize("scale", [0.25, 0.5, 0.75, 1, 1.25, 4])
def test_resizing_is_matlabs_bicubic(hr_image, scale):
    found = bicubic_resize(hr_image, round(96 * scale), round(140 * scale))
    for ours, picture in zip(found, hr_image, strict=True):
        expected = bicubic(picture.permute(1, 2, 0).numpy(), scale)
        np.testing.assert_allclose(ours.permute(1, 2, 0).numpy(), expected, atol=1e-5)


def column(*values):
    return torch.tensor(values).reshape(-1, 1, 1, 1)


def test_each_picture_is_blurred_by_its_own_gaussian(hr_image):
    sigmas = (0.0, 1.3, 2.5)
    found = gaussian_blur(hr_image, column(*sigmas), column(*sigmas), column(0.0, 1.0, 2.0), reach=10)
    for ours, picture, sigma in zip(found, hr_image, sigmas, strict=True):
        expected = scipy.ndimage.gaussian_filter(
            picture.numpy(), (0, sigma, sigma), mode="mirror", truncate=4
        )
        np.testing.assert_allclose(ours.numpy(), expected, atol=1e-3)


@pytest.mark.parametrize("angle", [0.0, 0.5, 2.0])
def test_an_anisotropic_gaussian_has_its_deviations_along_its_axes(angle):
    image = torch.zeros(1, 1, 61, 51)
    image[..., 30, 25] = 1
    spread = gaussian_blur(image, column(3.0), column(1.5), column(angle), reach=12)[0, 0].double().numpy()
    y, x = np.mgrid[-30:31, -25:26]
    covariance = [[(spread * a * b).sum() for b in (x, y)] for a in (x, y)]
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    assert spread.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(covariance, turn @ np.diag([9, 2.25]) @ turn.T, atol=0.05)


def test_an_unsharp_mask_adds_the_difference_from_a_blurred_copy(hr_image):
    found = unsharp_mask(hr_image, 0.6, 1.0).numpy()
    blurred = scipy.ndimage.gaussian_filter(hr_image.numpy(), (0, 0, 1, 1), mode="mirror", truncate=5)
    expected = hr_image.numpy() + 0.6 * (hr_image.numpy() - blurred)
    assert expected.max() > 1.01  # so it is cut off at white
    np.testing.assert_allclose(found, expected.clip(0, 1), atol=1e-3)
