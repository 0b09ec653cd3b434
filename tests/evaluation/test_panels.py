"""Panels beside each other: the right pixels in the right places, and the part where results differ."""

import numpy as np
import pytest
import skimage.data
from skimage.color import rgb2ycbcr

from srgan.evaluation.panels import Region, contact_sheet, labelled_row, region_of_difference


@pytest.fixture(scope="module")
def image():
    return skimage.data.chelsea()[:120, :200]


def test_the_region_is_where_pictures_differ_most(image):
    other, third = image.copy(), image.copy()
    other[16, 24] += 9
    other[60:80, 100:120] = 255 - other[60:80, 100:120]
    third[61, 101] = 0
    region, difference = region_of_difference([image, other, third], 32)
    assert (region.width, region.height) == (32, 32)
    assert region.x <= 100 <= 120 <= region.x + 32
    assert region.y <= 60 <= 80 <= region.y + 32
    assert (region.x % 4, region.y % 4) == (0, 0)
    parts = [rgb2ycbcr(region.of(picture))[..., 0] for picture in (image, other, third)]
    assert difference == pytest.approx(np.std(parts, axis=0).mean())
    assert np.shares_memory(region.of(other), other)


def test_a_region_is_no_larger_than_the_picture(image):
    assert region_of_difference([image, 255 - image], 500)[0] == Region(x=0, y=0, width=200, height=120)
    assert region_of_difference([image, image], 40) == (Region(x=0, y=0, width=40, height=40), 0.0)


def test_panels_stand_beside_each_other_under_their_names(image):
    row = labelled_row({"truth": image, "negative": 255 - image})
    top = row.shape[0] - 120
    assert row.shape[1] == 404
    assert np.array_equal(row[top:, :200], image)
    assert np.array_equal(row[top:, 204:], 255 - image)
    assert (row[top:, 200:204] == 255).all()
    for left in (0, 204):
        label = row[:top, left : left + 200]
        assert label.min() < 100
        assert (label[:, 150:] == 255).all()


def test_a_long_name_stays_above_its_panel(image):
    row = labelled_row({"a/very/long/path/to/some/network/of/mine.safetensors" * 3: image, "b": image})
    label = row[: row.shape[0] - 120]
    assert label[:, 100:198].min() < 100
    assert (label[:, 200:204] == 255).all()


def test_rows_of_a_sheet_keep_their_pixels(image):
    sheet = contact_sheet([image, image[:50, :80]])
    assert sheet.shape == (174, 200, 3)
    assert np.array_equal(sheet[:120], image)
    assert np.array_equal(sheet[124:, :80], image[:50, :80])
    assert (sheet[120:124] == 255).all()
    assert (sheet[124:, 80:] == 255).all()
