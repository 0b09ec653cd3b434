"""The table of docs/reference/formats.md, against what is read, written and kept."""

import struct
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from srgan.errors import UsageError
from srgan.images.animation import check_animation, is_animated, write_frames
from srgan.images.formats import FORMATS
from srgan.images.picture import Picture
from srgan.images.read import read_picture
from srgan.images.write import write_picture

DOC = Path(__file__).parents[2] / "docs" / "reference" / "formats.md"
EXTENSIONS = {"JPEG": "jpg"}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def table():
    pictures = DOC.read_text(encoding="utf-8").split("## Videos")[0]
    rows = [line.strip("| ").split("|") for line in pictures.splitlines() if line[:1] == "|"]
    head, _, *body = [[cell.strip() for cell in row] for row in rows]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in body}


def full_picture():
    """16 bits, with all that a picture can carry."""
    samples = np.random.default_rng(0).integers(0, 65536, (16, 16, 4)).astype(np.uint16)
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    picture = Picture.from_array(samples, icc_profile=SRGB, exif=exif.tobytes()[6:], dpi=(300, 300))
    carried = {"xmp": b"<x:xmpmeta/>", "iptc": b"\x1c\x02\x50\x00\x03Bob"}
    return Picture(**{**vars(picture), **carried})


def write_by_pillow(path, source):
    """With all that Pillow and pillow-heif write."""
    pillow_heif.register_heif_opener()
    image = Image.fromarray(np.dstack((source.pixels >> 8, source.alpha >> 8)).astype(np.uint8))
    if path.suffix == ".bmp":
        # BITMAPV4HEADER, the first that has a mask for alpha: 11811 dots a metre are 300 an inch.
        head = struct.pack("<IiiHHIIiiII", 108, 16, -16, 1, 32, 3, 1024, 11811, 11811, 0, 0)
        head += struct.pack("<5I48x", 0xFF, 0xFF00, 0xFF0000, 0xFF000000, 0x73524742)
        path.write_bytes(struct.pack("<2sIHHI", b"BM", 1146, 0, 0, 122) + head + image.tobytes())
        return
    options = {"dpi": source.dpi}
    if path.suffix == ".heic":
        tags = Image.Exif()
        tags.load(source.exif)
        tags[0x011A] = tags[0x011B] = 300.0
        tags[0x0128] = 2
        options = {"icc_profile": source.icc_profile, "exif": tags.tobytes(), "xmp": source.xmp}
    image.save(path, **options)


@pytest.mark.parametrize("name", table())
def test_the_table_says_what_moves(tmp_path, name):
    says, extension = table()[name], EXTENSIONS.get(name, name.lower())
    pillow_heif.register_heif_opener()
    images = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    several = {} if name == "BMP" else {"save_all": True, "append_images": images[1:]}
    images[0].save(tmp_path / f"a.{extension}", "MPO" if name == "JPEG" else None, **several)
    assert is_animated(tmp_path / f"a.{extension}") == (says["moving"] in ("yes", "read"))
    if says["moving"] == "yes":
        write_frames(tmp_path / f"b.{extension}", map(np.asarray, images), size=(16, 16), durations=(40, 40))
        assert is_animated(tmp_path / f"b.{extension}")
    else:
        with pytest.raises(UsageError):
            check_animation(tmp_path / f"b.{extension}", (16, 16), frames=2)


@pytest.mark.parametrize("name", table())
def test_the_table_says_what_is_so(tmp_path, name):
    says = table()[name]
    extension = EXTENSIONS.get(name, name.lower())
    path = tmp_path / f"a.{extension}"
    assert (says["written"] == "yes") == (extension in FORMATS or extension == "gif")
    source = full_picture()
    if extension in FORMATS:
        write_picture(path, [source.pixels], size=source.size, source=source)
    else:
        write_by_pillow(path, source)
    back = read_picture(path)
    assert back.size == source.size
    kept = {
        "16 bit": back.pixels.dtype == np.uint16,
        "transparency": back.alpha is not None,
        "ICC profile": back.icc_profile == SRGB,
        "EXIF": b"Maker" in (back.exif or b""),
        "XMP": back.xmp == source.xmp,
        "IPTC": (back.iptc or b"").startswith(source.iptc),
        "resolution": back.dpi == pytest.approx((300, 300), rel=0.001),
    }
    assert kept == {column: says[column] in ("yes", "on or off") for column in kept}
