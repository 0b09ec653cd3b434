import io

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

from srgan.training.degradations.jpeg import compress

QUALITIES = [10, 30, 49, 50, 75, 95]


@pytest.fixture(scope="module")
def picture():
    """Of odd sides, neither a multiple of 8."""
    return np.ascontiguousarray(data.astronaut()[:91, 100:231])


def compressed(picture, quality, subsampled):
    image = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
    batch = torch.stack([image] * len(quality))
    results = compress(batch, torch.tensor(quality, dtype=torch.float32), subsampled=subsampled)
    levels = results * 255
    assert torch.equal(levels.round() / 255, results)
    return levels.round().byte().permute(0, 2, 3, 1).numpy()


def by_pillow(picture, quality, subsampled):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling=2 if subsampled else 0)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("subsampled", [True, False])
def test_results_are_what_libjpeg_gives_at_the_same_quality(picture, subsampled):
    for quality, ours in zip(QUALITIES, compressed(picture, QUALITIES, subsampled), strict=True):
        theirs = by_pillow(picture, quality, subsampled)
        assert peak_signal_noise_ratio(theirs, ours) > 42
        # As near to the next quality or to the picture itself would not do.
        assert peak_signal_noise_ratio(theirs, ours) > peak_signal_noise_ratio(theirs, picture) + 5
        other = by_pillow(picture, quality - 5, subsampled)
        assert peak_signal_noise_ratio(theirs, ours) > peak_signal_noise_ratio(other, ours) + 5


def test_the_worst_and_the_best_quality(picture):
    worst, best = compressed(picture, [1, 100], subsampled=False)
    assert peak_signal_noise_ratio(by_pillow(picture, 1, False), worst) > 42
    assert peak_signal_noise_ratio(picture, best) > 48


def test_halved_chroma_is_repeated_smoothly():
    red_or_blue = np.zeros((32, 32, 3), np.uint8)
    red_or_blue[:, :17, 0] = red_or_blue[:, 17:, 2] = 200
    for subsampled in (True, False):
        (ours,) = compressed(red_or_blue, [95], subsampled)
        theirs = by_pillow(red_or_blue, 95, subsampled)
        assert np.abs(ours.astype(int) - theirs).max() <= 6


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (8, 8)])
def test_small_pictures_keep_their_size_and_a_flat_colour_stays(size):
    flat = np.full((*size, 3), (90, 120, 60), np.uint8)
    for subsampled in (True, False):
        (ours,) = compressed(flat, [90], subsampled)
        assert ours.shape == flat.shape
        assert np.abs(ours.astype(int) - flat).max() <= 3
