"""Small pictures of every format with bytes changed at random: read, or refused in one plain line."""

import io
import random
import re

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from srgan.errors import ImageError
from srgan.images.animation import read_frames
from srgan.images.read import read_picture

PHOTO = np.stack(np.meshgrid(np.arange(24) * 10, np.arange(16) * 15) * 2, axis=2)[..., :3].astype(np.uint8)


def encoded(ending):
    buffer = io.BytesIO()
    image = Image.fromarray(PHOTO)
    others = [Image.fromarray(np.roll(PHOTO, 3, axis=1))]
    if ending == "heic":
        pillow_heif.from_pillow(image).save(buffer)
    elif ending in ("png", "gif", "webp", "avif"):
        image.save(buffer, ending, save_all=True, append_images=others)
    elif ending == "deflated":
        image.save(buffer, "tiff", compression="tiff_adobe_deflate")
    else:
        image.save(buffer, {"jpg": "jpeg"}.get(ending, ending))
    return buffer.getvalue()


def refusal(read, content):
    """What is said of it; nothing where it can be read."""
    try:
        read(io.BytesIO(content))
    except ImageError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tiff", "deflated", "bmp", "gif", "avif", "heic"])
def test_is_read_or_refused_in_one_plain_line(ending, capfd):
    whole, choice = encoded(ending), random.Random(0)
    refused = 0
    for number in range(60):
        content = bytearray(whole)
        for _ in range(choice.choice((1, 2, 6))):
            content[choice.randrange(4, len(content))] = choice.choice((0, 255, choice.randrange(256)))
        if number % 5 == 0:
            del content[choice.randrange(8, len(content)) :]
        for read in (read_picture, lambda file: list(read_frames(file).frames)):
            message = refusal(read, bytes(content))
            refused += bool(message)
            assert re.search(r"\n|Error|vips|libtiff|struct|NoneType", message) is None
    assert refused
    assert capfd.readouterr() == ("", "")  # nor do libraries say anything beside it


@pytest.mark.parametrize("error", [RuntimeError, IndexError, KeyError, Image.DecompressionBombError])
def test_whatever_a_decoder_raises_is_damage_in_plain_words(monkeypatch, error):
    def fail(*_, **__):
        raise error("Decoder.parse: bad box")

    monkeypatch.setattr("PIL.Image.open", fail)
    with pytest.raises(ImageError, match=r"^the picture: is damaged or cut short$"):
        read_picture(io.BytesIO(encoded("avif")))
