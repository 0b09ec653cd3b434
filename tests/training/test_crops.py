import itertools

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from srgan.errors import DataError
from srgan.images.resize import bicubic, low_res_pair
from srgan.training.crops import PictureStore, choose_strata, read_pairs
from srgan.training.degradations.degrade import degrade
from srgan.training.degradations.options import DegradationOptions


@pytest.fixture(scope="module")
def pairs():
    pictures = [data.astronaut()[:64, :96], data.chelsea()[:80, :52]]
    return [low_res_pair(picture, 4) for picture in pictures]


def symmetries(image):
    for turns, mirrored in itertools.product(range(4), (False, True)):
        turned = np.rot90(image, turns)
        yield turned[:, ::-1] if mirrored else turned


def places(pairs, crop):
    """Every possible (lr, hr) crop, by its bytes, with which picture and symmetry it is."""
    found = {}
    for number, (lr, hr) in enumerate(pairs):
        for y, x in itertools.product(range(lr.shape[0] - crop + 1), range(lr.shape[1] - crop + 1)):
            lr_crop = lr[y : y + crop, x : x + crop]
            hr_crop = hr[4 * y : 4 * (y + crop), 4 * x : 4 * (x + crop)]
            for kind, views in enumerate(zip(symmetries(lr_crop), symmetries(hr_crop), strict=True)):
                found[views[0].tobytes() + views[1].tobytes()] = (number, kind)
    return found


def drawn(store, pairs):
    """The picture and symmetry of each crop of 20 batches; all are aligned crops of a pair."""
    known = places(pairs, 6)
    seen = []
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        lr, hr = store.sample(16, 6, generator)
        assert lr.shape == (16, 3, 6, 6)
        assert hr.shape == (16, 3, 24, 24)
        for lr_crop, hr_crop in zip(lr, hr, strict=True):
            views = [(t.permute(1, 2, 0) * 255).round().byte().numpy() for t in (lr_crop, hr_crop)]
            seen.append(known[views[0].tobytes() + views[1].tobytes()])
    return seen


def test_samples_are_aligned_crops_in_all_eight_symmetries(pairs):
    seen = drawn(PictureStore(pairs, torch.device("cpu")), pairs)
    assert {kind for _, kind in seen} == set(range(8))
    # Pictures are drawn equally often, whatever their sizes.
    share = sum(number == 0 for number, _ in seen) / len(seen)
    assert share == pytest.approx(1 / len(pairs), abs=0.1)


def test_upright_samples_are_as_they_are_or_mirrored_left_to_right(pairs):
    seen = drawn(PictureStore(pairs, torch.device("cpu"), upright=True), pairs)
    assert {kind for _, kind in seen} == {0, 1}  # of symmetries: not turned


def test_batches_are_channels_last_and_follow_the_seed(pairs):
    store = PictureStore(pairs, torch.device("cpu"))
    first, second = (store.sample(4, 8, torch.Generator().manual_seed(3)) for _ in range(2))
    assert first[0].is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


def test_low_res_crops_are_made_from_the_true_ones_by_degradations(pairs):
    options = DegradationOptions(rounds=2)
    store = PictureStore(pairs, torch.device("cpu"), options)
    lr, hr = store.sample(4, 8, torch.Generator().manual_seed(3))
    generator = torch.Generator().manual_seed(3)
    _, same_hr = PictureStore(pairs, torch.device("cpu")).sample(4, 8, generator)
    assert lr.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(hr, same_hr)
    # What is left of the generator's numbers goes on into the degradations.
    assert torch.equal(lr, degrade(hr, 4, options, generator))


@pytest.mark.parametrize("rounds", [0, 2])
def test_processes_with_a_share_each_draw_the_batch_that_one_alone_draws(pairs, rounds):
    options = DegradationOptions(rounds=rounds)
    pairs = [*pairs, *pairs[::-1]]  # four strata of a picture each
    alone = PictureStore(pairs, torch.device("cpu"), options, strata=4)
    lr, hr = alone.sample(8, 8, torch.Generator().manual_seed(3))
    for rank in range(2):
        share = slice(rank, None, 2)
        store = PictureStore(pairs[share], torch.device("cpu"), options, strata=2, share=share)
        own_lr, own_hr = store.sample(8, 8, torch.Generator().manual_seed(3))
        assert torch.equal(own_hr, hr[share])
        # Another size of batch may be added up in another order, and fall to the other side of a half.
        assert ((own_lr - lr[share]).abs() < 0.5 / 255).float().mean() > 0.999


def test_a_picture_smaller_than_the_crop_on_any_side_is_not_drawn(pairs):
    # 24x16, 13x20 and 12x12 low-res pixels.
    small = low_res_pair(np.zeros((48, 48, 3), np.uint8), 4)
    store = PictureStore([*pairs, small], torch.device("cpu"))
    _, hr = store.sample(200, 13, torch.Generator().manual_seed(0))
    assert hr.flatten(1).amax(1).min() > 0


def test_pairs_are_read_cropped_and_reduced(tmp_path):
    picture = data.coffee()[:61, :90]
    Image.fromarray(picture).save(tmp_path / "a.png")
    ((lr, hr),) = read_pairs([(tmp_path / "a.png", 1.0)], 16, 4)
    np.testing.assert_array_equal(hr, picture[:60, :88])
    np.testing.assert_array_equal(lr, bicubic(picture[:60, :88], 0.25))


@pytest.mark.parametrize(("size", "sides"), [(0.5, (60, 40)), (0.1, (48, 32))])
def test_a_picture_is_reduced_if_asked_but_not_below_a_crop(tmp_path, size, sides):
    picture = data.coffee()[:80, :120]
    Image.fromarray(picture).save(tmp_path / "a.png")
    ((lr, hr),) = read_pairs([(tmp_path / "a.png", size)], 32, 4)
    assert hr.shape == (sides[1], sides[0], 3)
    np.testing.assert_array_equal(hr, bicubic(picture, sides[1] / 80))
    np.testing.assert_array_equal(lr, bicubic(hr, 0.25))


def test_sixteen_bit_pictures_are_cut_to_eight(tmp_path):
    Image.fromarray(np.full((20, 20), 0x1234, np.uint16)).save(tmp_path / "deep.png")
    ((_, hr),) = read_pairs([(tmp_path / "deep.png", 1.0)], 16, 4)
    assert hr.dtype == np.uint8
    assert (hr == 0x12).all()


def test_a_picture_smaller_than_a_crop_is_named(tmp_path):
    Image.new("RGB", (90, 50)).save(tmp_path / "small.png")
    with pytest.raises(DataError, match=r"small\.png: 90x50 is smaller than 96"):
        read_pairs([(tmp_path / "small.png", 1.0)], 96, 4)


def test_small_pictures_are_enlarged_if_asked(tmp_path):
    Image.fromarray(data.coffee()[:50, :90]).save(tmp_path / "small.png")
    ((lr, hr),) = read_pairs([(tmp_path / "small.png", 1.0)], 96, 4, enlarge_small=True)
    assert hr.shape == (96, 172, 3)  # 172.8, cut to a multiple of four
    assert lr.shape == (24, 43, 3)
    np.testing.assert_array_equal(hr, bicubic(data.coffee()[:50, :90], 96 / 50)[:, :172])


@pytest.mark.parametrize(
    ("pictures", "batch_size", "strata"), [(100, 16, 16), (5, 16, 4), (3, 16, 2), (3, 6, 3), (1, 16, 1)]
)
def test_strata_divide_the_batch_and_have_a_picture_each(pictures, batch_size, strata):
    assert choose_strata(pictures, batch_size) == strata


@pytest.mark.parametrize("scale", [2, 3])
@pytest.mark.parametrize("rounds", [0, 1])
def test_crops_have_the_scale_of_the_pairs(tmp_path, scale, rounds):
    Image.fromarray(data.coffee()[100:161, 200:291]).save(tmp_path / "a.png")
    pairs = read_pairs([(tmp_path / "a.png", 1.0)], 8 * scale, scale)
    ((whole_lr, whole_hr),) = pairs
    assert whole_hr.shape == (61 // scale * scale, 91 // scale * scale, 3)
    np.testing.assert_array_equal(whole_lr, bicubic(whole_hr, 1 / scale))
    store = PictureStore(pairs, torch.device("cpu"), DegradationOptions(rounds=rounds, clean=1.0))
    lr, hr = store.sample(4, 8, torch.Generator().manual_seed(0))
    assert lr.shape == (4, 3, 8, 8)
    assert hr.shape == (4, 3, 8 * scale, 8 * scale)
    # Aligned: the mean of the pixels of each cell is near its low-res pixel.
    cells = torch.nn.functional.avg_pool2d(hr, scale)
    assert (cells - lr).abs().mean() < (cells - lr.flip(3)).abs().mean() / 2
