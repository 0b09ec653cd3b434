"""One file in, one larger file out: sizes, transparency, metadata, moving pictures, failures."""

import hashlib
import io

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from srgan.errors import ImageError, OutputError, UsageError
from srgan.images.read import read_picture
from srgan.jobs.options import PictureOptions
from srgan.jobs.pictures import upscale_file
from srgan.upscaling.upscaler import Upscaler

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def upscaler(tiny_model):
    return Upscaler(tiny_model, precision="fp32", device="cpu")


def opened(path):
    with Image.open(path) as image:
        image.load()
        return image


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({}, (400, 200)),
        ({"scale": 3}, (300, 150)),
        ({"scale": 0.005}, (1, 1)),
        ({"width": 50}, (50, 25)),
        ({"height": 50}, (100, 50)),
        ({"width": 1}, (1, 1)),
        ({"width": 7, "height": 9}, (7, 9)),
        ({"scale": 2, "width": 50}, (50, 25)),
    ],
)
def test_width_and_height_go_before_scale_and_keep_the_proportions(options, size):
    assert PictureOptions(**options).for_network(4).output_size(100, 50) == size


def test_the_result_is_the_upscalers(tmp_path, upscaler, photo):
    Image.fromarray(photo).save(tmp_path / "a.png")
    events = []

    done = upscale_file(tmp_path / "a.png", tmp_path / "new" / "b.png", upscaler, on_event=events.append)

    result = np.asarray(opened(tmp_path / "new" / "b.png"))
    assert np.array_equal(result, upscaler.upscale(photo))
    assert result.std() > 10
    assert (done.input_size, done.output_size, done.frames) == ((30, 24), (120, 96), 1)
    assert (events[-1].unit, events[-1].share) == ("tiles", 1)


def test_a_smaller_scale_is_a_reduction_of_the_enlarged_picture(tmp_path, upscaler, photo):
    Image.fromarray(photo).save(tmp_path / "a.png")
    upscale_file(tmp_path / "a.png", tmp_path / "b.png", upscaler, PictureOptions(scale=2))
    whole = Image.fromarray(upscaler.upscale(photo))
    expected = np.asarray(whole.resize((60, 48), Image.Resampling.LANCZOS)).astype(int)
    # Two libraries' Lanczos filters: nearly, not exactly, the same.
    assert np.abs(np.asarray(opened(tmp_path / "b.png")).astype(int) - expected).mean() < 1


def test_transparency_profile_exif_and_resolution_are_kept(tmp_path, upscaler, photo):
    alpha = np.zeros((24, 30), np.uint8)
    alpha[:, 15:] = 255
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    image = Image.fromarray(np.dstack((photo, alpha)))
    image.save(tmp_path / "a.png", icc_profile=SRGB, exif=exif, dpi=(300, 300))

    upscale_file(tmp_path / "a.png", tmp_path / "b.png", upscaler)

    result = opened(tmp_path / "b.png")
    assert (result.mode, result.size) == ("RGBA", (120, 96))
    band = np.asarray(result)[:, :, 3]
    assert (band[:, :52] == 0).all()
    assert (band[:, 68:] == 255).all()
    assert result.info["icc_profile"] == SRGB
    assert result.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert result.getexif()[0x010F] == "Maker"


def test_a_sideways_photograph_comes_out_upright(tmp_path, upscaler, photo):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    Image.fromarray(photo).save(tmp_path / "a.png", exif=exif)
    done = upscale_file(tmp_path / "a.png", tmp_path / "b.png", upscaler)
    assert (done.input_size, done.output_size) == ((24, 30), (96, 120))
    expected = upscaler.upscale(np.ascontiguousarray(np.rot90(photo, -1)))
    assert np.array_equal(np.asarray(opened(tmp_path / "b.png")), expected)


def save_frames(path, frames, duration=(40, 80), **also):
    images = [Image.fromarray(frame) for frame in frames]
    options = {"lossless": True, **also} if path.suffix == ".webp" else also
    durations = duration if isinstance(duration, int) else list(duration)
    images[0].save(path, save_all=True, append_images=images[1:], duration=durations, loop=3, **options)


@pytest.mark.parametrize(
    ("source", "target"), [("a.png", "b.jpg"), ("a.webp", "b.webp"), ("a.webp", "b.gif")]
)
def test_open_files_give_what_paths_give(tmp_path, upscaler, photo, source, target):
    frames = [Image.fromarray(photo), Image.fromarray(photo[::-1])]
    more = {"save_all": True, "append_images": frames[1:], "lossless": True} if source == "a.webp" else {}
    frames[0].save(tmp_path / source, **more)
    upscale_file(str(tmp_path / source), str(tmp_path / target), upscaler)
    result = io.BytesIO()
    options = PictureOptions(file_format=target[2:])
    upscale_file(io.BytesIO((tmp_path / source).read_bytes()), result, upscaler, options)
    assert result.getvalue() == (tmp_path / target).read_bytes()


def test_an_open_file_needs_a_format(tmp_path, upscaler, photo):
    Image.fromarray(photo).save(tmp_path / "a.png")
    with pytest.raises(UsageError) as refused:
        upscale_file(tmp_path / "a.png", io.BytesIO(), upscaler)
    assert refused.value.field == "file_format"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scale", -3),
        ("scale", 17),
        ("scale", float("nan")),
        ("quality", 500),
        ("quality", 0),
        ("width", 0),
        ("height", -1),
        ("max_pixels", 0),
    ],
)
def test_options_that_cannot_be_are_refused_by_name(field, value):
    with pytest.raises(UsageError) as refused:
        PictureOptions(**{field: value})
    assert refused.value.field == field


@pytest.mark.parametrize("target", ["b.webp", "b.gif"])
def test_every_frame_of_a_moving_picture_is_enlarged(tmp_path, upscaler, photo, target):
    frames = [photo, np.ascontiguousarray(photo[::-1])]
    save_frames(tmp_path / "a.webp", frames)
    events = []

    done = upscale_file(
        tmp_path / "a.webp", tmp_path / target, upscaler, PictureOptions(scale=2), on_event=events.append
    )

    assert (done.frames, done.output_size, [event.share for event in events]) == (2, (60, 48), [0.5, 1])
    with Image.open(tmp_path / target) as image:
        assert (image.n_frames, image.size) == (2, (60, 48))
        for index, frame in enumerate(frames):
            image.seek(index)
            expected = Image.fromarray(upscaler.upscale(frame)).resize((60, 48), Image.Resampling.LANCZOS)
            difference = np.asarray(image.convert("RGB")).astype(int) - np.asarray(expected)
            assert np.abs(difference).mean() < 12  # GIF has 256 colours


def test_of_a_moving_picture_only_what_changes_is_computed(tmp_path, upscaler, monkeypatch):
    frames = [np.full((200, 240, 3), 90, np.uint8) for _ in range(5)]
    for number, frame in enumerate(frames):
        frame[100:110, 100 + 5 * number : 110 + 5 * number] = 240
    save_frames(tmp_path / "a.gif", frames, duration=40)
    computed = []
    compute = upscaler.engine.upscale
    monkeypatch.setattr(
        upscaler.engine, "upscale", lambda window, halo: computed.append(window.size) or compute(window, halo)
    )

    upscale_file(tmp_path / "a.gif", tmp_path / "b.webp", upscaler, PictureOptions(scale=1))

    assert sum(computed) < 3 * computed[0]  # computed one by one: 5
    with Image.open(tmp_path / "b.webp") as image:
        assert image.n_frames == 5
        for index, frame in enumerate(frames):
            image.seek(index)
            expected = Image.fromarray(upscaler.upscale(frame)).resize((240, 200), Image.Resampling.LANCZOS)
            difference = np.asarray(image.convert("RGB")).astype(int) - np.asarray(expected)
            assert np.abs(difference).mean() < 3


def test_a_moving_picture_stands_still_in_other_formats(tmp_path, upscaler, photo):
    save_frames(tmp_path / "a.webp", [photo, photo[::-1].copy()])
    assert upscale_file(tmp_path / "a.webp", tmp_path / "b.png", upscaler).frames == 1
    assert np.array_equal(np.asarray(opened(tmp_path / "b.png")), upscaler.upscale(photo))


def test_a_still_picture_becomes_a_gif_of_one_frame(tmp_path, upscaler, photo):
    Image.fromarray(photo).save(tmp_path / "a.png")
    assert upscale_file(tmp_path / "a.png", tmp_path / "b.gif", upscaler).frames == 1
    assert (opened(tmp_path / "b.gif").format, opened(tmp_path / "b.gif").size) == ("GIF", (120, 96))


def test_the_input_is_never_written_to(tmp_path, upscaler, photo):
    path = tmp_path / "a.png"
    Image.fromarray(photo).save(path)
    before = hashlib.sha256(path.read_bytes()).digest()
    (tmp_path / "hard.png").hardlink_to(path)
    for target in (path, tmp_path / "hard.png", tmp_path / "." / "a.png"):
        with pytest.raises(UsageError, match="is the input itself"):
            upscale_file(path, target, upscaler)
    assert hashlib.sha256(path.read_bytes()).digest() == before


@pytest.mark.parametrize("target", ["new/b.png", "new/b.gif"])
def test_a_damaged_input_leaves_neither_file_nor_folder(tmp_path, upscaler, photo, target):
    Image.fromarray(photo).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:600])
    with pytest.raises(ImageError, match=r"a\.png: is damaged"):
        upscale_file(tmp_path / "a.png", tmp_path / target, upscaler)
    assert [path.name for path in tmp_path.rglob("*.*")] == ["a.png"]


@pytest.mark.parametrize("name", ["b.png", "b.gif"])
def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path, upscaler, photo, name):
    Image.fromarray(photo).save(tmp_path / "a.png")
    with pytest.raises(OutputError, match="the folder cannot be made"):
        upscale_file(tmp_path / "a.png", tmp_path / "a.png" / name, upscaler)


def test_the_limit_on_pixels_holds_for_moving_pictures_too(tmp_path, upscaler, photo):
    save_frames(tmp_path / "a.gif", [photo, photo[::-1].copy()])
    with pytest.raises(ImageError, match="719 pixels"):
        upscale_file(tmp_path / "a.gif", tmp_path / "b.gif", upscaler, PictureOptions(max_pixels=719))
    assert upscale_file(tmp_path / "a.gif", tmp_path / "b.gif", upscaler, PictureOptions(max_pixels=720))


def smooth_upscaler(upscaler, monkeypatch):
    """The upscaler with a network that enlarges by cubic interpolation, and what it was shown."""
    shown = []

    def enlarge(image, **_):
        shown.append(image)
        size = (4 * image.shape[1], 4 * image.shape[0])
        return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))

    monkeypatch.setattr(upscaler, "upscale", enlarge)
    return shown


def disc(size=24):
    rows, columns = np.ogrid[:size, :size]
    return np.where((rows - 12) ** 2 + (columns - 12) ** 2 < 64, 255, 0).astype(np.uint8)


def test_transparency_is_enlarged_by_the_network_as_grey(tmp_path, upscaler, photo, monkeypatch):
    alpha = disc()
    Image.fromarray(np.dstack((photo[:24, :24], alpha))).save(tmp_path / "a.png")
    shown = smooth_upscaler(upscaler, monkeypatch)
    upscale_file(tmp_path / "a.png", tmp_path / "b.png", upscaler)
    np.testing.assert_array_equal(shown, [alpha])
    result = np.asarray(opened(tmp_path / "b.png"))[..., 3]
    expected = Image.fromarray(alpha).resize((96, 96), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(result, np.asarray(expected))
    assert 0 < np.isin(result, (0, 255), invert=True).mean() < 0.5


@pytest.mark.parametrize("ending", ["png", "gif"])
def test_what_is_opaque_or_unseen_stays_so_after_the_network(tmp_path, upscaler, photo, ending):
    alpha = disc()
    image = Image.fromarray(np.dstack((photo[:24, :24], alpha)))
    image.save(tmp_path / f"a.{ending}")
    upscale_file(tmp_path / f"a.{ending}", tmp_path / "b.webp", upscaler)
    result = np.asarray(opened(tmp_path / "b.webp"))[..., 3]
    assert (result[0] == 0).all()
    assert (result[40:56, 40:56] == 255).all()


@pytest.mark.parametrize("ending", ["png", "avif"])
def test_moving_pngs_and_avifs_stay_moving(tmp_path, upscaler, photo, ending):
    save_frames(tmp_path / f"a.{ending}", [photo, photo[::-1].copy()], duration=[40, 90])
    for target in ("b.webp", "b.gif"):
        assert upscale_file(tmp_path / f"a.{ending}", tmp_path / target, upscaler).frames == 2
        with Image.open(tmp_path / target) as image:
            assert image.n_frames == 2


def notes_of(source, target, upscaler):
    notes = []
    upscale_file(source, target, upscaler, on_event=lambda event: event.note and notes.append(event.note))
    return notes


def test_pages_and_pictures_of_other_formats_are_no_frames(tmp_path, upscaler, photo):
    others = [Image.fromarray(photo[::-1].copy())]
    Image.fromarray(photo).save(tmp_path / "a.tif", save_all=True, append_images=others)
    Image.fromarray(photo).save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=others)
    for name in ("a.tif", "a.jpg"):
        assert upscale_file(tmp_path / name, tmp_path / "b.webp", upscaler).frames == 1
    assert "2 pages" in notes_of(tmp_path / "a.tif", tmp_path / "b.png", upscaler)[0]
    pillow_heif.register_heif_opener()
    last = [*others, Image.new("RGB", (30, 24))]
    Image.fromarray(photo).save(
        tmp_path / "a.heic", "HEIF", save_all=True, append_images=last, primary_index=2
    )
    for name, count in (("a.jpg", 2), ("a.heic", 3)):
        (note,) = notes_of(tmp_path / name, tmp_path / "c.png", upscaler)
        assert f"all but the main one of {count} pictures" in note
    assert read_picture(tmp_path / "a.heic").pixels.max() == 0  # the main one is black


def test_what_the_target_cannot_hold_is_said_once_by_name(tmp_path, upscaler, photo):
    Image.fromarray(np.dstack((photo[:24, :24], disc()))).save(tmp_path / "a.png")
    (note,) = notes_of(tmp_path / "a.png", tmp_path / "b.jpg", upscaler)
    assert "JPG" in note
    assert "transparency" in note
    assert notes_of(tmp_path / "a.png", tmp_path / "b.webp", upscaler) == []
    save_frames(tmp_path / "a.webp", [photo, photo[::-1].copy()])
    (note,) = notes_of(tmp_path / "a.webp", tmp_path / "b.png", upscaler)
    assert "first of its 2 frames" in note


@pytest.mark.parametrize("target", ["b.webp", "b.gif"])
def test_what_a_moving_target_cannot_hold_is_said_too(tmp_path, upscaler, photo, target):
    texts = PngInfo()
    texts.add_text("Software", "Painter 3")
    save_frames(tmp_path / "a.png", [photo, photo[::-1].copy()], pnginfo=texts, dpi=(300, 200))
    notes = notes_of(tmp_path / "a.png", tmp_path / target, upscaler)
    assert "Software" in " ".join(notes)
    assert ("resolution" in " ".join(notes)) == target.endswith("gif")
    with Image.open(tmp_path / target) as image:
        exif = image.getexif()
        assert target.endswith("gif") or (exif[0x011A], exif[0x011B]) == pytest.approx((300, 200), abs=0.1)
