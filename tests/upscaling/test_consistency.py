"""Results that reduce to their input again, by the reduction that is proven against MATLAB's."""

import itertools

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw

from srgan.errors import UsageError
from srgan.images.resize import bicubic
from srgan.upscaling.consistency import check_scale, consistent_bands
from srgan.upscaling.upscaler import Upscaler

PHOTOS = {
    "astronaut": bicubic(skimage.data.astronaut(), 1 / 4),  # with black and white places
    "coffee": bicubic(skimage.data.coffee(), 1 / 4),
    "chelsea": bicubic(skimage.data.chelsea(), 1 / 4),
    "full size": skimage.data.chelsea()[:70, :90],
}


def corrected(lr_image, sr_image, cuts=()):
    bands = iter(np.split(sr_image, cuts))
    return np.concatenate(list(consistent_bands(bands, lr_image, scale=len(sr_image) // len(lr_image))))


def repeated(lr_image):
    """A plain enlargement, far from consistent."""
    return lr_image.repeat(4, 0).repeat(4, 1)


def levels_apart(lr_image, sr_image):
    white = 1 if lr_image.dtype == np.float32 else np.iinfo(lr_image.dtype).max
    return np.abs(bicubic(sr_image, 1 / 4).astype(np.float64) - lr_image) * 255 / white


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_photograph_is_given_back_within_a_level_but_for_single_saturated_pixels(name, dtype):
    lr_image = PHOTOS[name]
    if dtype == "uint16":
        lr_image = lr_image.astype(np.uint16) * 257
    elif dtype == "float32":
        lr_image = lr_image / np.float32(255)
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    enlarged = bicubic(lr_image, 4)
    noise = np.random.default_rng(0).normal(0, 0.02 * white, enlarged.shape)
    start = np.clip(enlarged + noise, 0, white).astype(dtype)

    result = corrected(lr_image, start)

    assert (result.shape, result.dtype) == (start.shape, lr_image.dtype)
    assert (result.min() >= 0) & (result.max() <= white)
    assert levels_apart(lr_image, start).max() > 4
    apart = levels_apart(lr_image, result)
    assert np.mean(apart > 1 + 1e-6) < 0.004
    assert apart.max() < 8


def test_where_nothing_is_clipped_only_rounding_is_left():
    lr_image = (PHOTOS["astronaut"] // 2 + 64).astype(np.uint8)
    result = corrected(lr_image / np.float32(255), repeated(lr_image) / np.float32(255))
    assert levels_apart(lr_image / np.float32(255), result).max() < 0.51
    assert levels_apart(lr_image, corrected(lr_image, repeated(lr_image))).max() <= 1


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_the_shipped_network_is_corrected_to_a_level_everywhere(cache, name):  # noqa: ARG001
    lr_image = PHOTOS[name][:64, 32:]
    plain, consistent = Upscaler(device="cpu"), Upscaler(device="cpu", consistent=True)
    assert levels_apart(lr_image, plain.upscale(lr_image)).max() > 1
    assert levels_apart(lr_image, consistent.upscale(lr_image)).max() <= 1


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("size", [(1, 1), (7, 50), (100, 33)])
def test_results_of_every_scale_are_corrected(scale, size):
    height, width = size
    lr_image = (PHOTOS["astronaut"][:height, :width] // 2 + 64) / np.float32(255)
    plain = lr_image.repeat(scale, 0).repeat(scale, 1)
    result = corrected(lr_image, plain)
    assert result.shape == plain.shape
    assert np.abs(bicubic(result, 1 / scale) - lr_image).max() < 0.6 / 255


def test_a_network_that_keeps_the_size_cannot_be_made_consistent():
    with pytest.raises(UsageError) as caught:
        check_scale(1)
    assert caught.value.field == "consistent"
    for scale in (2, 3, 4, 8):
        check_scale(scale)


def words():
    image = Image.new("RGB", (80, 40), "white")
    for line in range(4):
        ImageDraw.Draw(image).text((2, 10 * line), "Sphinx of quartz", fill=(200 * (line % 2), 0, 0))
    return np.asarray(image)


HARD = {
    "words": words(),
    "noise": np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8),
}


@pytest.mark.parametrize("name", HARD)
def test_what_no_picture_is_reduced_to_comes_nearer_and_stays_a_picture(name):
    lr_image = HARD[name]
    start = repeated(lr_image)
    result = corrected(lr_image, start)
    before, after = (np.sqrt((levels_apart(lr_image, image) ** 2).mean()) for image in (start, result))
    assert after < before
    assert after > 1  # else it belongs with the photographs


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (1, 30), (40, 1), (2, 3), (16, 16), (17, 33), (33, 15), (100, 40)]
)
def test_bands_do_not_change_a_bit(height, width):
    random = np.random.default_rng(height)
    lr_image = random.integers(60, 200, (height, width, 3), dtype=np.uint8)
    start = np.clip(repeated(lr_image) + random.normal(0, 9, (4 * height, 4 * width, 3)), 0, 255).astype(
        np.uint8
    )
    whole = corrected(lr_image, start)
    assert levels_apart(lr_image, whole).max() <= 6
    for step in (4, 28, 64, 132):
        assert np.array_equal(corrected(lr_image, start, range(step, len(start), step)), whole)


def test_a_large_picture_is_corrected_as_its_upper_part():
    """Of which the first is large enough for a second thread."""
    lr_image = skimage.data.coffee()[:, :100]
    start = repeated(lr_image)
    whole = corrected(lr_image, start)
    upper = corrected(lr_image[:300], start[:1200])
    assert np.array_equal(whole[:900], upper[:900])
    assert not np.array_equal(upper, start[:1200])


def test_the_correction_is_the_whole_pictures():
    """Against dense matrices over the whole picture, where no block ends."""
    lr_image = PHOTOS["chelsea"][:50] / np.float32(255) * np.float32(0.6) + np.float32(0.2)
    start = repeated(lr_image)

    def columns(length, scale):
        # Along one axis only: the other has a constant, which resizing keeps.
        return np.stack([bicubic(unit[:, None].repeat(4, 1), scale)[:, 0] for unit in np.eye(length)], axis=1)

    result = start.astype(np.float64)
    reductions = [columns(4 * side, 1 / 4) for side in lr_image.shape[:2]]
    enlargements = [columns(side, 4) for side in lr_image.shape[:2]]
    down, across = (
        big @ np.linalg.inv(small @ big) for small, big in zip(reductions, enlargements, strict=True)
    )
    missing = lr_image - np.einsum("ij,jkc,lk->ilc", reductions[0], result, reductions[1], optimize=True)
    result += np.einsum("ij,jkc,lk->ilc", down, missing, across, optimize=True)

    assert np.abs(corrected(lr_image, start) - result).max() < 1.5 / 255
    assert np.abs(corrected(lr_image, start) - result).mean() < 0.05 / 255


def test_rows_come_before_the_picture_is_complete():
    taken = 0

    def bands():
        nonlocal taken
        for band in np.split(repeated(PHOTOS["coffee"].repeat(16, 0)), 400):
            taken += 1
            yield band

    next(consistent_bands(bands(), PHOTOS["coffee"].repeat(16, 0), scale=4))
    assert taken < 250


def test_tiles_grey_and_float_pictures_through_the_upscaler(tiny_model):
    options = {"device": "cpu", "precision": "fp32"}
    plain = Upscaler(tiny_model, **options)
    whole, tiled = (Upscaler(tiny_model, tile=tile, consistent=True, **options) for tile in ("off", 16))
    grey = PHOTOS["chelsea"][:40, :37, 1]
    for image in (grey, grey / np.float32(255), PHOTOS["chelsea"][:40, :37]):
        results = [upscaler.upscale(image) for upscaler in (whole, tiled)]
        assert np.abs(results[0].astype(float) - results[1]).max() <= (1 if image.dtype == np.uint8 else 1e-3)
        before, after = (levels_apart(image, result).mean() for result in (plain.upscale(image), results[1]))
        assert after < 0.1 * before  # a random network: its results are saturated in many places
    coloured = tiled.upscale(grey[..., None].repeat(3, 2))
    assert all(
        np.array_equal(coloured[..., a], coloured[..., b]) for a, b in itertools.combinations(range(3), 2)
    )
