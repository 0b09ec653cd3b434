"""Tiles against the whole picture, without a model: ``run`` here is a blur of known reach."""

import numpy as np
import pytest

from srgan.upscaling.tiling import plan_tiles, upscale_bands

HALO = 5


def blur_and_enlarge(batch):
    """Sum of the (2 * HALO + 1)-square around each pixel, repeated 2 x 2; whole numbers, so exact."""
    windows = np.lib.stride_tricks.sliding_window_view(batch, (2 * HALO + 1, 2 * HALO + 1), (1, 2))
    return windows.sum((-2, -1), dtype=batch.dtype).repeat(2, 1).repeat(2, 2)


def upscaled(pixels, run, tile, **how):
    plan = plan_tiles(*pixels.shape[:2], halo=HALO, tile=tile)
    return np.concatenate(list(upscale_bands(pixels, run, plan, scale=2, **how)))


def sizes():
    random = np.random.default_rng(0)
    some = [tuple(int(side) for side in random.integers(1, 90, 2)) for _ in range(20)]
    return [(1, 1), (1, 70), (70, 1), (2, 3), (3, 61), (16, 16), (17, 16), *some]


@pytest.mark.parametrize("size", sizes())
@pytest.mark.parametrize("tile", [1, 7, 16, 23, None])
@pytest.mark.parametrize(("repeats_edge", "mode"), [(True, "symmetric"), (False, "reflect")])
def test_tiles_equal_padding_the_whole_by_reflection(size, tile, repeats_edge, mode):
    pixels = np.random.default_rng(1).integers(0, 1000, (*size, 3)).astype(np.int64)
    padded = np.pad(pixels, ((HALO, HALO), (HALO, HALO), (0, 0)), mode)
    result = upscaled(pixels, blur_and_enlarge, tile, repeats_edge=repeats_edge)
    assert np.array_equal(result, blur_and_enlarge(padded[None])[0])


@pytest.mark.parametrize("size", sizes())
@pytest.mark.parametrize("tile", [1, 7, 16, 23])
def test_every_tile_of_a_picture_has_one_shape_within_the_limit(size, tile):
    shapes = []

    def run(batch):
        shapes.append(batch.shape)
        return blur_and_enlarge(batch)

    upscaled(np.zeros((*size, 3), np.int64), run, tile)

    assert len(set(shapes)) == 1
    _, height, width, _ = shapes[0]
    assert 0 < (height - 2 * HALO) * (width - 2 * HALO) <= tile * tile
    assert len(shapes) == plan_tiles(*size, halo=HALO, tile=tile).tiles


def test_a_picture_that_fits_is_one_tile_of_its_own_size():
    plan = plan_tiles(180, 320, halo=40, tile=256)
    assert (plan.tile_height, plan.tile_width, plan.tiles) == (180, 320, 1)


def test_tiles_waste_little():
    for height, width in [(257, 257), (6000, 8000), (1080, 1920), (300, 10_000), (20_000, 31)]:
        plan = plan_tiles(height, width, halo=40, tile=256)
        assert plan.tiles * plan.tile_height * plan.tile_width <= 1.05 * height * width


def test_bands_come_as_soon_as_they_are_finished():
    runs = 0

    def run(batch):
        nonlocal runs
        runs += 1
        return blur_and_enlarge(batch)

    plan = plan_tiles(64, 48, halo=HALO, tile=16)
    seen = [(band.shape, runs) for band in upscale_bands(np.zeros((64, 48, 3), np.int64), run, plan, scale=2)]
    assert seen == [((32, 96, 3), 3), ((32, 96, 3), 6), ((32, 96, 3), 9), ((32, 96, 3), 12)]
