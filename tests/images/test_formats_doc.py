"""The table of docs/reference/formats.md, against what is read, written and kept."""

from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

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


@pytest.mark.parametrize("name", table())
def test_the_table_says_what_is_so(tmp_path, name):
    says = table()[name]
    extension = EXTENSIONS.get(name, name.lower())
    path = tmp_path / f"a.{extension}"
    assert (says["written"] == "yes") == (extension in FORMATS or extension == "gif")
    if extension not in FORMATS:
        image = Image.new("RGB", (16, 16))
        pillow_heif.from_pillow(image).save(path) if extension == "heic" else image.save(path)
        assert read_picture(path).size == (16, 16)
        return
    source = full_picture()
    write_picture(path, [source.pixels], size=source.size, source=source)
    back = read_picture(path)
    kept = {
        "16 bit": back.pixels.dtype == np.uint16,
        "transparency": back.alpha is not None,
        "ICC profile": back.icc_profile == SRGB,
        "EXIF": b"Maker" in (back.exif or b""),
        "XMP": back.xmp == source.xmp,
        "IPTC": (back.iptc or b"").startswith(source.iptc),
        "resolution": back.dpi == pytest.approx((300, 300), rel=0.001),
    }
    assert kept == {column: says[column] == "yes" for column in kept}
