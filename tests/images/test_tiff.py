"""EXIF in TIFF files that libvips wrote, read back by Pillow, tifffile and libvips."""

import random
import struct

import numpy as np
import pytest
import pyvips
import skimage.data
import tifffile
from PIL import Image, ImageCms

from srgan.errors import OutputError
from srgan.images.metadata import settle_exif
from srgan.images.picture import Picture
from srgan.images.read import read_picture
from srgan.images.tiff import add_exif
from srgan.images.write import write_picture

PHOTO = skimage.data.astronaut()[40:160, 150:250]
IPTC = b"\x1c\x02\x50\0\5Bobby"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
INTERPRETATIONS = {("uint8", 1): "b-w", ("uint8", 3): "srgb", ("uint16", 1): "grey16", ("uint16", 3): "rgb16"}


@pytest.fixture
def exif():
    """As a camera writes it, with tags about the file that it was in."""
    tags = Image.Exif()
    tags[0x010F], tags[0x8298], tags[0x0112], tags[0x0100] = "Maker", "somebody", 1, 99
    inner = tags.get_ifd(0x8769)
    inner[0x9003], inner[0x829D], inner[0x9204] = "2020:01:02 03:04:05", 2.8, -1 / 3
    inner[0x927C], inner[0xA005] = bytes(range(200)), {1: "R98"}
    tags.get_ifd(0x8825)[2] = (48.0, 51.0, 29.5)
    return tags.tobytes().removeprefix(b"Exif\0\0")


def check_tags(path):
    with tifffile.TiffFile(path) as file:
        (page,) = file.pages
        tags = {tag.name: tag.value for tag in page.tags.values()}
    assert (tags["Make"], tags["Copyright"], tags["ImageWidth"]) == ("Maker", "somebody", 100)
    assert list(tags) == [tag.name for tag in sorted(page.tags.values(), key=lambda tag: tag.code)]
    inner = tags["ExifTag"]
    assert inner["DateTimeOriginal"] == "2020:01:02 03:04:05"
    assert (inner["FNumber"], inner["ExposureBiasValue"]) == pytest.approx((2.8, -1 / 3))
    assert inner["MakerNote"] == bytes(range(200))
    assert tags["GPSTag"]["GPSLatitude"] == (48, 1, 51, 1, 59, 2)


@pytest.mark.parametrize("is_big", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_exif_is_added_and_the_rest_stays(tmp_path, exif, is_big, dtype, channels):
    path = tmp_path / "a.tiff"
    alpha = np.arange(100, dtype=np.uint8)[None, :, None].repeat(120, 0)
    array = np.dstack((PHOTO[..., : 1 if channels <= 2 else 3], alpha))[..., :channels].astype(dtype)
    if dtype == np.uint16:
        array *= 257
    kind = INTERPRETATIONS[array.dtype.name, 1 if channels <= 2 else 3]
    image = pyvips.Image.new_from_array(array).copy(interpretation=kind, xres=10, yres=20)
    if channels >= 3:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", SRGB)
    image.tiffsave(str(path), bigtiff=is_big, compression="deflate", predictor="horizontal")
    before = path.read_bytes()

    with path.open("r+b") as file:
        add_exif(file, exif)

    check_tags(path)
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff == is_big
        np.testing.assert_array_equal(file.asarray().reshape(array.shape), array)
        tags = file.pages[0].tags
        assert channels < 3 or tags["InterColorProfile"].value == SRGB
        assert tags["XResolution"].value[0] / tags["XResolution"].value[1] == pytest.approx(254)
    again = pyvips.Image.new_from_file(str(path), fail_on="warning")
    np.testing.assert_array_equal(again.numpy().reshape(array.shape), array)
    if not (channels == 2 and dtype == np.uint16):  # which Pillow does not know
        with Image.open(path) as opened:
            kept = opened.getexif()
            assert kept[0x010F] == "Maker"
            assert kept.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
            assert kept.get_ifd(0xA005) == {1: "R98"}
    after = path.read_bytes()
    assert after[16 : len(before)] == before[16:]


@pytest.mark.parametrize("order", ["<", ">"])
def test_either_byte_order_is_understood(tmp_path, exif, order):
    tags = Image.Exif()
    tags.load(exif)
    tags.endian = order
    block = tags.tobytes().removeprefix(b"Exif\0\0")
    assert block[:2] == {"<": b"II", ">": b"MM"}[order]
    Image.fromarray(PHOTO).save(tmp_path / "a.tiff")
    with (tmp_path / "a.tiff").open("r+b") as file:
        add_exif(file, block)
    with tifffile.TiffFile(tmp_path / "a.tiff") as file:
        assert file.pages[0].tags["ExifTag"].value["FNumber"] == pytest.approx(2.8)
        np.testing.assert_array_equal(file.asarray(), PHOTO)


def test_a_damaged_block_adds_what_can_be_read_and_never_harms_the_picture(tmp_path, exif):
    choice = random.Random(0)
    path = tmp_path / "a.tiff"
    added = 0
    for number in range(150):
        block = bytearray(exif)
        for _ in range(choice.randint(1, 6)):
            block[choice.randrange(len(block) if number % 2 else 80)] = choice.randrange(256)
        if number % 3 == 0:
            del block[choice.randrange(8, len(block)) :]
        settled, _ = settle_exif(bytes(block))
        if settled is None:
            continue
        pyvips.Image.new_from_array(PHOTO).tiffsave(str(path))
        with path.open("r+b") as file:
            add_exif(file, settled)
        added += 1
        assert np.array_equal(pyvips.Image.new_from_file(str(path)).numpy(), PHOTO)
    assert added > 50


@pytest.mark.parametrize("is_big", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bit_grey_with_alpha_is_read_with_all_it_says(tmp_path, exif, is_big, orientation):
    tags = Image.Exif()
    tags.load(exif)
    samples = np.arange(6 * 4 * 2, dtype=np.uint16).reshape(6, 4, 2) * 1000 + 1
    image = pyvips.Image.new_from_array(samples).copy(interpretation="grey16", xres=10, yres=20)
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    image.tiffsave(str(tmp_path / "a.tiff"), bigtiff=is_big)
    with (tmp_path / "a.tiff").open("r+b") as file:
        add_exif(file, exif)

    picture = read_picture(tmp_path / "a.tiff")

    expected = np.dstack([_upright(samples[..., channel], orientation) for channel in range(2)])
    np.testing.assert_array_equal(picture.pixels[..., 0], expected[..., 0])
    np.testing.assert_array_equal(picture.alpha, expected[..., 1])
    turned = orientation >= 5
    assert picture.dpi == pytest.approx((508, 254) if turned else (254, 508))
    kept = Image.Exif()
    kept.load(picture.exif)
    assert (kept[0x0112], kept[0x010F]) == (1, "Maker")
    assert kept.get_ifd(0x8825)[2] == (48.0, 51.0, 29.5)


def test_big_endian_bigtiff_is_read_with_all_it_says(tmp_path):
    path, place = tmp_path / "a.tif", 0x7E57ABCD12345678
    tags = [
        (65000, "Q", 1, place, True),
        (33723, "B", 10, IPTC, True),
        (271, "s", 0, "Maker", True),
    ]
    options = {"photometric": "rgb", "byteorder": ">", "bigtiff": True, "resolution": (300, 200)}
    tifffile.imwrite(path, PHOTO, extratags=tags, resolutionunit="inch", **options)
    entry = struct.pack(">HHQQ", 65000, 16, 1, place)
    data = path.read_bytes().replace(entry, struct.pack(">H", 34665) + entry[2:])
    date = b"2020:01:02 03:04:05\0"
    inner = struct.pack(">Q", 3)
    inner += struct.pack(">HHQII", 0x829D, 5, 1, 28, 10)  # these eight bytes stand in the entry itself
    inner += struct.pack(">HHQH6x", 0x8827, 3, 1, 400)
    inner += struct.pack(">HHQQ", 0x9003, 2, len(date), len(data) + 8 + 3 * 20 + 8) + bytes(8) + date
    path.write_bytes(data.replace(struct.pack(">Q", place), struct.pack(">Q", len(data))) + inner)
    with tifffile.TiffFile(path) as file:
        assert file.pages[0].tags["ExifTag"].value["DateTimeOriginal"] == "2020:01:02 03:04:05"
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, PHOTO)
    kept = Image.Exif()
    kept.load(picture.exif)
    assert kept[0x010F] == "Maker"
    inner = kept.get_ifd(0x8769)
    assert (inner[0x829D], inner[0x8827], inner[0x9003]) == (2.8, 400, "2020:01:02 03:04:05")
    assert (picture.iptc, picture.dpi) == (IPTC, (300, 200))
    for value in (0, 1, 2**40):  # a place where there is none costs nothing else
        path.write_bytes(data.replace(struct.pack(">Q", place), struct.pack(">Q", value)))
        np.testing.assert_array_equal(read_picture(path).pixels, PHOTO)


def _upright(channel, orientation):
    """By Pillow's own table."""
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    image = Image.fromarray(channel)
    return np.asarray(image if turn is None else image.transpose(turn))


def test_a_grey_picture_with_alpha_keeps_all_through_a_round_trip(tmp_path, exif):
    array = np.dstack((PHOTO[..., 0], PHOTO[..., 1])).astype(np.uint16) * 257
    source = Picture.from_array(array[::4, ::4], exif=exif, dpi=(300, 300))
    write_picture(
        tmp_path / "a.tiff", [source.pixels.repeat(4, 0).repeat(4, 1)], size=(100, 120), source=source
    )
    check_tags(tmp_path / "a.tiff")
    back = read_picture(tmp_path / "a.tiff")
    assert (back.bands, back.pixels.dtype, back.dpi) == (1, np.uint16, pytest.approx((300, 300), rel=1e-4))


def test_a_disk_that_is_full_at_the_end_leaves_nothing(tmp_path, exif, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("srgan.images.write.add_exif", fail)
    with pytest.raises(OutputError, match=r"a\.tiff: cannot be written \(the disk is full\)"):
        write_picture(
            tmp_path / "a.tiff", [PHOTO], size=(100, 120), source=Picture.from_array(PHOTO, exif=exif)
        )
    assert not list(tmp_path.iterdir())
