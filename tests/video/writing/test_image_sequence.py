"""Image sequences out and in: names, sizes, times, interruptions, what is missing."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from srgan.errors import UsageError, VideoError
from srgan.video.options import VideoOptions
from srgan.video.pipeline import upscale_video

NOISE = "noise=alls=20:allf=t"  # no two frames are equal


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture
def frames(ffmpeg, tmp_path):
    """Numbered frames of a moving test picture in a folder."""

    def make(pattern="%03d.png", count=6, first=1, **options):
        (tmp_path / "in").mkdir(exist_ok=True)
        source = f"testsrc2=s=64x48:r=25:d={count / 25},{NOISE}"
        extra = [text for name, value in options.items() for text in (f"-{name}", value)]
        ffmpeg("-f", "lavfi", "-i", source, *extra, "-start_number", first, tmp_path / "in" / pattern)
        return tmp_path / "in"

    return make


def test_a_video_becomes_numbered_pictures(clip, enlarge, upscaler, ffmpeg, tmp_path):
    lr_video = clip("video.mkv", "-c:v", "ffv1", "-pix_fmt", "gbrp", "-vf", NOISE, seconds=0.2)
    result = enlarge(lr_video, tmp_path / "out" / "a-%04d.png")
    names = [f"a-000{number}.png" for number in range(1, 6)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert (result.frames, result.output_size) == (5, (256, 192))
    assert result.notes == ("its audio is left out: pictures cannot hold any",)
    decoded = ffmpeg("-i", lr_video, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    for name, lr_image in zip(names, np.frombuffer(decoded, np.uint8).reshape(-1, 48, 64, 3), strict=True):
        assert np.array_equal(opened(tmp_path / "out" / name), upscaler.upscale(lr_image))


@pytest.mark.parametrize("extension", ["jpg", "webp", "tif"])
def test_other_formats_and_sizes(clip, enlarge, tmp_path, extension):
    lr_video = clip("video.mp4", seconds=0.1)
    enlarge(lr_video, tmp_path / f"%d.{extension}", VideoOptions(width=101, quality=80))
    assert opened(tmp_path / f"2.{extension}").shape == (76, 101, 3)


def test_ten_bits_become_sixteen(clip, enlarge, probe, tmp_path):
    lr_video = clip("video.mkv", "-c:v", "libx264", "-pix_fmt", "yuv420p10le", seconds=0.1)
    enlarge(lr_video, tmp_path / "%d.png")
    assert probe(tmp_path / "1.png")["streams"][0]["pix_fmt"] == "rgb48be"


@pytest.mark.parametrize(
    ("pattern", "options", "fps"),
    [
        ("%03d.png", {}, "24"),
        ("f-%d.jpg", {}, "30000/1001"),
        ("%05d.tif", {"pix_fmt": "rgb48le"}, None),
        ("%02d.png", {"first": 9}, "12.5"),
    ],
)
def test_numbered_frames_become_a_video(frames, enlarge, probe, shown, tmp_path, pattern, options, fps):
    folder = frames(pattern, **options)
    rate = None if fps is None else Fraction(fps)
    for source, target in ((folder / pattern, "a.mp4"), (folder, "b.mkv")):
        result = enlarge(source, tmp_path / target, VideoOptions(fps=rate))
        assert (result.frames, result.output_size, result.repeated) == (6, (256, 192), 0)
        expected = [number / float(rate or 25) for number in range(6)]
        assert shown(tmp_path / target) == pytest.approx(expected, abs=0.0006)
    video = probe(tmp_path / "a.mp4")["streams"][0]
    assert Fraction(video["avg_frame_rate"]) == pytest.approx(rate or 25, rel=1e-4)
    assert (video["pix_fmt"] == "yuv420p10le") == ("pix_fmt" in options)


def test_a_part_of_the_frames(frames, enlarge, tmp_path):
    folder = frames(count=25)
    result = enlarge(folder, tmp_path / "a.mp4", VideoOptions(fps=Fraction(10), start=1, end=2))
    assert result.frames == 10
    frames("%04d.webp", count=1)
    enlarge(folder / "%03d.png", tmp_path / "out" / "%d.png", VideoOptions(start=0.4, end=0.52))
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_percent_signs_in_folders_are_no_numbers(frames, enlarge, tmp_path):
    folder = frames().rename(tmp_path / "50%d")
    assert enlarge(folder / "%03d.png", tmp_path / "a.mp4").frames == 6


def test_a_damaged_frame_repeats_the_one_before(frames, enlarge, tmp_path):
    folder = frames()
    content = (folder / "004.png").read_bytes()
    (folder / "004.png").write_bytes(content[:200])
    result = enlarge(folder, tmp_path / "a.mp4")
    assert (result.frames, result.repeated) == (6, 1)


def test_what_cannot_be_is_refused(frames, clip, enlarge, tmp_path):
    folder = frames()
    with pytest.raises(UsageError, match=r"%03d\.png: is the input itself"):
        enlarge(folder, folder / "%03d.png")
    with pytest.raises(UsageError, match="is the input itself"):
        enlarge(folder / "%03d.png", folder / "%03d.png")
    (folder / "003.png").unlink()
    for source in (folder, folder / "%03d.png"):
        with pytest.raises(VideoError, match=r"^.*in.*: of the frames 1 to 6, 3 is missing or empty; add"):
            enlarge(source, tmp_path / "a.mp4")
    with pytest.raises(VideoError, match="there are no such frames"):
        enlarge(tmp_path / "gone-%d.png", tmp_path / "a.mp4")
    lr_video = clip("video.mp4", seconds=0.1)
    with pytest.raises(UsageError, match="is for numbered frames"):
        enlarge(lr_video, tmp_path / "a.mp4", VideoOptions(fps=Fraction(24)))
    with pytest.raises(UsageError, match="cannot write the format 'bmp'"):
        enlarge(lr_video, tmp_path / "%d.bmp")
    with pytest.raises(UsageError, match="is for video files"):
        enlarge(lr_video, tmp_path / "%d.png", VideoOptions(crf=3))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "video.mp4"]


def test_an_interrupted_run_goes_on_behind_its_last_whole_frame(clip, upscaler, tmp_path):
    lr_video, out = clip("video.mp4", "-vf", NOISE, sound=False, seconds=0.8), tmp_path / "out"

    def stop(progress):
        if progress.done == 13:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upscale_video(lr_video, out / "%d.png", upscaler, on_event=stop)
    there = {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")}
    assert 0 < len(there) < 20
    (out / ".%d.png.srgan" / "frame.part").write_bytes(b"half")
    seen = []
    upscale_video(lr_video, out / "%d.png", upscaler, on_event=seen.append)
    assert seen[0].done == len(there) + 1
    assert {name: (out / name).stat().st_mtime_ns for name in there} == there
    upscale_video(lr_video, tmp_path / "whole" / "%d.png", upscaler)
    names = sorted(f"{number}.png" for number in range(1, 21))
    assert sorted(path.name for path in out.iterdir()) == names
    for name in names:
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_another_run_replaces_all_frames_of_the_pattern(clip, enlarge, tmp_path):
    enlarge(clip("long.mp4", seconds=0.4), tmp_path / "%d.png")
    (tmp_path / "05.png").write_bytes(b"of another pattern")
    enlarge(clip("short.mp4", seconds=0.2), tmp_path / "%d.png", VideoOptions(scale=1))
    numbered = [f"{number}.png" for number in range(1, 6)]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == sorted([*numbered, "05.png"])
    assert opened(tmp_path / "5.png").shape == (48, 64, 3)
