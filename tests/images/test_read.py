"""Files of every kind, made here by Pillow and libvips, and read back."""

import io
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pillow_heif
import pytest
import pyvips
import skimage.data
import tifffile
from PIL import Image, ImageCms, ImageOps

from srgan.errors import ImageError, UsageError
from srgan.images.read import list_pictures, read_picture

PHOTO = skimage.data.astronaut()[40:160, 150:250]  # 120 high, 100 wide
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ENDINGS = ["png", "jpg", "webp", "tiff", "bmp", "avif", "gif"]


def vips_file(path, array, interpretation):
    image = pyvips.Image.new_from_array(array).copy(interpretation=interpretation)
    image.write_to_file(str(path))


def png_header(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_reads_as_pillow_does(tmp_path, ending, mode):
    path = tmp_path / f"Фото 写真 é.{ending}"
    Image.fromarray(PHOTO).convert(mode).save(path)
    picture = read_picture(path)
    with Image.open(path) as image:
        expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(picture.pixels, expected)
    assert picture.pixels.flags["C_CONTIGUOUS"]
    assert picture.alpha is None
    assert picture.size == (100, 120)
    if mode == "RGB":
        assert (picture.grey, picture.bands) == (False, 3)
    elif ending not in ("webp", "avif", "gif"):
        assert (picture.grey, picture.bands) == (True, 1)


def test_reads_heic(tmp_path):
    path = tmp_path / "a.heic"
    pillow_heif.from_pillow(Image.fromarray(PHOTO)).save(path, quality=95)
    picture = read_picture(path)
    assert picture.size == (100, 120)
    assert np.abs(picture.pixels.astype(int) - PHOTO).mean() < 3


def test_goes_by_the_content_not_the_name(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(PHOTO).save(path, "JPEG", quality=95)
    assert read_picture(path).size == (100, 120)


def test_palette_with_and_without_transparency(tmp_path):
    opaque = Image.fromarray(PHOTO).quantize(16)
    opaque.save(tmp_path / "opaque.png")
    opaque.save(tmp_path / "holes.png", transparency=opaque.getpixel((0, 0)))
    assert read_picture(tmp_path / "opaque.png").alpha is None
    picture = read_picture(tmp_path / "holes.png")
    index = np.asarray(opaque)
    np.testing.assert_array_equal(picture.alpha, np.where(index == index[0, 0], 0, 255))
    visible = picture.alpha > 0
    np.testing.assert_array_equal(picture.pixels[visible], np.asarray(opaque.convert("RGB"))[visible])


def test_one_bit(tmp_path):
    Image.fromarray(PHOTO).convert("1").save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert set(np.unique(picture.pixels)) == {0, 255}
    assert (picture.bands, picture.grey) == (1, True)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_take_the_colours_beside_them(tmp_path, mode):
    array = np.zeros((20, 20, 4), np.uint8)  # transparent black, the usual filling
    array[5:15, 5:15] = (210, 210, 210, 255)
    Image.fromarray(array).convert(mode).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.alpha, array[..., 3])
    assert (picture.pixels == 210).all()
    assert picture.bands == (1 if mode == "LA" else 3)
    assert picture.grey


def test_a_grey_picture_in_rgb_is_known_as_grey(tmp_path):
    grey = Image.fromarray(PHOTO).convert("L").convert("RGB")
    grey.save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").grey
    grey.putpixel((50, 60), (9, 9, 10))
    grey.save(tmp_path / "b.png")
    assert not read_picture(tmp_path / "b.png").grey


@pytest.mark.parametrize("ending", ["png", "tiff"])
@pytest.mark.parametrize(
    ("channels", "interpretation"), [(1, "grey16"), (2, "grey16"), (3, "rgb16"), (4, "rgb16")]
)
def test_sixteen_bits_stay_exact(tmp_path, ending, channels, interpretation):
    array = np.random.default_rng(0).integers(0, 65536, (30, 20, channels)).astype(np.uint16)
    if channels in (2, 4):
        array[..., -1] |= 1
    path = tmp_path / f"a.{ending}"
    vips_file(path, array, interpretation)
    picture = read_picture(path)
    assert picture.pixels.dtype == np.uint16
    colours = array[..., :1] if channels <= 2 else array[..., :3]
    np.testing.assert_array_equal(picture.pixels, np.broadcast_to(colours, (30, 20, 3)))
    assert picture.bands == (1 if channels <= 2 else 3)
    if channels in (2, 4):
        np.testing.assert_array_equal(picture.alpha, array[..., -1])


def test_dark_sixteen_bits_are_not_taken_for_eight(tmp_path):
    array = np.random.default_rng(0).integers(0, 200, (30, 20, 3)).astype(np.uint16)
    vips_file(tmp_path / "a.png", array, "rgb16")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png").pixels, array)


def test_the_file_is_read_anew_after_it_changed(tmp_path):
    for value in (1000, 2000):
        vips_file(tmp_path / "a.png", np.full((4, 4, 3), value, np.uint16), "rgb16")
        assert (read_picture(tmp_path / "a.png").pixels == value).all()


def test_cmyk_without_a_profile(tmp_path):
    image = Image.fromarray(PHOTO).convert("CMYK")
    image.save(tmp_path / "a.tiff")
    image.save(tmp_path / "a.jpg", quality=100, subsampling=0)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tiff").pixels, np.asarray(image.convert("RGB")))
    assert np.abs(read_picture(tmp_path / "a.jpg").pixels.astype(int) - PHOTO).mean() < 2


def test_cmyk_by_its_profile(tmp_path):
    profile = pyvips.Operation.call("profile_load", "cmyk")  # libvips brings one along
    image = Image.fromarray(PHOTO).convert("CMYK")
    image.save(tmp_path / "a.tiff", icc_profile=profile)
    picture = read_picture(tmp_path / "a.tiff")
    # Little CMS again, but driven by libvips.
    samples = pyvips.Image.new_from_array(np.asarray(image)).copy(interpretation="cmyk")
    samples.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    expected = samples.icc_transform("srgb", embedded=True, intent="relative", black_point_compensation=True)
    assert np.abs(picture.pixels.astype(int) - expected.numpy()).mean() < 1.5
    assert np.abs(picture.pixels - np.asarray(image.convert("RGB")).astype(int)).mean() > 5
    assert picture.icc_profile is None


def test_lab(tmp_path):
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    ImageCms.applyTransform(Image.fromarray(PHOTO), to_lab).save(tmp_path / "a.tiff")
    assert np.abs(read_picture(tmp_path / "a.tiff").pixels.astype(int) - PHOTO).mean() < 2


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tiff", "avif"])
def test_keeps_profile_exif_and_resolution(tmp_path, ending):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    path = tmp_path / f"a.{ending}"
    Image.fromarray(PHOTO).save(path, icc_profile=SRGB, exif=exif.tobytes(), dpi=(300, 300))
    picture = read_picture(path)
    assert picture.icc_profile == SRGB
    kept = Image.Exif()
    kept.load(picture.exif)
    assert kept[0x010F] == "Maker"
    assert kept.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    if ending in ("png", "jpg", "tiff"):
        assert picture.dpi == pytest.approx((300, 300), rel=1e-4)


def test_drops_a_profile_for_other_colours(tmp_path):
    Image.fromarray(PHOTO).convert("L").save(tmp_path / "a.tiff", icc_profile=SRGB)
    assert read_picture(tmp_path / "a.tiff").icc_profile is None


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tiff", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_reset(tmp_path, ending, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Maker"
    path = tmp_path / f"a.{ending}"
    Image.fromarray(PHOTO).save(path, exif=exif.tobytes())
    picture = read_picture(path)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    np.testing.assert_array_equal(picture.pixels, expected)
    assert picture.size == ((120, 100) if orientation >= 5 else (100, 120))
    kept = Image.Exif()
    kept.load(picture.exif)
    assert kept.get(0x0112, 1) == 1


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_orientation_of_sixteen_bit_tiff(tmp_path, orientation):
    array = np.random.default_rng(0).integers(0, 65536, (30, 20, 3)).astype(np.uint16)
    image = pyvips.Image.new_from_array(array).copy(interpretation="rgb16")
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    image.tiffsave(str(tmp_path / "a.tiff"))
    turned = {1: array, 3: array[::-1, ::-1], 6: np.rot90(array, -1)}
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tiff").pixels, turned[orientation])


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"MM\0*\0\0\0\x08\0\x09\x01\x12", b"II*\0\xff\xff\xff\xff"]
)
def test_a_damaged_exif_block_costs_only_itself(tmp_path, exif):
    Image.fromarray(PHOTO).save(tmp_path / "a.webp", exif=exif, lossless=True)
    picture = read_picture(tmp_path / "a.webp")
    np.testing.assert_array_equal(picture.pixels, PHOTO)
    assert picture.exif is None


def error_of(path, **options):
    with pytest.raises(ImageError) as caught:
        read_picture(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message


def test_says_what_is_wrong_with_a_file(tmp_path):
    empty, text, zero = tmp_path / "empty.png", tmp_path / "text.jpg", tmp_path / "zero.png"
    empty.touch()
    text.write_text("not a picture")
    zero.write_bytes(png_header(0, 10))
    assert "no such file" in error_of(tmp_path / "absent.png")
    assert "folder" in error_of(tmp_path)
    assert "empty (0 bytes)" in error_of(empty)
    assert "not a picture" in error_of(text)
    assert "no pixels" in error_of(zero) or "damaged" in error_of(zero)


@pytest.mark.parametrize("ending", [*ENDINGS, "heic"])
@pytest.mark.parametrize("kept", [0.05, 0.6])
def test_says_that_a_file_is_cut_short(tmp_path, ending, kept):
    path = tmp_path / f"a.{ending}"
    if ending == "heic":
        pillow_heif.from_pillow(Image.fromarray(PHOTO)).save(path)
    else:
        Image.fromarray(PHOTO).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    assert "damaged or cut short" in error_of(path)


@pytest.mark.parametrize(("ending", "channels"), [("png", 3), ("tiff", 3), ("tiff", 2)])
@pytest.mark.parametrize("kept", [0.02, 0.6])
def test_says_that_a_sixteen_bit_file_is_cut_short(tmp_path, ending, channels, kept):
    array = np.random.default_rng(0).integers(0, 65536, (100, 100, channels)).astype(np.uint16)
    path = tmp_path / f"a.{ending}"
    vips_file(path, array, "rgb16" if channels == 3 else "grey16")
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    assert "damaged or cut short" in error_of(path)


def test_refuses_a_bomb_before_decoding_it(tmp_path):
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png_header(60_000, 60_000))
    assert "3600000000" in error_of(bomb)


@pytest.mark.parametrize("channels", [2, 3])
def test_the_limit_can_be_set(tmp_path, channels):
    path = tmp_path / "a.tiff"
    vips_file(path, np.zeros((10, 10, channels), np.uint16), "rgb16" if channels == 3 else "grey16")
    assert "limit to 100" in error_of(path, max_pixels=99)
    assert read_picture(path, max_pixels=100).size == (10, 10)


def test_a_picture_beyond_pillows_own_limit_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.fromarray(PHOTO).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png").pixels, PHOTO)
    assert Image.MAX_IMAGE_PIXELS == 100


def test_says_that_samples_are_of_another_kind(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.int32)).save(tmp_path / "a.tiff")
    assert "32 bits" in error_of(tmp_path / "a.tiff")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read everything")
def test_says_that_permission_is_missing(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(PHOTO).save(path)
    path.chmod(0)
    assert "permission" in error_of(path)


def test_permission_by_the_error_that_the_system_gives(tmp_path, monkeypatch):
    path = tmp_path / "a.png"

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    assert "no permission" in error_of(path)


def test_lists_pictures(tmp_path):
    for name in ("b.PNG", "a.jpg", "notes.txt", ".hidden.png", "in/c.webp", "in/.d/e.png", ".in/f.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    assert list_pictures(tmp_path) == [tmp_path / "a.jpg", tmp_path / "b.PNG"]
    everything = [tmp_path / "a.jpg", tmp_path / "b.PNG", tmp_path / "in" / "c.webp"]
    assert list_pictures(tmp_path, recursive=True) == everything
    with pytest.raises(ImageError, match="cannot be listed"):
        list_pictures(tmp_path / "absent")


def test_links_to_folders_are_followed_but_never_in_circles(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.png").touch()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "other").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "back").symlink_to(tmp_path / "a")
    found = list_pictures(tmp_path / "a", recursive=True)
    assert {path.relative_to(tmp_path).as_posix() for path in found} >= {"a/a.png", "a/other/b.png"}
    assert len(found) < 10
    assert len({path.resolve() for path in found}) == 2


def test_png_and_jpeg_need_neither_libvips_nor_libheif(tmp_path):
    for ending in ("png", "jpg"):
        Image.fromarray(PHOTO).save(tmp_path / f"a.{ending}")
    program = (
        "import sys; sys.modules['pyvips'] = sys.modules['pillow_heif'] = None\n"
        "from srgan.images.read import read_picture\n"
        "for name in sys.argv[1:]: assert read_picture(name).size == (100, 120)\n"
    )
    names = [str(tmp_path / "a.png"), str(tmp_path / "a.jpg")]
    subprocess.run([sys.executable, "-c", program, *names], check=True)


CMYK_PROFILE = pyvips.Operation.call("profile_load", "cmyk")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("extra", ["unassalpha", "assocalpha", "unspecified", None])
@pytest.mark.parametrize("layout", ["contig", "separate"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_cmyk_tiff_with_a_fifth_sample(tmp_path, dtype, extra, layout, byteorder):
    white = int(np.iinfo(dtype).max)
    rng = np.random.default_rng(0)
    inks, alpha = rng.integers(0, white + 1, (24, 31, 4)), rng.integers(1, white + 1, (24, 31, 1))
    stored = np.round(inks * (alpha / white)) if extra == "assocalpha" else inks
    samples = np.concatenate((stored, alpha), axis=2).astype(dtype)
    tifffile.imwrite(
        tmp_path / "a.tif",
        samples if layout == "contig" else samples.transpose(2, 0, 1),
        photometric="separated",
        planarconfig=layout,
        extrasamples=[extra] if extra else None,
        byteorder=byteorder,
    )
    picture = read_picture(tmp_path / "a.tif")
    assert picture.pixels.dtype == dtype
    plain = np.clip(stored / (alpha / white), 0, white) if extra == "assocalpha" else inks
    light = 1 - plain / white
    expected = light[..., :3] * light[..., 3:] * white
    assert np.abs(picture.pixels - expected).max() < 2  # levels: inks and their product are rounded
    if extra in ("unassalpha", "assocalpha"):
        np.testing.assert_array_equal(picture.alpha, alpha[..., 0])
    else:
        assert picture.alpha is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("extra", ["unassalpha", None])
def test_cmyk_tiff_in_any_depth_by_its_profile(tmp_path, dtype, extra):
    depth = 8 * np.dtype(dtype).itemsize
    image = np.asarray(Image.fromarray(PHOTO).convert("CMYK"))
    samples = (image.astype(np.uint16) * 257 if depth == 16 else image).astype(dtype)
    if extra:
        samples = np.dstack((samples, np.full(image.shape[:2], np.iinfo(dtype).max, dtype)))
    tifffile.imwrite(
        tmp_path / "a.tif",
        samples,
        photometric="separated",
        extrasamples=[extra] if extra else None,
        iccprofile=CMYK_PROFILE,
    )
    picture = read_picture(tmp_path / "a.tif")
    assert picture.pixels.dtype == dtype
    assert (picture.alpha is not None) == bool(extra)
    assert picture.icc_profile is None
    inks = Image.frombytes("CMYK", (100, 120), image.tobytes())
    expected = ImageCms.profileToProfile(
        inks,
        ImageCms.ImageCmsProfile(io.BytesIO(CMYK_PROFILE)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    found = picture.pixels.astype(float) * 255 / np.iinfo(dtype).max
    assert np.abs(found - np.asarray(expected)).mean() < 1


def test_planes_of_sixteen_bits_are_read_whole(tmp_path):
    array = np.random.default_rng(0).integers(0, 65536, (3, 24, 31)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, array.transpose(1, 2, 0))


class Pipe(io.RawIOBase):
    """A file object that can only be read forwards."""

    def __init__(self, content):
        self._content = io.BytesIO(content)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._content.readinto(buffer)


@pytest.mark.parametrize("name", ["png", "jpg", "webp", "tiff", "avif", "gif", "deep"])
def test_reads_file_objects_as_it_reads_files(tmp_path, name):
    path = tmp_path / "a"
    if name == "deep":
        array = np.random.default_rng(0).integers(0, 65536, (8, 9, 2)).astype(np.uint16)
        tifffile.imwrite(path, array, photometric="minisblack", extrasamples=["unassalpha"])
    else:
        Image.fromarray(PHOTO).save(path, {"jpg": "JPEG"}.get(name, name), dpi=(300, 300))
    expected, content = read_picture(path), path.read_bytes()
    with path.open("rb") as file:
        file.seek(3)  # wherever it stands
        opened = read_picture(file)
        assert not file.closed
    memory = io.BytesIO(content)
    for found in (opened, read_picture(memory), read_picture(Pipe(content)), read_picture(str(path))):
        np.testing.assert_array_equal(found.pixels, expected.pixels)
        assert (found.dpi, found.exif) == (expected.dpi, expected.exif)
    assert not memory.closed


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n half"])
def test_file_objects_that_hold_no_picture(content):
    with pytest.raises(ImageError, match="the picture: "):
        read_picture(io.BytesIO(content))


@pytest.mark.parametrize("source", [io.StringIO("text"), b"bytes", 3, None])
def test_what_is_neither_path_nor_file_is_told(source):
    with pytest.raises(UsageError):
        read_picture(source)


def test_too_many_pixels_name_the_field_and_what_it_would_take(tmp_path):
    Image.fromarray(PHOTO).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match="12000") as caught:
        read_picture(tmp_path / "a.png", max_pixels=11_999)
    assert caught.value.field == "max_pixels"
    assert "--" not in str(caught.value)
