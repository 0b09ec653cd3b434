"""What pictures carry, from each format to each; read back by Pillow, tifffile and pillow-heif."""

import dataclasses
import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
import skimage.data
import tifffile
from PIL import Image, ImageCms

from srgan.images.animation import read_frames
from srgan.images.losses import losses
from srgan.images.read import read_picture
from srgan.images.write import write_picture

PHOTO = skimage.data.astronaut()[40:88, 150:214]
XMP = '<x:xmpmeta tiff:Orientation="1">Müller</x:xmpmeta>'.encode()
IPTC = b"\x1c\x02\x50\x00\x0aPhotograph"
TARGETS = ["png", "jpg", "tiff", "webp", "avif"]


def save(path, **options):
    image = Image.fromarray(PHOTO)
    if path.suffix == ".heic":
        pillow_heif.from_pillow(image).save(path, **options)
    else:
        image.save(path, **options)
    return path


def written(picture, path):
    write_picture(path, [picture.pixels], size=picture.size, source=picture)
    return path


def exif():
    block = Image.Exif()
    block.update({0x011A: 300.0, 0x011B: 150.0, 0x0128: 2})
    block[0x8298] = "© Müller".encode()
    block.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    return block.tobytes()


@pytest.mark.parametrize("ending", ["webp", "avif", "heic", "jpg"])
def test_the_resolution_of_exif_is_taken_where_it_is_the_only_one(tmp_path, ending):
    picture = read_picture(save(tmp_path / f"a.{ending}", exif=exif()))
    assert picture.dpi == (300, 150)
    for target in TARGETS:
        again = read_picture(written(picture, tmp_path / f"b.{target}"))
        assert again.dpi == pytest.approx((300, 150), rel=0.001), target


def test_the_resolution_of_jfif_goes_before_that_of_exif(tmp_path):
    assert read_picture(save(tmp_path / "a.jpg", exif=exif(), dpi=(96, 96))).dpi == (96, 96)


@pytest.mark.parametrize("source", ["jpg", "tiff", "webp"])
@pytest.mark.parametrize("target", TARGETS)
def test_texts_in_utf8_stay_as_they_are(tmp_path, source, target):
    if source == "tiff":
        tags = [(0x8298, 2, None, "© Müller".encode() + b"\0", True)]
        tifffile.imwrite(tmp_path / "a.tiff", PHOTO, photometric="rgb", extratags=tags)
    else:
        save(tmp_path / f"a.{source}", exif=exif())
    picture = read_picture(tmp_path / f"a.{source}")
    assert "© Müller".encode() in written(picture, tmp_path / f"b.{target}").read_bytes()


def xmp_of(path):
    if path.suffix == ".tiff":
        with tifffile.TiffFile(path) as file:
            return file.pages[0].tags[700].value
    with Image.open(path) as image:
        image.load()
        found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    return found.encode() if isinstance(found, str) else found


@pytest.mark.parametrize("source", ["png", "jpg", "webp", "avif", "heic", "tiff"])
def test_xmp_goes_from_every_format_to_every_format(tmp_path, source):
    if source == "tiff":
        tags = [(700, 7, len(XMP), XMP, True)]
        tifffile.imwrite(tmp_path / "a.tiff", PHOTO, photometric="rgb", extratags=tags)
    elif source == "png":
        plain = read_picture(save(tmp_path / "b.png"))
        write_picture(
            tmp_path / "a.png", [plain.pixels], size=plain.size, source=with_carried(plain, xmp=XMP)
        )
    else:
        save(tmp_path / f"a.{source}", xmp=XMP.replace(b'"1"', b'"6"'))
    picture = read_picture(tmp_path / f"a.{source}")
    # pillow-heif leaves the orientation out.
    expected = picture.xmp if source == "heic" else XMP
    assert "Müller".encode() in expected
    for target in TARGETS:
        assert xmp_of(written(picture, tmp_path / f"c.{target}")) == expected, target


def with_carried(picture, **carried):
    return dataclasses.replace(picture, **carried)


def test_iptc_is_kept_in_jpeg_and_tiff_and_missed_by_name_elsewhere(tmp_path):
    plain = read_picture(save(tmp_path / "a.png"))
    first = read_picture(written(with_carried(plain, iptc=IPTC), tmp_path / "a.jpg"))
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.info["photoshop"][0x0404] == IPTC
    second = read_picture(written(first, tmp_path / "b.tiff"))
    with tifffile.TiffFile(tmp_path / "b.tiff") as file:
        assert file.pages[0].tags[33723].value == IPTC
        np.testing.assert_array_equal(file.asarray(), first.pixels)
    assert (first.iptc, second.iptc) == (IPTC, IPTC)
    assert [losses(second, name) for name in ("jpg", "tiff", "png")] == [(), (), ("IPTC",)]


def test_what_is_too_long_for_a_jpeg_is_missed_by_name(tmp_path):
    long = with_carried(read_picture(save(tmp_path / "a.png")), xmp=b"x" * 70_000, iptc=IPTC + b"x" * 70_000)
    written(long, tmp_path / "a.jpg")
    assert xmp_of(tmp_path / "a.jpg") is None
    assert losses(long, "jpg") == ("so much XMP", "so much IPTC")


@pytest.mark.parametrize("ending", ["avif", "heic"])
def test_colours_of_nclx_are_kept(tmp_path, ending):
    """Display P3 by its number, 12, as a profile whose red is that of P3."""
    path = save(tmp_path / f"a.{ending}")
    content = bytearray(path.read_bytes())
    start = content.find(b"colrnclx")
    if start < 0:
        pytest.skip("this encoder states no colours")
    struct.pack_into(">HH", content, start + 8, 12, 13)
    path.write_bytes(content)
    picture = read_picture(path)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.icc_profile)).profile
    assert profile.red_colorant[0] == pytest.approx((0.5151, 0.2412, -0.0011), abs=0.001)


def test_damaged_exif_is_missed_by_name(tmp_path):
    content = bytearray(save(tmp_path / "a.jpg", exif=exif()).read_bytes())
    start = content.index(b"Exif\0\0")
    content[start + 6 : start + 14] = b"rubbish!"
    (tmp_path / "a.jpg").write_bytes(content)
    assert "EXIF" in read_picture(tmp_path / "a.jpg").notes[0]


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_its_end_mark_alone_is_read(tmp_path, progressive):
    path = save(tmp_path / "a.jpg", progressive=progressive)
    content, whole = path.read_bytes(), read_picture(path)
    for missing in (1, 2):
        path.write_bytes(content[:-missing])
        picture = read_picture(path)
        np.testing.assert_array_equal(picture.pixels, whole.pixels)
        assert "end mark" in picture.notes[0]
    last_scan = content.rindex(b"\xff\xda")
    for kept in (last_scan, len(content) - 200, len(content) // 2):
        path.write_bytes(content[:kept])
        with pytest.raises(Exception, match="damaged or cut short"):
            read_picture(path)


def test_what_else_is_written_in_a_picture_is_kept_or_said(tmp_path):
    image = Image.new("RGB", (16, 16), "red")
    image.save(tmp_path / "a.gif", comment=b"by hand, " * 40)
    end = bytes([1, *range(255, -1, -1), 0])  # that of XMP, by Adobe's specification
    content = (tmp_path / "a.gif").read_bytes()[:-1] + b"!\xff\x0bXMP DataXMP" + XMP + end + b";"
    (tmp_path / "a.gif").write_bytes(content)
    image.save(tmp_path / "a.jpg", comment=b"by hand")
    for name in ("a.gif", "a.jpg"):
        assert read_picture(tmp_path / name).notes == ("left out: its comment",)
    assert read_picture(tmp_path / "a.gif").xmp == XMP


def test_a_place_on_a_map_and_unknown_samples_are_said(tmp_path):
    tags = [(33922, "d", 6, (0.0, 0.0, 0.0, 11.5, 48.1, 0.0), True)]
    samples = np.zeros((16, 16, 5), np.uint8)
    options = {"photometric": "rgb", "planarconfig": "contig", "extrasamples": ["unspecified", "unassalpha"]}
    tifffile.imwrite(tmp_path / "a.tif", samples, extratags=tags, **options)
    (note,) = read_picture(tmp_path / "a.tif").notes
    assert "its place on a map" in note
    assert "samples beside the colours, 1 a pixel" in note


def test_a_moving_png_of_16_bits_moves(tmp_path):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = [zlib.compress(b"".join(b"\0" + bytes([value]) * 6 * 8 for _ in range(8))) for value in (10, 200)]
    control = struct.pack(">IIIIHHBB", 8, 8, 0, 0, 1, 10, 0, 0)
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0))
        + chunk(b"acTL", struct.pack(">II", 2, 0))
        + chunk(b"fcTL", struct.pack(">I", 0) + control)
        + chunk(b"IDAT", rows[0])
        + chunk(b"fcTL", struct.pack(">I", 1) + control)
        + chunk(b"fdAT", struct.pack(">I", 2) + rows[1])
        + chunk(b"IEND", b"")
    )
    animation = read_frames(tmp_path / "a.png")
    assert animation.durations == (100, 100)
    assert [frame.pixels.max() for frame in animation.frames] == [10, 200]
    assert any("16 bits" in note for note in animation.notes)
