"""Validation follows the scale of the pairs."""

import numpy as np
import pytest
import torch
from skimage import data
from torch import nn

from srgan.images.resize import bicubic, low_res_pair
from srgan.metrics.fidelity import psnr_y
from srgan.training.validation import sample_rows, validate


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_figure_and_the_samples_are_of_the_scale(scale):
    network = nn.Upsample(scale_factor=scale, mode="nearest")
    lr_image, hr_image = low_res_pair(data.astronaut()[:121, :150], scale)
    nearest = lr_image.repeat(scale, axis=0).repeat(scale, axis=1)
    found = validate(network, [(lr_image, hr_image)], torch.device("cpu"))
    assert found == pytest.approx(psnr_y(nearest, hr_image, border=scale))
    ((pixels, interpolated, now, ground_truth),) = sample_rows(
        network, [(lr_image, hr_image)], torch.device("cpu")
    )
    assert pixels.shape == interpolated.shape == now.shape == ground_truth.shape
    assert np.array_equal(pixels, now)
    # Aligned: the ground truth is that of the low-res pixels shown.
    assert np.abs(bicubic(ground_truth, 1 / scale).astype(int) - pixels[::scale, ::scale]).mean() < 3
