"""Small pictures of every format with bytes changed at random: read, or refused in one plain line."""

import io
import random
import re
import struct
import subprocess
import sys
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from srgan.errors import ImageError
from srgan.images.animation import read_frames
from srgan.images.read import read_picture

PHOTO = np.stack(np.meshgrid(np.arange(24) * 10, np.arange(16) * 15) * 2, axis=2)[..., :3].astype(np.uint8)

ENDINGS = ("png", "jpg", "webp", "tiff", "deflated", "bmp", "gif", "avif", "heic")


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


def damaged(whole, choice, *, is_cut):
    content = bytearray(whole)
    for _ in range(choice.choice((1, 2, 6))):
        content[choice.randrange(4, len(content))] = choice.choice((0, 255, choice.randrange(256)))
    if is_cut:
        del content[choice.randrange(8, len(content)) :]
    return bytes(content)


def refusal(read, content):
    """What is said of it; nothing where it can be read."""
    try:
        read(io.BytesIO(content))
    except ImageError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("ending", ENDINGS)
def test_is_read_or_refused_in_one_plain_line(ending):
    whole, choice = encoded(ending), random.Random(0)
    refused = 0
    for number in range(60):
        content = damaged(whole, choice, is_cut=number % 5 == 0)
        for read in (read_picture, lambda file: list(read_frames(file).frames)):
            message = refusal(read, content)
            refused += bool(message)
            assert re.search(r"\n|Error|vips|libtiff|struct|NoneType", message) is None
    assert refused


def test_libraries_say_nothing_beside_it(tmp_path):
    choice = random.Random(0)
    for ending in ENDINGS:
        whole = encoded(ending)
        for number in range(20):
            (tmp_path / f"{number}.{ending}").write_bytes(damaged(whole, choice, is_cut=number % 5 == 0))
    script = (
        "import sys, pathlib; from srgan.images.read import read_picture\n"
        "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "  try: read_picture(path)\n"
        "  except Exception as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True
    )
    assert {*done.stdout.split()} == {"ImageError"}
    assert done.stderr == ""


def claiming(ending, side):
    """A small picture that says that it is square and large."""
    content = bytearray(encoded(ending))
    if ending == "jpg":
        struct.pack_into(">HH", content, content.index(b"\xff\xc0") + 5, side, side)
    elif ending == "gif":
        struct.pack_into("<HH", content, 6, side, side)
    else:
        struct.pack_into(">II", content, 16, side, side)
        struct.pack_into(">I", content, 29, zlib.crc32(content[12:29]))
    return bytes(content)


@pytest.mark.parametrize("ending", ["png", "jpg", "gif"])
def test_sizes_that_the_file_cannot_hold_are_refused(monkeypatch, ending):
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("something is allocated"))
    with pytest.raises(ImageError, match="too short for its size"):
        read_picture(io.BytesIO(claiming(ending, 15_000)))


@pytest.mark.parametrize("ending", ["png", "jpg", "gif"])
def test_large_pictures_of_one_colour_are_not_taken_for_such(ending):
    buffer = io.BytesIO()
    options = {"quality": 1, "optimize": True, "progressive": True} if ending == "jpg" else {}
    image = Image.new("P" if ending == "gif" else "L", (2000, 2000))
    image.save(buffer, {"jpg": "jpeg"}.get(ending, ending), **options)
    assert read_picture(buffer).size == (2000, 2000)


@pytest.mark.parametrize("error", [RuntimeError, IndexError, KeyError, Image.DecompressionBombError])
def test_whatever_a_decoder_raises_is_damage_in_plain_words(monkeypatch, error):
    def fail(*_, **__):
        raise error("Decoder.parse: bad box")

    monkeypatch.setattr("PIL.Image.open", fail)
    with pytest.raises(ImageError, match=r"^the picture: is damaged or cut short$"):
        read_picture(io.BytesIO(encoded("avif")))
