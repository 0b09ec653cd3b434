"""The part of pictures in which results differ."""

import numpy as np
import pytest
import skimage.data
from skimage.color import rgb2ycbcr

from srgan.evaluation.regions import Region, region_of_difference


@pytest.fixture(scope="module")
def image():
    return skimage.data.chelsea()[:120, :200]


def test_the_region_is_where_pictures_differ_most(image):
    other, third = image.copy(), image.copy()
    other[16, 24] += 9
    other[60:80, 100:120] = 255 - other[60:80, 100:120]
    third[61, 101] = 0
    region, difference = region_of_difference([image, other, third], 32, 4)
    assert (region.width, region.height) == (32, 32)
    assert region.x <= 100 <= 120 <= region.x + 32
    assert region.y <= 60 <= 80 <= region.y + 32
    assert (region.x % 4, region.y % 4) == (0, 0)
    parts = [rgb2ycbcr(region.of(picture))[..., 0] for picture in (image, other, third)]
    assert difference == pytest.approx(np.std(parts, axis=0).mean())
    assert np.shares_memory(region.of(other), other)


def test_a_region_is_no_larger_than_the_picture(image):
    assert region_of_difference([image, 255 - image], 500, 4)[0] == Region(x=0, y=0, width=200, height=120)
    assert region_of_difference([image, image], 40, 4) == (Region(x=0, y=0, width=40, height=40), 0.0)
