import numpy as np

from srgan.images.alpha import fill_transparent


def test_fill_carries_the_nearest_colours_and_leaves_the_visible_alone():
    pixels = np.random.default_rng(0).integers(0, 256, (37, 51, 3)).astype(np.uint8)
    pixels[:, :20] = (200, 10, 30)
    pixels[:, 30:] = (10, 20, 240)
    alpha = np.zeros((37, 51), np.uint8)
    alpha[:, 10:20] = 1
    alpha[:, 30:45] = 255
    filled = fill_transparent(pixels, alpha)
    np.testing.assert_array_equal(filled[alpha > 0], pixels[alpha > 0])
    np.testing.assert_array_equal(filled[:, :10], pixels[:, :10])  # red, as it was
    assert (filled[:, 45:] == (10, 20, 240)).all()
    # Between red and blue: never further from both than they are from each other, whatever was there.
    between = filled[:, 20:30].astype(int)
    assert between[..., 0].min() >= 10
    assert between[..., 0].max() <= 200
    assert between[..., 1].min() >= 10
    assert between[..., 1].max() <= 20


def test_fill_keeps_16_bits():
    pixels = np.zeros((9, 7, 3), np.uint16)
    pixels[4, 3] = (65535, 40000, 257)
    alpha = np.zeros((9, 7), np.uint16)
    alpha[4, 3] = 65535
    filled = fill_transparent(pixels, alpha)
    assert filled.dtype == np.uint16
    assert (filled == (65535, 40000, 257)).all()


def test_fill_leaves_an_invisible_picture_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 6, 3)).astype(np.uint8)
    np.testing.assert_array_equal(fill_transparent(pixels, np.zeros((5, 6), np.uint8)), pixels)
