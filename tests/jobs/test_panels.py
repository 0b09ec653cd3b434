"""Panels: low-res, bicubic and result, at the same scale and of the same place."""

import numpy as np
import pytest
from PIL import Image

from srgan.errors import ImageError
from srgan.images.read import read_picture
from srgan.images.resize import bicubic
from srgan.jobs.panels import write_panels


def panels_of(path):
    """Without the labels above them, which must be there, and the gaps between them."""
    with Image.open(path) as image:
        row = np.asarray(image)
    width = (row.shape[1] - 2 * 4) // 3
    assert all(row[:22, left : left + width].min() < 100 for left in range(0, row.shape[1], width + 4))
    return [row[22:, left : left + width] for left in range(0, row.shape[1], width + 4)]


def save(path, array):
    Image.fromarray(array).save(path)
    return path


def test_panels_show_pixels_bicubic_and_the_result(tmp_path, photo):
    sr_image = np.random.default_rng(0).integers(0, 256, (96, 120, 3), dtype=np.uint8)
    source, result = save(tmp_path / "a.png", photo), save(tmp_path / "b.png", sr_image)

    assert write_panels(source, result, tmp_path / "c.png", name="photo") == tmp_path / "c.png"

    low_res, plain, clear = panels_of(tmp_path / "c.png")
    assert np.array_equal(low_res, np.kron(photo, np.ones((4, 4, 1), np.uint8)))
    assert np.array_equal(plain, bicubic(photo, 4))
    assert np.array_equal(clear, sr_image)


def test_a_result_of_another_size_is_shown_at_four_times_the_sources(tmp_path, photo):
    source = save(tmp_path / "a.png", photo)
    result = save(tmp_path / "b.png", np.full((48, 61, 3), 77, np.uint8))
    write_panels(source, result, tmp_path / "c.png", name="photo")
    assert [panel.shape for panel in panels_of(tmp_path / "c.png")] == [(96, 120, 3)] * 3
    assert (panels_of(tmp_path / "c.png")[2] == 77).all()


def test_of_a_large_picture_the_middle_is_shown(tmp_path):
    ramp = np.zeros((400, 20, 3), np.uint8)
    ramp[..., 0] = np.arange(400)[:, None] // 2
    source = save(tmp_path / "a.png", ramp)
    result = save(tmp_path / "b.png", ramp.repeat(4, axis=0).repeat(4, axis=1))
    write_panels(source, result, tmp_path / "c.png", name="photo")
    middle = ramp[8:392].repeat(4, axis=0).repeat(4, axis=1)
    low_res, _, clear = panels_of(tmp_path / "c.png")
    assert np.array_equal(low_res, middle)
    assert np.array_equal(clear, middle)


def test_the_limit_on_pixels_is_the_sources_alone(tmp_path, photo, monkeypatch):
    monkeypatch.setitem(read_picture.__kwdefaults__, "max_pixels", 720)
    source = save(tmp_path / "a.png", photo)
    result = save(tmp_path / "b.png", np.zeros((96, 120, 3), np.uint8))
    with pytest.raises(ImageError, match="limit to 720"):
        write_panels(source, result, tmp_path / "c.png", name="photo", max_pixels=719)
    write_panels(source, result, tmp_path / "c.png", name="photo", max_pixels=720)
    assert panels_of(tmp_path / "c.png")[2].shape == (96, 120, 3)
