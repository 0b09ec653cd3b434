"""Whole files through a network that repeats pixels, so that Pillow alone tells what must come out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from srgan.jobs.pictures import upscale_file
from srgan.upscaling.upscaler import Upscaler

MODES = ("1", "L", "LA", "RGB", "RGBA", "P", "I;16")


@st.composite
def files(draw):
    """A picture of any mode and size, the format that it is stored in, and how it lies in it."""
    mode, kind = draw(st.sampled_from(MODES)), draw(st.sampled_from(("png", "tiff")))
    height, width = draw(st.integers(1, 50)), draw(st.integers(1, 50))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    if mode == "I;16":
        image = Image.fromarray(random.integers(0, 65536, (height, width), np.uint16))
    else:
        base = random.integers(0, 256, (height, width, 4), np.uint8)
        base[..., 3] |= 1  # hidden pixels may change their colours
        image = Image.fromarray(base).convert("RGB" if mode in ("1", "L", "P") else "RGBA")
        image = image.quantize(16) if mode == "P" else image.convert(mode)
    return image, kind, draw(st.integers(1, 8))


@pytest.fixture
def upscaler(network):
    return Upscaler(network(), device="cpu", threads=1, tile=16, precision="fp32")


def test_files_of_any_mode_and_orientation(upscaler, tmp_path):
    @given(files())
    def check(file):
        image, kind, orientation = file
        exif = Image.Exif()
        exif[0x0112] = orientation
        image.save(tmp_path / f"a.{kind}", exif=exif)
        upscale_file(tmp_path / f"a.{kind}", tmp_path / "large.png", upscaler)
        image.getexif()[0x0112] = orientation
        turned = ImageOps.exif_transpose(
            image
        )  # of the picture in memory: Pillow turns those from TIFFs twice
        mode = {"1": "L", "P": "RGB"}.get(image.mode, image.mode)
        truth = np.asarray(turned if image.mode == "I;16" else turned.convert(mode))
        with Image.open(tmp_path / "large.png") as large:
            result = np.asarray(large if large.mode == "I;16" else large.convert(mode))
            assert large.getexif().get(0x0112, 1) == 1
        colours = slice(0, -1) if image.mode in ("LA", "RGBA") else slice(None)
        expected = truth.repeat(4, 0).repeat(4, 1)
        assert result.shape == expected.shape
        if expected.ndim == 3:
            result, expected = result[..., colours], expected[..., colours]
        assert np.array_equal(result, expected)

    check()
