"""AVIF and HEIC of 10 and 12 bits are read with all of them."""

import numpy as np
import pillow_heif
import pytest
import pyvips
from PIL import Image

from srgan.images.animation import read_frames
from srgan.images.read import read_picture

SAMPLES = np.linspace(0, 65535, 16 * 24 * 3).reshape(16, 24, 3).astype(np.uint16)


def write_avif(path, samples, bits, kind="rgb16", orientation=1):
    image = pyvips.Image.new_from_array(samples).copy(interpretation=kind)
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    image.heifsave(str(path), compression="av1", bitdepth=bits, lossless=True, subsample_mode="off")


@pytest.mark.parametrize("bits", [10, 12])
def test_avif(tmp_path, bits):
    write_avif(tmp_path / "a.avif", SAMPLES, bits)
    picture = read_picture(tmp_path / "a.avif")
    assert picture.pixels.dtype == np.uint16
    assert (picture.pixels.min(), picture.pixels.max()) == (0, 65535)
    np.testing.assert_allclose(picture.pixels.astype(int), SAMPLES, atol=2 ** (16 - bits))
    assert picture.notes == ()


@pytest.mark.parametrize("bits", [10, 12])
def test_heic(tmp_path, monkeypatch, bits):
    monkeypatch.setattr(pillow_heif.options, "SAVE_HDR_TO_12_BIT", bits == 12)
    image = pillow_heif.from_bytes(mode="RGB;16", size=(24, 16), data=SAMPLES.tobytes())
    image.save(tmp_path / "a.heic", quality=-1, chroma=444)
    picture = read_picture(tmp_path / "a.heic")
    assert picture.pixels.max() == 65535
    np.testing.assert_allclose(picture.pixels.astype(int), SAMPLES, atol=2 ** (17 - bits))


def test_transparency_and_rotation(tmp_path):
    alpha = np.where(np.arange(24) < 12, 65535, 0)[None, :, None].repeat(16, 0)
    write_avif(tmp_path / "a.avif", np.dstack((SAMPLES, alpha.astype(np.uint16))), 10, orientation=6)
    picture = read_picture(tmp_path / "a.avif")
    assert picture.size == (16, 24)
    np.testing.assert_array_equal(picture.alpha, np.rot90(alpha[..., 0], -1))
    seen = picture.alpha > 0
    np.testing.assert_allclose(picture.pixels[seen].astype(int), np.rot90(SAMPLES, -1)[seen], atol=70)


def test_what_moves_is_read_as_8_bits_and_that_is_said(tmp_path):
    frames = [Image.fromarray((SAMPLES >> 8).astype(np.uint8)), Image.new("RGB", (24, 16))]
    frames[0].save(tmp_path / "a.avif", save_all=True, append_images=frames[1:])
    content = (tmp_path / "a.avif").read_bytes()
    depths = b"pixi" + bytes(4) + bytes([3, 8, 8, 8])
    assert depths in content
    (tmp_path / "a.avif").write_bytes(content.replace(depths, depths.replace(b"\x08", b"\x0a")))
    assert any("10 bits" in note for note in read_frames(tmp_path / "a.avif").notes)
