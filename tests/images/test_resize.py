"""The reduction every figure rests on, against MATLAB's own results and against the definition."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srgan.images.resize import bicubic

DATA = Path(os.environ.get("SRGAN_DATA", Path(__file__).parents[3] / "shared" / "data"))
PAIRS = DATA / "bench" / "Set5_matlab_bicubic_x4"


def keys_kernel(x: float) -> float:
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def naive_line(line: list[float], scale: float) -> list[float]:
    """One line resampled straight from the definition, with a mirror at both ends."""
    stretch = min(scale, 1.0)
    mirrored = [*line, *line[::-1]]
    result = []
    for index in range(math.ceil(len(line) * scale)):
        centre = (index + 0.5) / scale - 0.5
        reach = math.ceil(2 / stretch) + 1
        nearby = range(math.floor(centre) - reach, math.floor(centre) + reach + 1)
        weights = [keys_kernel((centre - at) * stretch) for at in nearby]
        values = [mirrored[at % len(mirrored)] for at in nearby]
        result.append(sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights))
    return result


@pytest.mark.skipif(not PAIRS.is_dir(), reason=f"no published pairs in {PAIRS}; set SRGAN_DATA")
@pytest.mark.parametrize("name", ["baby", "bird", "butterfly", "head", "woman"])
def test_equals_published_matlab_results_exactly(name):
    lr_image = np.asarray(Image.open(PAIRS / "LR" / f"{name}.png").convert("RGB"))
    height, width = lr_image.shape[:2]
    hr_image = np.asarray(Image.open(PAIRS / "HR" / f"{name}.png").convert("RGB"))
    np.testing.assert_array_equal(bicubic(hr_image[: 4 * height, : 4 * width], 0.25), lr_image)


@pytest.mark.parametrize("scale", [0.25, 0.5, 1 / 3, 0.4, 2.0, 3.0])
def test_equals_the_definition(scale):
    image = np.random.default_rng(0).random((13, 9))
    rows = [naive_line(list(column), scale) for column in image.T]
    expected = np.array([naive_line(list(row), scale) for row in np.array(rows).T])
    np.testing.assert_allclose(bicubic(image, scale), expected, atol=1e-12)


def test_a_ramp_stays_a_ramp_inside():
    ramp = np.tile(np.arange(64.0), (8, 1))
    np.testing.assert_allclose(
        bicubic(ramp, 0.25)[:, 3:-3], np.tile(np.arange(16) * 4 + 1.5, (2, 1))[:, 3:-3]
    )


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535)])
def test_integers_are_rounded_and_clipped(dtype, white):
    step = np.zeros((4, 16, 3), dtype)
    step[:, 8:] = white
    result = bicubic(step, 4)
    assert result.dtype == dtype
    assert result.shape == (16, 64, 3)
    smooth = bicubic(step.astype(np.float64), 4)
    assert smooth.min() < 0
    assert smooth.max() > white
    np.testing.assert_array_equal(result, np.floor(np.clip(smooth, 0, white) + 0.5))


@pytest.mark.parametrize(
    ("image", "scale"), [(np.zeros((4, 4)), 0), (np.zeros((4, 4)), -1), (np.zeros((0, 4)), 2)]
)
def test_refuses_what_makes_no_sense(image, scale):
    with pytest.raises(ValueError, match=r"positive|no pixels"):
        bicubic(image, scale)
