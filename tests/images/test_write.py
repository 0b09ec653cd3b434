"""What is written, read back by Pillow: an implementation of its own for every format."""

import errno
import io
import os
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
import skimage.data
import skimage.metrics
from PIL import Image, ImageCms

from srgan.errors import CancelledError, ImageError, OutputError, UsageError
from srgan.images.formats import FORMATS
from srgan.images.picture import Picture
from srgan.images.read import read_picture
from srgan.images.write import write_picture

PHOTO = skimage.data.astronaut()[40:160, 150:250]  # 120 high, 100 wide
SMALL = PHOTO[::4, ::4]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def in_bands(array, rows=17):
    yield from (array[top : top + rows] for top in range(0, len(array), rows))


def write(path, array, source=None, **options):
    source = Picture.from_array(SMALL) if source is None else source
    write_picture(path, in_bands(array), size=(array.shape[1], array.shape[0]), source=source, **options)


def opened(path):
    with Image.open(path) as image:
        image.load()
        return image


@pytest.mark.parametrize("name", FORMATS)
def test_writes_what_it_was_given(tmp_path, name):
    path = tmp_path / f"Фото 写真 [1].{name}"
    write(path, PHOTO)
    image = opened(path)
    assert image.format == {"jpg": "JPEG"}.get(name, name.upper())
    assert image.mode == "RGB"
    if name in ("png", "tiff"):
        np.testing.assert_array_equal(np.asarray(image), PHOTO)
    else:
        assert skimage.metrics.peak_signal_noise_ratio(PHOTO, np.asarray(image)) > 34
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_the_format_can_be_named(tmp_path):
    write(tmp_path / "a.dat", PHOTO, file_format="JPEG")
    assert opened(tmp_path / "a.dat").format == "JPEG"
    with pytest.raises(UsageError, match="png, jpg, tiff, webp, avif"):
        write(tmp_path / "a.dat", PHOTO)


@pytest.mark.parametrize("name", ["jpg", "webp", "avif"])
def test_quality_changes_the_size(tmp_path, name):
    for quality in (20, 95):
        write(tmp_path / f"{quality}.{name}", PHOTO, quality=quality)
    assert (tmp_path / f"20.{name}").stat().st_size < 0.7 * (tmp_path / f"95.{name}").stat().st_size


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("bands", [1, 3])
def test_grey_stays_exactly_grey(tmp_path, name, bands):
    grey = PHOTO.mean(axis=2).astype(np.uint8)
    source = Picture.from_array(grey[::4, ::4] if bands == 1 else np.dstack([grey[::4, ::4]] * 3))
    # A network returns colours that are off by a little.
    tinted = np.clip(np.dstack([grey.astype(int) + 2, grey, grey.astype(int) - 2]), 0, 255).astype(np.uint8)
    write(tmp_path / f"a.{name}", tinted, source, output_size=(50, 60))
    image = opened(tmp_path / f"a.{name}")
    if name in ("png", "jpg", "tiff"):
        assert image.mode == ("L" if bands == 1 else "RGB")
    array = np.asarray(image.convert("RGB")).astype(int)
    assert np.ptp(array, axis=2).max() == 0
    expected = np.asarray(Image.fromarray(grey).resize((50, 60), Image.Resampling.LANCZOS))
    assert np.abs(array[..., 0] - expected).mean() < 2.5


@pytest.mark.parametrize("name", FORMATS)
def test_sixteen_bits(tmp_path, name):
    rng = np.random.default_rng(0)
    array = rng.integers(0, 65536, (40, 32, 3)).astype(np.uint16)
    alpha = np.full((10, 8, 1), 65535, np.uint16)
    source = Picture.from_array(np.concatenate((array[::4, ::4], alpha), axis=2))
    write(tmp_path / f"a.{name}", array, source, quality=100)
    if name in ("png", "tiff"):
        back = read_picture(tmp_path / f"a.{name}")
        np.testing.assert_array_equal(back.pixels, array)
        assert (back.alpha == 65535).all()
    else:
        back = np.asarray(opened(tmp_path / f"a.{name}").convert("RGB")).astype(float)
        assert abs((back - array / 257).mean()) < 0.5


def test_sixteen_bits_are_rounded_to_eight(tmp_path):
    # Halves of a level lie between 257 k + 128 and 257 k + 129.
    array = np.tile(np.array([0, 128, 129, 385, 386, 65535], np.uint16)[None, :, None], (2, 1, 3))
    write(tmp_path / "a.png", array, Picture.from_array(SMALL[:1, :2]))
    assert np.asarray(opened(tmp_path / "a.png"))[0, :, 0].tolist() == [0, 0, 1, 1, 2, 255]


@pytest.mark.parametrize("name", ["png", "tiff", "webp", "avif"])
@pytest.mark.parametrize("output_size", [None, (70, 60)])
def test_alpha_is_enlarged(tmp_path, name, output_size):
    small = np.dstack([SMALL, np.where(np.arange(25) < 12, 0, 255).astype(np.uint8)[None].repeat(30, 0)])
    write(tmp_path / f"a.{name}", PHOTO, Picture.from_array(small), output_size=output_size)
    image = opened(tmp_path / f"a.{name}")
    assert image.mode == "RGBA"
    assert image.size == (output_size or (100, 120))
    alpha = np.asarray(image)[..., 3].astype(int)
    left, right = int(0.4 * image.width), int(0.56 * image.width)
    assert alpha[:, :left].max() <= 2
    assert alpha[:, right:].min() >= 253
    # Twelve of twenty-five columns are transparent, and the edge is where it was.
    assert alpha.mean() / 255 == pytest.approx(13 / 25, abs=0.002)


def test_jpeg_lays_transparency_over_white(tmp_path):
    small = np.zeros((8, 8, 4), np.uint8)
    small[:, 4:, 3] = 255
    write(tmp_path / "a.jpg", np.zeros((32, 32, 3), np.uint8), Picture.from_array(small))
    array = np.asarray(opened(tmp_path / "a.jpg"))
    assert array[:, :12].min() > 250
    assert array[:, 20:].max() < 5


@pytest.mark.parametrize("output_size", [(50, 60), (75, 90), (150, 40), (260, 300)])
def test_resizes_to_the_size_asked_for(tmp_path, output_size):
    write(tmp_path / "a.png", PHOTO, output_size=output_size)
    image = opened(tmp_path / "a.png")
    assert image.size == output_size
    reference = Image.fromarray(PHOTO).resize(output_size, Image.Resampling.LANCZOS)
    assert skimage.metrics.peak_signal_noise_ratio(np.asarray(reference), np.asarray(image)) > 45


@pytest.mark.parametrize("name", FORMATS)
def test_keeps_profile_exif_and_resolution(tmp_path, name):
    exif = Image.Exif()
    exif[0x010F], exif[0x8298] = "Maker", "somebody"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.5)
    exif[0x0112] = 1
    raw = exif.tobytes().removeprefix(b"Exif\0\0")
    write(
        tmp_path / f"a.{name}", PHOTO, Picture.from_array(SMALL, icc_profile=SRGB, exif=raw, dpi=(300, 300))
    )
    image = opened(tmp_path / f"a.{name}")
    assert image.info["icc_profile"] == SRGB
    if name in ("png", "jpg", "tiff"):
        assert image.info["dpi"] == pytest.approx((300, 300), rel=1e-4)
    kept = image.getexif()
    assert kept.get(0x0112, 1) == 1
    assert (kept[0x010F], kept[0x8298]) == ("Maker", "somebody")
    assert kept.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    assert kept.get_ifd(0x8825)[2] == (48.0, 51.0, 29.5)


def grey_profile():
    """A grey profile with a gamma of 2.2, built by the ICC specification."""
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", 156, len(white), b"kTRC", 156 + len(white), len(curve))
    header = bytearray(128)
    struct.pack_into(
        ">I4xI4s4s4s", header, 0, 156 + len(white) + len(curve), 0x02400000, b"mntr", b"GRAY", b"XYZ "
    )
    header[36:40] = b"acsp"
    struct.pack_into(">iii", header, 68, 63190, 65536, 54061)
    return bytes(header) + tags + white + curve


@pytest.mark.parametrize("name", FORMATS)
def test_a_grey_profile_goes_where_grey_can(tmp_path, name):
    profile = grey_profile()
    source = Picture.from_array(SMALL[..., 0], icc_profile=profile)
    assert source.icc_profile == profile
    write(tmp_path / f"a.{name}", PHOTO, source)
    holds = name in ("png", "jpg", "tiff")
    assert opened(tmp_path / f"a.{name}").info.get("icc_profile") == (profile if holds else None)


@pytest.mark.parametrize(("name", "width"), [("jpg", 65_536), ("webp", 16_384), ("avif", 16_385)])
def test_a_side_too_long_for_the_format_is_refused_before_work_starts(tmp_path, name, width):
    def never():
        raise AssertionError("no band may be asked for")
        yield

    with pytest.raises(ImageError, match=r"is too large for.*png"):
        write_picture(tmp_path / f"a.{name}", never(), size=(width, 4), source=Picture.from_array(SMALL))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "failure", [OSError("of the model"), KeyboardInterrupt(), BrokenPipeError("of another")]
)
def test_what_the_bands_raise_comes_out_and_nothing_is_left(tmp_path, name, failure):
    caller = threading.current_thread()

    def bands():
        assert threading.current_thread() is caller
        yield PHOTO[:50]
        raise failure

    path = tmp_path / f"a.{name}"
    path.write_bytes(b"what was there")
    with pytest.raises(type(failure)) as caught:
        write_picture(path, bands(), size=(100, 120), source=Picture.from_array(SMALL))
    assert caught.value is failure
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]
    assert "encoder" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("rows", [119, 121, 0])
def test_bands_that_do_not_fit_are_refused(tmp_path, rows):
    array = np.zeros((rows, 100, 3), np.uint8)
    with pytest.raises(ValueError, match="100x120"):
        write_picture(tmp_path / "a.png", in_bands(array), size=(100, 120), source=Picture.from_array(SMALL))
    assert not list(tmp_path.iterdir())


def test_says_where_it_cannot_write(tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write(tmp_path / "folder.png", PHOTO)
    with pytest.raises(OutputError, match="folder does not exist"):
        write(tmp_path / "absent" / "a.png", PHOTO)


LIMITED = """
import resource, sys
import numpy as np
from srgan.errors import OutputError
from srgan.images.formats import FORMATS
from srgan.images.picture import Picture
from srgan.images.write import write_picture

noise = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3)).astype(np.uint8)
source = Picture.from_array(noise[::4, ::4])
for name in sys.argv[2:]:  # once without the limit, so that everything is loaded
    write_picture(sys.argv[1] + "/warm." + name, [noise[:8, :8]], size=(8, 8), source=source)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for name in sys.argv[2:]:
    try:
        write_picture(sys.argv[1] + "/a." + name, [noise], size=(1000, 1000), source=source)
    except OutputError as error:
        print(error)
"""


def test_a_disk_that_takes_no_more_is_one_clear_error(tmp_path):
    command = [sys.executable, "-c", LIMITED, str(tmp_path), *FORMATS]
    process = subprocess.run(command, check=True, capture_output=True, text=True)
    assert process.stderr == ""
    output = process.stdout.splitlines()
    assert len(output) == len(FORMATS)
    for name, line in zip(FORMATS, output, strict=True):
        assert line == f"{tmp_path}/a.{name}: cannot be written (File too large)"
    assert {entry.name for entry in tmp_path.iterdir()} == {f"warm.{name}" for name in FORMATS}


STREAMED = """
import resource, sys
import numpy as np
from srgan.images.formats import FORMATS
from srgan.images.picture import Picture
from srgan.images.write import write_picture

width, height = 8000, 8000  # 192 MB
source = Picture.from_array(np.full((height // 8, width // 8, 4), 255, np.uint8))
band = np.zeros((250, width, 3), np.uint8)
write_picture(sys.argv[1], [band], size=(width, 250), source=source)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
bands = (band for _ in range(height // 250))
write_picture(sys.argv[1], bands, size=(width, height), source=source, output_size=(6000, 6000))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("name", ["png", "jpg", "tiff"])
def test_memory_does_not_grow_with_the_height(tmp_path, name):
    command = [sys.executable, "-c", STREAMED, str(tmp_path / f"a.{name}")]
    grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    unit = 1 if sys.platform == "darwin" else 1024
    assert grown * unit < 96e6
    assert opened(tmp_path / f"a.{name}").size == (6000, 6000)


def test_ctrl_c_at_the_very_start_leaves_no_encoder_waiting(tmp_path, monkeypatch):
    start = threading.Thread.start

    def interrupted(thread):
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    picture = Picture.from_array(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(KeyboardInterrupt):
        write_picture(tmp_path / "out.png", [picture.pixels], size=(8, 8), source=picture)
    assert not [thread for thread in threading.enumerate() if thread.name == "encoder"]
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_removed(tmp_path):
    """The tests of srgan.files tell who removes what, and when."""
    (tmp_path / ".srgan-0123456789ab.part").touch()
    os.utime(tmp_path / ".srgan-0123456789ab.part", (0, 0))
    write(tmp_path / "a.png", PHOTO)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("name", FORMATS)
def test_writes_to_file_objects_what_it_writes_to_files(tmp_path, name):
    exif = Image.Exif()
    exif[0x8298] = "somebody"
    source = Picture.from_array(SMALL, icc_profile=SRGB, exif=exif.tobytes()[6:], dpi=(300, 300))
    write(tmp_path / f"a.{name}", PHOTO, source)
    memory = io.BytesIO(b"before")
    memory.seek(6)
    write(memory, PHOTO, source, file_format=name)
    assert not memory.closed
    found = opened(io.BytesIO(memory.getvalue()[6:]))
    expected = opened(tmp_path / f"a.{name}")
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
    assert found.getexif()[0x8298] == "somebody"
    assert found.info["icc_profile"] == SRGB
    with (tmp_path / f"b.{name}").open("wb", buffering=0) as file:
        write(file, PHOTO, source)  # its name tells the format
    assert opened(tmp_path / f"b.{name}").format == expected.format


def test_a_file_object_gets_a_whole_picture_or_nothing():
    def bands():
        yield PHOTO[:50]
        raise ValueError("of the bands")

    memory = io.BytesIO()
    source = Picture.from_array(SMALL)
    with pytest.raises(ValueError, match="of the bands"):
        write_picture(memory, bands(), size=(100, 120), source=source, file_format="png")
    with pytest.raises(UsageError, match="png"):
        write(memory, PHOTO)
    assert memory.getvalue() == b""


class Full(io.RawIOBase):
    def writable(self):
        return True

    def write(self, _data):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_object_that_takes_no_more_is_one_line():
    with pytest.raises(OutputError, match=r"the picture: cannot be written \(the disk is full\)"):
        write(Full(), PHOTO, file_format="png")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("to_file", [True, False])
def test_cancelling_between_bands_leaves_what_was_there(tmp_path, name, to_file):
    cancelled = threading.Event()

    def bands():
        yield PHOTO[:50]
        cancelled.set()
        yield PHOTO[50:100]
        raise AssertionError("no more bands may be asked for")

    path = tmp_path / f"a.{name}"
    path.write_bytes(b"what was there")
    target = path if to_file else io.BytesIO()
    with pytest.raises(CancelledError):
        write_picture(
            target,
            bands(),
            size=(100, 120),
            source=Picture.from_array(SMALL),
            file_format=name,
            cancel=cancelled.is_set,
        )
    assert to_file or target.getvalue() == b""
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]
    assert "encoder" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("name", ["webp", "avif"])
def test_cancelling_while_it_is_encoded_stops_that(tmp_path, name):
    """All bands are there at once; what is left is the encoder's, of WebP and AVIF most of the work."""
    side = 4096
    band = np.random.default_rng(0).integers(0, 256, (256, side, 3)).astype(np.uint8)
    events = []

    def bands():
        yield from (band for _ in range(side // 256))
        events.append("bands")

    def cancel():
        if events:
            events.append("asked")
        return len(events) > 3  # a tenth of a second after the last band

    with pytest.raises(CancelledError):
        write_picture(
            tmp_path / f"a.{name}",
            bands(),
            size=(side, side),
            source=Picture.from_array(SMALL),
            cancel=cancel,
        )
    assert not list(tmp_path.iterdir())
    assert "encoder" not in {thread.name for thread in threading.enumerate()}


def test_an_encoder_that_dies_of_whatever_leaves_what_was_there(tmp_path, monkeypatch):
    def die(*_arguments):
        raise SystemExit

    monkeypatch.setattr("srgan.images.write._save", die)
    (tmp_path / "a.png").write_bytes(b"what was there")
    with pytest.raises(SystemExit):
        write(tmp_path / "a.png", PHOTO)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"what was there"]
