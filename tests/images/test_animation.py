import gc
from itertools import count

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageCms

from srgan.errors import CancelledError, ImageError, UsageError
from srgan.images.animation import read_frames, write_frames

PHOTO = skimage.data.astronaut()[40:100, 150:230]  # 60 high, 80 wide
FRAMES = [np.roll(PHOTO, 10 * index, axis=1) for index in range(4)]
DURATIONS = (40, 100, 250, 60)


def save(path, **options):
    first, *rest = [Image.fromarray(frame) for frame in FRAMES]
    first.save(path, save_all=True, append_images=rest, duration=DURATIONS, **options)


@pytest.mark.parametrize(("ending", "options"), [("webp", {"lossless": True}), ("gif", {})])
def test_reads_every_frame(tmp_path, ending, options):
    path = tmp_path / f"a.{ending}"
    save(path, loop=0, **options)
    animation = read_frames(path)
    assert (animation.durations, animation.plays, animation.size) == (DURATIONS, 0, (80, 60))
    with Image.open(path) as image:
        for index, picture in enumerate(animation.frames):
            image.seek(index)
            np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("RGB")))
        assert index == 3


@pytest.mark.parametrize(("ending", "loop", "plays"), [("gif", None, 1), ("gif", 2, 3), ("webp", 3, 3)])
def test_how_often_it_plays(tmp_path, ending, loop, plays):
    save(tmp_path / f"a.{ending}", **({} if loop is None else {"loop": loop}))
    assert read_frames(tmp_path / f"a.{ending}").plays == plays


def test_any_picture_is_one_frame(tmp_path):
    Image.fromarray(PHOTO).save(tmp_path / "a.png")
    animation = read_frames(tmp_path / "a.png")
    assert animation.durations == (0,)
    np.testing.assert_array_equal([picture.pixels for picture in animation.frames], [PHOTO])


@pytest.mark.parametrize("ending", ["gif", "webp"])
@pytest.mark.parametrize("plays", [0, 1, 3])
def test_what_is_written_reads_back(tmp_path, ending, plays):
    path = tmp_path / f"a.{ending}"
    write_frames(path, iter(FRAMES), size=(80, 60), durations=DURATIONS, plays=plays)
    animation = read_frames(path)
    assert (animation.durations, animation.plays, animation.size) == (DURATIONS, plays, (80, 60))
    for picture, frame in zip(animation.frames, FRAMES, strict=True):
        assert np.abs(picture.pixels.astype(int) - frame).mean() < 8
    assert list(tmp_path.iterdir()) == [path]


def test_moving_webp_keeps_profile_and_exif_and_comes_out_upright(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6  # to be turned clockwise by a quarter
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    save(tmp_path / "a.webp", lossless=True, exif=exif, icc_profile=profile)

    animation = read_frames(tmp_path / "a.webp")
    frames = [picture.pixels for picture in animation.frames]
    options = {"size": animation.size, "durations": animation.durations}
    kept = {"icc_profile": animation.icc_profile, "exif": animation.exif}
    write_frames(tmp_path / "b.webp", frames, **options, **kept)
    write_frames(tmp_path / "b.gif", frames, **options, **kept)

    np.testing.assert_array_equal(frames, [np.rot90(frame, -1) for frame in FRAMES])
    with Image.open(tmp_path / "b.webp") as image:
        tags = image.getexif()
        assert (image.n_frames, image.size, tags[0x010F], tags[0x0112]) == (4, (60, 80), "Maker", 1)
        assert tags.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
        assert image.info["icc_profile"] == profile
    assert len(list(read_frames(tmp_path / "b.gif").frames)) == 4


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_transparency(tmp_path, ending):
    rows, columns = np.ogrid[:60, :80]
    alpha = np.where((rows - 30) ** 2 + (columns - 40) ** 2 < 25**2, 255, 0).astype(np.uint8)[..., None]
    frames = [np.concatenate((frame, alpha), axis=2) for frame in FRAMES]
    write_frames(tmp_path / f"a.{ending}", frames, size=(80, 60), durations=DURATIONS)
    for picture in read_frames(tmp_path / f"a.{ending}").frames:
        np.testing.assert_array_equal(picture.alpha, alpha[..., 0])


def test_bad_input(tmp_path):
    with pytest.raises(UsageError, match="gif or webp"):
        write_frames(tmp_path / "a.png", FRAMES, size=(80, 60), durations=DURATIONS)
    with pytest.raises(ImageError, match="is too large for"):
        write_frames(tmp_path / "a.webp", FRAMES, size=(16384, 60), durations=DURATIONS)
    with pytest.raises(ValueError, match="80x300"):
        write_frames(tmp_path / "a.webp", FRAMES, size=(80, 60), durations=(*DURATIONS, 10))
    assert not list(tmp_path.iterdir())
    save(tmp_path / "cut.webp")
    data = (tmp_path / "cut.webp").read_bytes()
    (tmp_path / "cut.webp").write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match="damaged or cut short"):
        read_frames(tmp_path / "cut.webp")
    save(tmp_path / "a.gif")
    with pytest.raises(ImageError, match="limit to 4800"):
        read_frames(tmp_path / "a.gif", max_pixels=4799)


def test_rounded_times_of_a_gif_do_not_drift(tmp_path):
    frames = [np.roll(PHOTO, 3 * index, axis=1) for index in range(12)]
    durations = [33, 34, 33] * 4
    write_frames(tmp_path / "a.gif", frames, size=(80, 60), durations=durations)
    starts = np.cumsum([0, *read_frames(tmp_path / "a.gif").durations])
    assert np.abs(starts - np.cumsum([0, *durations])).max() <= 5


@pytest.mark.parametrize("ending", ["gif", "webp"])
@pytest.mark.parametrize("asked", [0, 3])
def test_nothing_is_left_of_what_was_cancelled(tmp_path, ending, asked):
    answers = iter([False] * asked + [True] * 9)
    with pytest.raises(CancelledError):
        write_frames(
            tmp_path / f"a.{ending}",
            FRAMES,
            size=(80, 60),
            durations=DURATIONS,
            cancel=lambda: next(answers),
        )
    assert not list(tmp_path.iterdir())


def test_more_frames_than_can_be_written_are_refused_before_they_are_taken(tmp_path):
    with pytest.raises(ImageError, match="too many"):
        write_frames(tmp_path / "a.gif", iter(()), size=(8, 50_000), durations=[10] * 3000)


@pytest.fixture
def quick_collector():
    """Lets the collector look only at what a test makes."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("quick_collector")
@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_a_writing_that_is_cancelled_leaves_nothing_even_later(tmp_path, name):
    frames = [np.full((24, 32, 3), 30 * number, np.uint8) for number in range(6)]
    for last in range(30):
        asked = count()
        try:
            write_frames(
                tmp_path / name,
                frames,
                size=(32, 24),
                durations=[40] * 6,
                cancel=lambda asked=asked, last=last: next(asked) >= last,
            )
            break
        except CancelledError:
            gc.collect()  # the encoder's memory
            assert list(tmp_path.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == [name]
