"""PNGs written chunk by chunk: their transparency, colours, texts and damage."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from srgan.images.read import read_picture
from srgan.images.write import write_picture

ROWS, COLUMNS = np.mgrid[:16, :24]
PHOTO = np.stack((COLUMNS * 10, ROWS * 15, (COLUMNS + ROWS) * 6), axis=2).astype(np.uint8)
P3 = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples, depth, chunks=()):
    """``samples``: (height, width) grey or (height, width, 3)."""
    rows = []
    for row in samples.reshape(samples.shape[0], -1):
        if depth < 8:
            bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth :]
            rows.append(b"\0" + np.packbits(bits.ravel()).tobytes())
        else:
            rows.append(b"\0" + row.astype(f">u{depth // 8}").tobytes())
    kind = 0 if samples.ndim == 2 else 2
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, kind, 0, 0, 0)
    middle = b"".join(chunk(*parts) for parts in chunks)
    pixels = chunk(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + middle + pixels + chunk(b"IEND", b"")


def read(data):
    return read_picture(io.BytesIO(data))


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_one_grey_is_transparent_whatever_the_depth(depth):
    samples = COLUMNS % 2 ** min(depth, 4)
    picture = read(png(samples, depth, [(b"tRNS", struct.pack(">H", 1))]))
    np.testing.assert_array_equal(picture.alpha == 0, samples == 1)


@pytest.mark.parametrize("depth", [8, 16])
def test_one_colour_is_transparent(depth):
    picture = read(png(PHOTO, depth, [(b"tRNS", struct.pack(">3H", *PHOTO[3, 5]))]))
    assert np.argwhere(picture.alpha == 0).tolist() == [[3, 5]]


def in_srgb(path):
    with Image.open(path) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        mode = "L" if profile.profile.xcolor_space == "GRAY" else "RGB"
        converted = ImageCms.profileToProfile(
            image.convert(mode), profile, ImageCms.createProfile("sRGB"), renderingIntent=1, outputMode="RGB"
        )
    return np.asarray(converted).astype(float)


def encoded(linear):
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("ending", ["png", "tiff", "webp"])
@pytest.mark.parametrize("is_grey", [True, False])
def test_gamma_is_kept_as_a_profile(tmp_path, ending, is_grey):
    samples = PHOTO[..., 0] if is_grey else PHOTO
    picture = read(png(samples, 8, [(b"gAMA", struct.pack(">I", 100_000))]))
    path = tmp_path / f"a.{ending}"
    if is_grey and ending == "webp":
        pytest.skip("WebP has no grey")
    write_picture(path, [picture.pixels], size=picture.size, source=picture, quality=100)
    expected = encoded(picture.pixels / 255)
    assert np.abs(in_srgb(path) - expected).mean() < (1.5 if ending != "webp" else 8)


@pytest.mark.parametrize("chunks", [[(b"cHRM", P3)], [(b"cICP", bytes((12, 13, 0, 1)))]])
def test_wide_colours_are_kept_as_a_profile(tmp_path, chunks):
    picture = read(png(PHOTO, 8, chunks))
    write_picture(tmp_path / "a.png", [picture.pixels], size=picture.size, source=picture)
    linear = np.where(PHOTO / 255 <= 0.04045, PHOTO / 255 / 12.92, ((PHOTO / 255 + 0.055) / 1.055) ** 2.4)
    # From Display P3 to sRGB, by the CSS Color 4 specification.
    matrix = [[1.2249401, -0.2249404, 0], [-0.0420569, 1.0420571, 0], [-0.0196376, -0.0786361, 1.0982735]]
    expected = encoded((linear @ np.array(matrix).T).clip(0, 1))
    assert np.abs(in_srgb(tmp_path / "a.png") - expected).mean() < 1


def test_srgb_stays_srgb(tmp_path):
    for chunks in ([(b"sRGB", b"\0")], [(b"gAMA", struct.pack(">I", 45455))]):
        picture = read(png(PHOTO, 8, chunks))
        write_picture(tmp_path / "a.png", [picture.pixels], size=picture.size, source=picture)
        assert np.abs(in_srgb(tmp_path / "a.png") - PHOTO).max() <= 1


def test_hdr_is_converted_and_that_is_said():
    """White of 203 nits, 0.5807 in PQ by ITU-R BT.2408, becomes nearly white; half its light 188 of 255."""
    white, half = round(0.5807 * 65535), round(0.5104 * 65535)
    samples = np.full((4, 4, 3), white, np.uint16)
    samples[:, :2] = half
    picture = read(png(samples, 16, [(b"cICP", bytes((9, 16, 0, 1)))]))
    assert "HDR" in picture.notes[0]
    assert 210 < picture.pixels[0, 3, 0] / 257 <= 255
    assert picture.pixels[0, 0, 0] / 257 == pytest.approx(188, abs=3)


def test_what_is_damaged_besides_the_pixels_costs_only_itself():
    bad = bytearray(
        png(
            PHOTO,
            8,
            [(b"tIME", bytes(7)), (b"iCCP", b"x\0\0" + zlib.compress(b"rubbish")), (b"eXIf", b"rubbish")],
        )
    )
    bad[bad.index(b"tIME") + 8] ^= 1  # its check sum is wrong then
    picture = read(bytes(bad[:-12]))
    np.testing.assert_array_equal(picture.pixels, PHOTO)
    (note,) = picture.notes
    assert all(word in note for word in ("tIME", "colour profile", "EXIF", "end mark"))


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_large_texts_and_profiles_are_read_or_left_out(kind):
    for size, is_read in ((2_000_000, kind == b"zTXt"), (50_000_000, False)):
        data = b"Comment\0\0" + zlib.compress(bytes(size))
        picture = read(png(PHOTO, 8, [(kind, data)]))
        np.testing.assert_array_equal(picture.pixels, PHOTO)
        assert is_read == (not picture.notes)


def test_a_raw_profile_that_is_no_hexadecimal_number_is_left_out():
    picture = read(png(PHOTO, 8, [(b"tEXt", b"Raw profile type exif\0\nexif\n 9\nnothing")]))
    np.testing.assert_array_equal(picture.pixels, PHOTO)
    assert "EXIF" in picture.notes[0]


def test_texts_are_kept(tmp_path):
    texts = [(b"tEXt", b"Author\0M\xfcller"), (b"iTXt", b"Title\0\0\0\0\0" + "日本".encode())]
    picture = read(png(PHOTO, 8, texts))
    write_picture(tmp_path / "a.png", [picture.pixels], size=picture.size, source=picture)
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert (image.text["Author"], image.text["Title"]) == ("Müller", "日本")
