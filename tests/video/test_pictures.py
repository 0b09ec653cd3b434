"""Frames as pictures: what is transparent."""

import numpy as np
import pytest
from PIL import Image

from srgan.video.colour import Converter
from srgan.video.pictures import laid_on_white, turned_picture
from srgan.video.reading.reader import VideoReader


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_transparency_is_laid_over_white_or_kept(tmp_path, kind):
    frames = []
    for blue in (0, 80, 160):
        pixels = np.zeros((48, 64, 4), np.uint8)
        pixels[:, :32] = pixels[:, 48:] = 200, 100, blue, 255  # at both ends: or WebP cuts the rest off
        frames.append(Image.fromarray(pixels))
    options = {"lossless": True} if kind == "webp" else {"disposal": 2}
    frames[0].save(tmp_path / f"a.{kind}", save_all=True, append_images=frames[1:], duration=100, **options)
    reader = VideoReader(tmp_path / f"a.{kind}")
    converter = Converter(reader.colour)
    decoded = [frame.image for frame in reader.frames()]
    reader.close()
    assert len(decoded) == 3
    for image, blue in zip(decoded, (0, 80, 160), strict=True):
        seen, opacity = converter.to_rgb(image, reader.size), converter.alpha_of(image, reader.size)
        pixels = laid_on_white(seen, opacity)
        assert (pixels[:, :32] == (200, 100, blue)).all()
        assert (pixels[:, 32:48] == 255).all()
        pixels, alpha = turned_picture(seen, opacity, 6)
        assert pixels.shape == (64, 48, 3)
        assert (pixels == (200, 100, blue)).all()  # what nobody sees has the colours near it
        assert (alpha == np.repeat([255, 255, 0, 255], 16)[:, None]).all()


def test_half_transparent_samples_of_ten_bits_are_mixed_with_white(ffmpeg, tmp_path):
    half = "format=yuva444p10le,geq=lum=64:cb=512:cr=512:a=512"
    lr_video = tmp_path / "a.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=s=16x16:d=0.1", "-vf", half, "-c:v", "ffv1", lr_video)
    reader = VideoReader(lr_video)
    converter = Converter(reader.colour)
    image = next(iter(reader.frames())).image
    reader.close()
    pixels = laid_on_white(converter.to_rgb(image, reader.size), converter.alpha_of(image, reader.size))
    assert pixels.dtype == np.uint16
    assert np.abs(pixels / 65535 - (1 - 512 / 1023)).max() < 0.01
