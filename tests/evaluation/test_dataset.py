"""Pairs of pictures: made by reduction, or given; and what cannot be a pair."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from srgan.errors import DataError, ImageError
from srgan.evaluation.dataset import Dataset
from srgan.images.resize import bicubic


def array(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_pictures_are_cropped_and_reduced_as_matlab_does(hr):
    samples = list(Dataset(hr))
    assert [sample.name for sample in samples] == ["a", "b"]
    assert len(Dataset(hr)) == 2
    for sample in samples:
        assert np.array_equal(sample.hr_image, array(hr / f"{sample.name}.png")[:40, :48])
        assert np.array_equal(sample.lr_image, bicubic(sample.hr_image, 0.25))


def test_given_partners_are_taken_as_they_are(hr, tmp_path):
    lr = tmp_path / "lr"
    lr.mkdir()
    for sample in Dataset(hr):
        Image.fromarray(255 - sample.lr_image).save(lr / f"{sample.name}.bmp")
    for sample in Dataset(hr, lr):
        assert np.array_equal(sample.lr_image, array(lr / f"{sample.name}.bmp"))


def test_the_name_is_the_folders(hr, monkeypatch):
    assert Dataset(hr).name == "truth"
    monkeypatch.chdir(hr)
    assert Dataset(hr.relative_to(hr)).name == "truth"


def test_grey_and_16_bit_pictures_are_measured_as_8_bit_rgb(tmp_path):
    values = np.linspace(0, 65535, 24 * 24).reshape(24, 24).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    (sample,) = Dataset(tmp_path)
    assert sample.hr_image.dtype == np.uint8
    expected = np.rint(values / 257).astype(np.uint8)
    assert np.array_equal(sample.hr_image, np.repeat(expected[..., None], 3, axis=2))


def test_a_missing_partner_is_named_before_anything_is_read(hr, tmp_path):
    lr = tmp_path / "lr"
    shutil.copytree(hr, lr)
    (lr / "b.png").unlink()
    (hr / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"lr: has no partner for 1 pictures, the first is b\.png"):
        Dataset(hr, lr)


def test_pairs_that_do_not_match_are_named(hr, tmp_path):
    lr = tmp_path / "lr"
    shutil.copytree(hr, lr)
    with pytest.raises(DataError, match=r"a\.png: 48x40 .* is not 4 times its partner's 48x40"):
        list(Dataset(hr, lr))


@pytest.mark.parametrize(("size", "is_enough"), [((20, 23), True), ((19, 40), False), ((40, 3), False)])
def test_pictures_too_small_to_measure_are_named(tmp_path, size, is_enough):
    Image.new("RGB", size).save(tmp_path / "small.png")
    if is_enough:
        assert len(list(Dataset(tmp_path))) == 1
    else:
        with pytest.raises(DataError, match=r"small\.png: .* is too small; 20 pixels"):
            list(Dataset(tmp_path))


def test_an_unreadable_picture_is_named(hr):
    (hr / "b.png").write_bytes((hr / "b.png").read_bytes()[:500])
    with pytest.raises(ImageError, match=r"b\.png: is damaged"):
        list(Dataset(hr))


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no pictures"):
        Dataset(tmp_path)
    with pytest.raises(ImageError, match=f"gone: cannot be listed \\({os.strerror(2)}\\)"):
        Dataset(tmp_path / "gone")


@pytest.mark.parametrize("scale", [2, 3])
def test_pairs_are_of_the_scale(hr, scale):
    for sample in Dataset(hr, scale=scale):
        height, width = sample.lr_image.shape[:2]
        assert sample.scale == scale
        assert sample.hr_image.shape == (height * scale, width * scale, 3)
        assert np.array_equal(sample.lr_image, bicubic(sample.hr_image, 1 / scale))
