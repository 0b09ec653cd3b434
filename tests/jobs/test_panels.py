"""Panels: low-res, bicubic and result, at the same scale and of the same place."""

import numpy as np
import pytest
from PIL import Image

from srgan.images.resize import bicubic
from srgan.jobs.options import PictureOptions
from srgan.jobs.panels import Panels
from srgan.jobs.pictures import upscale_watched
from srgan.upscaling.upscaler import Upscaler


@pytest.fixture
def upscaler(tiny_model):
    return Upscaler(tiny_model, device="cpu", tile=16)


@pytest.fixture
def panels(tmp_path, upscaler):
    """Upscales a picture into a file and returns its panels, without their labels and the gaps."""

    def make(picture, target="b.png", **options):
        Image.fromarray(picture).save(tmp_path / "a.png")
        watcher = Panels(tmp_path / "c.png", name="photo")
        upscale_watched(
            tmp_path / "a.png",
            tmp_path / target,
            upscaler,
            PictureOptions(**options),
            [watcher],
            on_event=None,
            cancel=None,
        )
        with Image.open(tmp_path / "c.png") as image:
            row = np.asarray(image)
        width = (row.shape[1] - 2 * 4) // 3
        lefts = range(0, row.shape[1], width + 4)
        assert all(row[:22, left : left + width].min() < 100 for left in lefts)
        return [row[22:, left : left + width] for left in lefts]

    return make


def kron(picture):
    return np.kron(picture, np.ones((4, 4, 1), np.uint8))


@pytest.mark.parametrize(
    ("target", "options"), [("b.png", {}), ("b.jpg", {"quality": 5}), ("b.png", {"scale": 2})]
)
def test_panels_show_pixels_bicubic_and_what_the_network_made(panels, photo, upscaler, target, options):
    low_res, plain, clear = panels(photo, target, **options)
    assert np.array_equal(low_res, kron(photo))
    assert np.array_equal(plain, bicubic(photo, 4))
    assert np.array_equal(clear, upscaler.upscale(photo))


@pytest.mark.parametrize("shape", [(400, 20, 3), (20, 401, 3)])
def test_of_a_large_picture_the_middle_is_shown(panels, upscaler, shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    middle = np.s_[8:392, :] if shape[0] > 384 else np.s_[:, 8:392]
    enlarged = np.s_[32:1568, :] if shape[0] > 384 else np.s_[:, 32:1568]
    low_res, _, clear = panels(picture)
    assert np.array_equal(low_res, kron(picture[middle]))
    assert np.array_equal(clear, upscaler.upscale(picture)[enlarged])


def test_after_memory_ran_out_panels_are_made_of_the_tiles_that_count(panels, photo, upscaler, monkeypatch):
    truth = upscaler.upscale(photo)
    compute, calls = upscaler.engine.upscale, []

    def sometimes(batch, context=0):
        calls.append(batch)
        if len(calls) == 2:
            raise MemoryError
        return compute(batch, context) // (2 if len(calls) == 1 else 1)

    monkeypatch.setattr(upscaler, "_tile", 24)
    monkeypatch.setattr(upscaler.engine, "upscale", sometimes)
    assert np.array_equal(panels(photo)[2], truth)
    assert len(calls) > 3


def test_of_a_moving_picture_the_first_frame_is_shown(tmp_path, upscaler, photo):
    first, second = Image.fromarray(photo), Image.fromarray(photo[::-1])
    first.save(tmp_path / "a.webp", save_all=True, append_images=[second], lossless=True)
    upscale_watched(
        tmp_path / "a.webp",
        tmp_path / "b.webp",
        upscaler,
        None,
        [Panels(tmp_path / "c.png", name="photo")],
        on_event=None,
        cancel=None,
    )
    with Image.open(tmp_path / "c.png") as image:
        assert np.array_equal(np.asarray(image)[22:, -120:], upscaler.upscale(photo))
