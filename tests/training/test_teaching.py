"""Targets that other networks draw: for which pictures, and with whose colours."""

import pytest
import torch
from torch.nn import functional as F

from srgan.training.degradations.degrade import degrade
from srgan.training.degradations.options import DegradationOptions
from srgan.training.teaching import taught_targets, with_colours_of

CLEAN = DegradationOptions(rounds=0)
LIGHT = DegradationOptions(rounds=1, clean=0.0, blur=0.0, noise=0.0, jpeg=1.0, jpeg_min=95, jpeg_max=95)


@pytest.fixture
def hr_image():
    small = torch.rand(4, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    smooth = F.interpolate(small, (96, 96), mode="bicubic").clamp(0, 1)
    return (0.2 + 0.6 * smooth).mul(255).round() / 255


def stripes(lr_image):
    """A teacher that draws stripes on the picture, and shifts its colours."""
    drawn = F.interpolate(lr_image, scale_factor=4.0, mode="bilinear")
    shift = torch.tensor([0.05, -0.03, 0.0]).reshape(1, 3, 1, 1)
    return drawn + shift + 0.05 * (-1.0) ** torch.arange(drawn.shape[-1])


def test_only_degraded_pictures_are_the_teachers(hr_image):
    random = torch.Generator().manual_seed(1)
    clean, degraded = degrade(hr_image[:2], 4, CLEAN, random), degrade(hr_image[2:], 4, LIGHT, random)
    lr_image = torch.cat([clean, degraded])
    targets = taught_targets(lr_image, hr_image, 4, stripes, None)
    assert torch.equal(targets[:2], hr_image[:2])
    # Its detail is there: neighbouring columns differ by 0.1.
    columns = targets[2:].diff(dim=-1).abs().mean(dim=(1, 2, 3))
    torch.testing.assert_close(columns, torch.full((2,), 0.1), atol=0.01, rtol=0)
    assert torch.equal(taught_targets(lr_image, hr_image, 4, None, None), hr_image)


def test_clean_pictures_have_a_teacher_of_their_own(hr_image):
    random = torch.Generator().manual_seed(1)
    lr_image = torch.cat([degrade(hr_image[:2], 4, LIGHT, random), degrade(hr_image[2:], 4, CLEAN, random)])
    targets = taught_targets(lr_image, hr_image, 4, None, stripes)
    assert torch.equal(targets[:2], hr_image[:2])
    assert (targets[2:] - hr_image[2:]).abs().mean() > 0.04


def test_crops_of_a_downscaled_picture_are_clean(hr_image):
    lr_image = degrade(hr_image, 4, CLEAN, torch.Generator())[..., 4:20, 4:20]
    part = hr_image[..., 16:80, 16:80]
    assert torch.equal(taught_targets(lr_image, part, 4, stripes, None), part)


def test_drawn_pictures_get_the_colours_of_the_ground_truth(hr_image):
    drawn = stripes(degrade(hr_image, 4, CLEAN, torch.Generator()))
    assert (drawn - hr_image).mean(dim=(2, 3)).abs().max() > 0.04
    coloured = with_colours_of(hr_image, drawn, 4, 2.0)
    assert (coloured - hr_image).mean(dim=(2, 3)).abs().max() < 0.5 / 255
