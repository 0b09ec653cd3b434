"""Maps of what is invented: measured by hand on models whose results are known."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from srgan.jobs.invented import FULL_SCALE, InventionMap, invention
from srgan.jobs.pictures import upscale_watched
from srgan.upscaling.upscaler import Upscaler


def test_the_measure_is_a_mean_over_windows():
    values = np.random.default_rng(0).random((9, 13)).astype(np.float32) * 30
    expected = ndimage.uniform_filter(values, 3, mode="constant")
    weights = ndimage.uniform_filter(np.ones_like(values), 3, mode="constant")
    np.testing.assert_allclose(invention(values), expected / weights, rtol=1e-4)
    assert invention(np.full((1, 1), 5, np.float32)) == pytest.approx(5)


@pytest.fixture
def pair(tiny_pair, tiny_model):
    return Upscaler(tiny_pair, device="cpu", tile=16), Upscaler(tiny_model, device="cpu", tile=16)


def write_map(tmp_path, upscaler, sibling):
    watcher = InventionMap(tmp_path / "b.png", sibling)
    source, target = tmp_path / "a.png", tmp_path / "large.png"
    upscale_watched(source, target, upscaler, None, [watcher], on_event=None, cancel=None)


def drawn(tmp_path, photo, upscaler, sibling):
    Image.fromarray(photo).save(tmp_path / "a.png")
    write_map(tmp_path, upscaler, sibling)
    with Image.open(tmp_path / "b.png") as image:
        return np.asarray(image).astype(float)


def test_no_difference_is_the_grey_result(tmp_path, photo, pair):
    _, sibling = pair
    result = drawn(tmp_path, photo, sibling, sibling)
    grey = sibling.upscale(photo) @ [0.299, 0.587, 0.114]
    assert result.shape == (96 + 24, 120, 3)
    assert np.abs(result[:96] - grey[..., None]).max() <= 1


def test_colours_say_how_much_and_where(tmp_path, photo, pair):
    upscaler, sibling = pair
    result = drawn(tmp_path, photo, upscaler, sibling)
    apart = np.abs((upscaler.upscale(photo).astype(float) - sibling.upscale(photo)) @ [0.299, 0.587, 0.114])
    blocks = apart.reshape(24, 4, 30, 4).mean((1, 3))
    amount = ndimage.uniform_filter(blocks, 3, mode="nearest")[1:-1, 1:-1]
    assert amount.std() > 0.3
    saturation = np.ptp(result[:96], axis=2).reshape(24, 4, 30, 4).mean((1, 3))[1:-1, 1:-1]
    assert np.corrcoef(np.sqrt(np.minimum(amount / FULL_SCALE, 1)).ravel(), saturation.ravel())[0, 1] > 0.8
    scale_bar = result[-2]
    assert np.ptp(scale_bar[0]) < 30
    assert scale_bar[-1, 0] > scale_bar[-1, 1:].max() + 100  # red


def test_sixteen_bits_and_grey_are_taken(tmp_path, photo, pair):
    Image.fromarray(photo[..., 0].astype(np.uint16) * 257).save(tmp_path / "a.png")
    write_map(tmp_path, *pair)
    with Image.open(tmp_path / "b.png") as image:
        assert (image.mode, image.size) == ("RGB", (120, 120))
