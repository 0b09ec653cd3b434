"""Panels beside each other: the right pixels in the right places."""

import numpy as np
import pytest
import skimage.data

from srgan.images.panels import contact_sheet, labelled_row


@pytest.fixture(scope="module")
def image():
    return skimage.data.chelsea()[:120, :200]


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
