"""The quality that a JPEG file was saved with."""

import struct

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from srgan.errors import ImageError
from srgan.images.jpeg_quality import _tables_of_libjpeg, jpeg_quality
from srgan.training.degradations.jpeg import _LUMINANCE, _table


@pytest.fixture
def photo():
    return Image.fromarray(skimage.data.astronaut()[:64, 150:230])


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_every_quality_is_told(photo, tmp_path, mode):
    for quality in range(1, 101):
        photo.convert(mode).save(tmp_path / "a.jpg", quality=quality, progressive=quality % 2 == 0)
        assert jpeg_quality(tmp_path / "a.jpg") == quality


def test_the_tables_are_those_of_the_standard():
    """Rec. ITU-T T.81, K.1, scaled as libjpeg does: of the independent implementation that trains."""
    expected = _table(_LUMINANCE, torch.arange(1, 101, dtype=torch.float64))
    np.testing.assert_array_equal(_tables_of_libjpeg(), expected.numpy())


def test_the_last_saving_counts(photo, tmp_path):
    photo.save(tmp_path / "a.jpg", quality=20)
    Image.open(tmp_path / "a.jpg").save(tmp_path / "b.jpg", quality=90)
    assert jpeg_quality(tmp_path / "b.jpg") == 90


def test_other_tables_are_estimated(photo, tmp_path):
    """Tables between those of two qualities, and flat ones."""
    fifty, sixty = (_tables_of_libjpeg()[quality - 1] for quality in (50, 60))
    between = ((fifty + sixty) / 2).astype(int).tolist()
    photo.save(tmp_path / "a.jpg", qtables=[between, between])
    assert 53 <= jpeg_quality(tmp_path / "a.jpg") <= 57
    found = []
    for step in (4, 16, 64):
        photo.save(tmp_path / "a.jpg", qtables=[[step] * 64] * 2)
        found.append(jpeg_quality(tmp_path / "a.jpg"))
    assert 100 > found[0] > found[1] > found[2] > 1


def test_what_has_no_tables_is_told(photo, tmp_path):
    photo.save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    while (start := content.find(b"\xff\xdb")) >= 0:
        (length,) = struct.unpack(">H", content[start + 2 : start + 4])
        content = content[:start] + content[start + 2 + length :]
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(ImageError, match=r"a\.jpg: is damaged or cut short \(no quantisation tables\)"):
        jpeg_quality(tmp_path / "a.jpg")
    photo.save(tmp_path / "b.png")
    with pytest.raises(ImageError, match=r"b\.png: is damaged"):
        jpeg_quality(tmp_path / "b.png")
