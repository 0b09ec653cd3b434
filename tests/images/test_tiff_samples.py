"""TIFFs of every layout, written by tifffile, against what their tags say."""

import itertools
import re
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from srgan.errors import ImageError
from srgan.images.read import read_picture

COLOURS = {"minisblack": 1, "miniswhite": 1, "rgb": 3, "separated": 4, "cielab": 3}
EXTRAS = [None, "unspecified", "assocalpha", "unassalpha"]
CONTAINERS = [
    {},
    {"byteorder": ">"},
    {"bigtiff": True},
    {"bigtiff": True, "byteorder": ">"},
    {"tile": (16, 16)},
]
HEIGHT, WIDTH = 20, 32


def planes(kind, extra, dtype):
    """(samples, height, width), smooth, the colours multiplied by an associated alpha."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    white = np.iinfo(dtype).max
    count = COLOURS[kind] + (extra is not None)
    shares = np.stack([(np.sin(columns / 9 + k) + np.cos(rows / 7 + 2 * k) + 2) / 4 for k in range(count)])
    if kind == "cielab":
        shares[0] = 0.4 + 0.2 * shares[0]
        shares[1:3] = (shares[1:3] - 0.5) * 0.1 % 1  # little colour, so that sRGB holds it
    if extra == "assocalpha":
        shares[-1] = 0.5 + shares[-1] / 2
        shares[:-1] *= shares[-1]
    return np.rint(shares * white).astype(dtype)


def expected_colours(kind, extra, data):
    """(height, width, 1 or 3) in [0, 1], by the formulas of TIFF 6.0 and CIE."""
    white = np.iinfo(data.dtype).max
    shares = np.moveaxis(data[: COLOURS[kind]] / white, 0, -1)
    if extra == "assocalpha":
        shares = shares / (data[-1] / white)[..., None]
    if kind == "miniswhite":
        return 1 - shares
    if kind == "separated":
        return (1 - shares[..., :3]) * (1 - shares[..., 3:])
    return shares if kind != "cielab" else lab_to_srgb(shares)


def lab_to_srgb(shares):
    chroma = np.where(shares[..., 1:] < 0.5, shares[..., 1:], shares[..., 1:] - 1) * 256
    y = (shares[..., 0] * 100 + 16) / 116
    curved = np.stack((y + chroma[..., 0] / 500, y, y - chroma[..., 1] / 200), axis=2)
    xyz = np.where(curved > 6 / 29, curved**3, 3 * (6 / 29) ** 2 * (curved - 4 / 29)) * (0.9642, 1, 0.8249)
    matrix = [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.033454]]
    linear = (xyz @ np.array([*matrix, [0.0719453, -0.2289914, 1.4052427]]).T).clip(0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", COLOURS)
def test_every_layout_is_read_as_its_tags_say_or_refused(tmp_path, kind, dtype, planar):
    for extra, container in itertools.product(EXTRAS, CONTAINERS):
        if (kind == "cielab" and extra == "assocalpha") or (
            planar == "separate" and kind.startswith("minis")
        ):
            continue
        data = planes(kind, extra, dtype)
        options = {"photometric": kind, "extrasamples": [extra] if extra else None, **container}
        if len(data) == 1:
            data_as_written = data[0]
        else:
            data_as_written = data if planar == "separate" else np.moveaxis(data, 0, -1)
            options["planarconfig"] = planar
        tifffile.imwrite(tmp_path / "a.tif", data_as_written, **options)
        is_pillows = dtype == np.uint8 and extra is None and kind != "cielab"
        if planar == "separate" and "tile" in container and not is_pillows:
            with pytest.raises(ImageError, match="in separate tiles"):
                read_picture(tmp_path / "a.tif")
            continue
        picture = read_picture(tmp_path / "a.tif")
        white = np.iinfo(dtype).max
        assert picture.pixels.dtype == dtype
        wanted = expected_colours(kind, extra, data)
        tolerance = 0.02 if kind == "cielab" or extra == "assocalpha" else 0.008
        seen = slice(None) if picture.alpha is None else picture.alpha > 0
        np.testing.assert_allclose(
            (picture.pixels / white)[seen], (wanted + np.zeros(3))[seen], atol=tolerance
        )
        if extra in ("assocalpha", "unassalpha"):
            np.testing.assert_array_equal(picture.alpha, data[-1])
        else:
            assert picture.alpha is None, (extra, container)


@pytest.mark.parametrize("dtype", [np.uint32, np.float16, np.float32])
@pytest.mark.parametrize("kind", ["minisblack", "miniswhite", "rgb"])
def test_other_numbers_become_16_bits(tmp_path, kind, dtype):
    for extra, container in itertools.product(EXTRAS, CONTAINERS):
        shares = planes(kind, extra, np.uint16) / 65535
        data = (shares if dtype != np.uint32 else np.rint(shares * (2**32 - 1))).astype(dtype)
        tifffile.imwrite(
            tmp_path / "a.tif",
            np.moveaxis(data, 0, -1) if len(data) > 1 else data[0],
            photometric=kind,
            extrasamples=[extra] if extra else None,
            **container,
        )
        picture = read_picture(tmp_path / "a.tif")
        wanted = expected_colours(kind, extra, np.rint(shares * 65535).astype(np.uint16))
        tolerance = {np.uint32: 2e-5, np.float32: 2e-5, np.float16: 2e-3}[dtype] * (4 if extra else 1)
        assert picture.pixels.dtype == np.uint16
        np.testing.assert_allclose(picture.pixels / 65535, wanted + np.zeros(3), atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint32, np.int8, np.int16])
@pytest.mark.parametrize("kind", ["minisblack", "rgb", "separated"])
def test_numbers_that_say_nothing_of_white_are_refused_in_a_line(tmp_path, dtype, kind):
    if dtype == np.uint32 and kind != "separated":
        return
    shape = (HEIGHT, WIDTH, COLOURS[kind]) if COLOURS[kind] > 1 else (HEIGHT, WIDTH)
    for value in (1.5, np.nan, -0.5):
        with np.errstate(invalid="ignore"):
            tifffile.imwrite(tmp_path / "a.tif", np.full(shape, value).astype(dtype), photometric=kind)
        with pytest.raises(ImageError, match=r"a\.tif: has .*save it with 8 or 16 bits"):
            read_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", ["lzma", "zstd", "tiff_lzw", "packbits", "tiff_adobe_deflate", None])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
def test_compressions_are_undone(tmp_path, mode, compression):
    ramp = np.arange(HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3).astype(np.uint8)
    image = Image.fromarray(ramp).convert(mode)
    image.save(tmp_path / "a.tif", compression=compression)
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("RGB")))


def test_a_way_to_compress_that_is_unknown_is_no_damage(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", planes("rgb", None, np.uint16), photometric="rgb", planarconfig="separate"
    )
    data = (tmp_path / "a.tif").read_bytes()
    entry = struct.pack("<HHI", 259, 3, 1)
    assert data.count(entry) == 1
    (tmp_path / "a.tif").write_bytes(data.replace(entry + b"\1", entry + b"\x99"))
    with pytest.raises(ImageError, match="compressed in a way"):
        read_picture(tmp_path / "a.tif")


@pytest.mark.parametrize(("tag", "value"), [(322, 2**24 - 16), (323, 2**24 - 16), (256, 2**20), (257, 2**20)])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_sizes_that_lie_are_refused_before_anything_is_decoded(tmp_path, tag, value, compression):
    image = np.zeros((64, 64, 3), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="rgb", tile=(32, 32), compression=compression)
    data = (tmp_path / "a.tif").read_bytes()
    (place,) = (
        match.start()
        for match in re.finditer(re.escape(struct.pack("<H", tag)) + rb"[\3\4]\0\x01\0\0\0", data)
    )
    lying = data[: place + 2] + struct.pack("<HII", 4, 1, value) + data[place + 12 :]
    (tmp_path / "a.tif").write_bytes(lying)
    with pytest.raises(ImageError, match=r"too short|larger than"):
        read_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("options", [{"byteorder": ">", "bigtiff": True}, {}])
def test_orientation_with_resolution(tmp_path, orientation, options):
    data = planes("rgb", None, np.uint8)
    tags = [(274, "H", 1, orientation, True)]
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.moveaxis(data, 0, -1),
        photometric="rgb",
        resolution=(300, 150),
        resolutionunit="inch",
        extratags=tags,
        **options,
    )
    picture = read_picture(tmp_path / "a.tif")
    assert picture.dpi == ((150, 300) if orientation >= 5 else (300, 150))
    upright = np.moveaxis(data, 0, -1)
    upright = upright.swapaxes(0, 1) if orientation >= 5 else upright
    upright = upright[::-1] if orientation in (3, 4, 7, 8) else upright
    upright = upright[:, ::-1] if orientation in (2, 3, 6, 7) else upright
    np.testing.assert_array_equal(picture.pixels, upright)


def test_of_several_pages_the_first_is_taken_and_that_is_said(tmp_path):
    pages = [np.full((HEIGHT, WIDTH, 3), value, np.uint8) for value in (10, 20, 30)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(pages[0][::2, ::2], subfiletype=1, photometric="rgb")  # a reduced copy comes first
        for page in pages[1:]:
            file.write(page, photometric="rgb")
    picture = read_picture(tmp_path / "a.tif")
    assert (picture.size, picture.pixels[0, 0, 0]) == ((WIDTH, HEIGHT), 20)
    assert "2 pages" in picture.notes[0]


def test_palettes_and_one_bit(tmp_path):
    indices = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH)
    colours = np.random.default_rng(0).integers(0, 256, (3, 256)).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "p.tif", indices, photometric="palette", colormap=colours)
    np.testing.assert_array_equal(
        read_picture(tmp_path / "p.tif").pixels, np.moveaxis(colours[:, indices] // 257, 0, -1)
    )
    tifffile.imwrite(tmp_path / "b.tif", indices > 99, photometric="miniswhite")
    np.testing.assert_array_equal(
        read_picture(tmp_path / "b.tif").pixels[..., 0], np.where(indices > 99, 0, 255)
    )


def test_raw_files_of_cameras_are_refused_with_advice(tmp_path):
    thumbnail = np.zeros((8, 8, 3), np.uint8)
    sensor = np.zeros((64, 64), np.uint16)
    for name, tags in (("a.dng", [(50706, "B", 4, (1, 4, 0, 0), True)]), ("a.nef", [])):
        with tifffile.TiffWriter(tmp_path / name) as file:
            file.write(thumbnail, photometric="rgb", subfiletype=1, subifds=1, extratags=tags)
            file.write(sensor, photometric="cfa" if name == "a.nef" else "minisblack")
    Image.fromarray(thumbnail).save(tmp_path / "c.tif")
    content = bytearray((tmp_path / "c.tif").read_bytes())
    (tmp_path / "a.cr2").write_bytes(content[:8] + b"CR" + content[10:])
    (tmp_path / "a.cr3").write_bytes(b"\0\0\0\x18ftypcrx \0\0\0\1crx isom")
    for name in ("a.dng", "a.nef", "a.cr2", "a.cr3"):
        with pytest.raises(ImageError, match=r"raw file; develop it first"):
            read_picture(tmp_path / name)


def test_a_damaged_file_that_pillow_reads_writes_nothing_besides(tmp_path, capfd):
    path = tmp_path / "a.tif"
    pixels = np.random.default_rng(0).integers(100, 104, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(path, compression="lzma")
    content = bytearray(path.read_bytes())
    content[600:700] = bytes(byte ^ 0x5A for byte in content[600:700])
    path.write_bytes(content)
    with pytest.raises(ImageError):
        read_picture(path)
    assert capfd.readouterr().err == ""
