"""Videos into animated GIF and WebP, and back; judged by Pillow, and by ffprobe where it reads the format."""

from itertools import accumulate

import numpy as np
import pytest
from PIL import Image

from srgan.errors import ImageError, UsageError, VideoError
from srgan.video.options import VideoOptions
from srgan.video.pipeline import upscale_video

KINDS = pytest.mark.parametrize("kind", ["gif", "webp"])
NOISE = "noise=alls=20:allf=t"  # no two frames are equal


def frames_in(path):
    """Every frame as RGBA, and for how long it is shown, in milliseconds."""
    with Image.open(path) as image:
        frames, durations = [], []
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(np.asarray(image.convert("RGBA")))
            durations.append(round(image.info["duration"]))
        assert image.info.get("loop") == 0
    return frames, durations


def starts(durations):
    return [0, *accumulate(durations)]


@KINDS
@pytest.mark.parametrize(("rate", "count"), [("25", 25), ("30000/1001", 30), ("12", 12)])
def test_a_video_becomes_an_animated_picture_at_the_same_times(clip, enlarge, tmp_path, kind, rate, count):
    lr_video = clip("video.mp4", "-vf", NOISE, rate=rate, seconds=1)
    result = enlarge(lr_video, tmp_path / f"large.{kind}")
    frames, durations = frames_in(tmp_path / f"large.{kind}")
    assert (result.frames, len(frames), frames[0].shape) == (count, count, (192, 256, 4))
    unit = {"gif": 10, "webp": 1}[kind]
    numerator, _, denominator = rate.partition("/")
    seconds = [number * int(denominator or 1) / int(numerator) for number in range(count + 1)]
    assert starts(durations) == pytest.approx([1000 * time for time in seconds], abs=unit / 2 + 0.01)
    assert result.notes == ("its audio is left out: pictures cannot hold any",)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"large.{kind}", "video.mp4"]


def test_ffprobe_agrees_about_the_gif(clip, enlarge, probe, shown, tmp_path):
    lr_video = clip(
        "video.mp4", "-vf", f"{NOISE},setpts=PTS+floor(N/7)*0.3/TB", "-fps_mode", "vfr", sound=False
    )
    enlarge(lr_video, tmp_path / "large.gif")
    assert shown(tmp_path / "large.gif") == pytest.approx(shown(lr_video), abs=0.0051)
    video = probe(tmp_path / "large.gif")["streams"][0]
    assert (video["codec_name"], video["width"], video["height"]) == ("gif", 256, 192)


@KINDS
def test_pictures_are_those_of_the_upscaler(clip, enlarge, upscaler, ffmpeg, tmp_path, kind):
    lr_video = clip("video.mkv", "-c:v", "ffv1", "-pix_fmt", "gbrp", "-vf", NOISE, sound=False, seconds=0.2)
    enlarge(lr_video, tmp_path / f"large.{kind}", VideoOptions(quality=100 if kind == "webp" else None))
    decoded = ffmpeg("-i", lr_video, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    lr_images = np.frombuffer(decoded, np.uint8).reshape(-1, 48, 64, 3)
    frames, _ = frames_in(tmp_path / f"large.{kind}")
    assert len(frames) == 5
    for lr_image, frame in zip(lr_images, frames, strict=True):
        # 256 colours, or colours of half the resolution; the brightness stays.
        luma = [0.299, 0.587, 0.114]
        assert np.abs(frame[..., :3] @ luma - upscaler.upscale(lr_image) @ luma).mean() < 6
        assert (frame[..., 3] == 255).all()


@KINDS
def test_frames_too_short_for_players_are_left_out_and_it_is_said(clip, enlarge, tmp_path, kind):
    lr_video = clip("video.mp4", "-vf", NOISE, rate="100", seconds=0.3, sound=False)
    result = enlarge(lr_video, tmp_path / f"large.{kind}")
    frames, durations = frames_in(tmp_path / f"large.{kind}")
    assert (result.frames, len(frames)) == (30, 15)
    assert durations == [20] * 15
    assert result.notes == (f"has more frames than a {kind} can show in time; left out: 15",)


def test_equal_frames_of_a_webp_are_held_once(clip, enlarge, tmp_path):
    lr_video = clip("video.mkv", "-c:v", "ffv1", "-vf", f"{NOISE},fps=5,fps=25", sound=False, seconds=1)
    enlarge(lr_video, tmp_path / "large.webp")
    _, durations = frames_in(tmp_path / "large.webp")
    assert len(durations) <= 6
    assert sum(durations) == 1000


@KINDS
def test_transparency_stays(enlarge, ffmpeg, tmp_path, kind):
    ring = "format=rgba,geq=r='X*3':g='Y*4':b='N*20':a='if(lt(hypot(X-20-6*N,Y-24),18),255,0)'"
    lr_video = tmp_path / "video.mov"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x48:r=10:d=0.4", "-vf", ring, "-c:v", "png", lr_video)
    enlarge(lr_video, tmp_path / f"large.{kind}")
    frames, _ = frames_in(tmp_path / f"large.{kind}")
    rows, columns = np.ogrid[:192, :256]
    assert len(frames) == 4
    for number, frame in enumerate(frames):
        distance = np.hypot(columns / 4 - 20 - 6 * number, rows / 4 - 24)
        assert (frame[..., 3][distance < 14] == 255).all()
        assert (frame[..., 3][distance > 22] == 0).all()


@KINDS
@pytest.mark.parametrize("target", ["mp4", "mkv", "webm"])
def test_an_animated_picture_becomes_a_video(enlarge, probe, shown, tmp_path, kind, target):
    generator = np.random.default_rng(0)
    frames = [Image.fromarray(generator.integers(0, 255, (48, 64, 3), np.uint8)) for _ in range(4)]
    source = tmp_path / f"a.{kind}"
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=[40, 100, 250, 60], loop=0)
    result = enlarge(source, tmp_path / f"a.{target}")
    assert (result.frames, result.output_size, result.notes) == (4, (256, 192), ())
    assert shown(tmp_path / f"a.{target}") == pytest.approx([0, 0.04, 0.14, 0.39], abs=0.0005)
    assert float(probe(tmp_path / f"a.{target}")["format"]["duration"]) == pytest.approx(0.45, abs=0.003)


@pytest.mark.parametrize("name", ["video_90.mov", "video_180.mov"])
def test_a_turned_video_stands_upright(real_clip, upscaler, ffmpeg, tmp_path, name):
    lr_video = real_clip(name)
    size = {"video_90.mov": (-1, 240), "video_180.mov": (240, -1)}[name]
    seen = ffmpeg("-i", lr_video, "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-")
    (tmp_path / "seen.png").write_bytes(seen)
    upscale_video(lr_video, tmp_path / "%d.png", upscaler, VideoOptions(height=max(size), end=0.02))
    with Image.open(tmp_path / "1.png") as large, Image.open(tmp_path / "seen.png") as turned:
        assert large.size == (round(240 * turned.width / turned.height), 240)
        expected = np.asarray(Image.fromarray(upscaler.upscale(np.asarray(turned))).resize(large.size))
        assert np.abs(np.asarray(large).astype(int) - expected).mean() < 4


def test_a_part_is_cut(clip, enlarge, tmp_path):
    lr_video = clip("video.mp4", "-vf", NOISE, sound=False)
    assert enlarge(lr_video, tmp_path / "a.gif", VideoOptions(start=0.4, end=0.8)).frames == 10
    assert sum(frames_in(tmp_path / "a.gif")[1]) == 400


def test_an_interrupted_run_goes_on(clip, upscaler, stop_after, tmp_path):
    lr_video, target = clip("video.mp4", "-vf", NOISE, rate="60", sound=False), tmp_path / "a.webp"
    with pytest.raises(KeyboardInterrupt):
        upscale_video(lr_video, target, upscaler, on_event=stop_after(100, target))
    assert not target.exists()
    seen = []
    upscale_video(lr_video, target, upscaler, on_event=seen.append)
    upscale_video(lr_video, tmp_path / "b.webp", upscaler)
    assert [seen[0].done, seen[-1].done, seen[0].figures["resumed"]] == [61, 120, 60]
    assert target.read_bytes() == (tmp_path / "b.webp").read_bytes()


def test_what_cannot_be_is_refused(clip, enlarge, tmp_path):
    lr_video = clip("video.mp4", seconds=0.2)
    for options, message in (
        (VideoOptions(codec="libx265"), "is for video files"),
        (VideoOptions(crf=3), "is for video files"),
    ):
        with pytest.raises(UsageError, match=message):
            enlarge(lr_video, tmp_path / "a.gif", options)
    with pytest.raises(ImageError, match="holds 16383 pixels per side"):
        enlarge(lr_video, tmp_path / "a.webp", VideoOptions(width=20000))
    Image.new("RGB", (8, 8)).save(tmp_path / "still.webp")
    with pytest.raises(VideoError, match=r"still\.webp: is a picture, not a video"):
        enlarge(tmp_path / "still.webp", tmp_path / "a.mp4")
    (tmp_path / "cut.webp").write_bytes((tmp_path / "still.webp").read_bytes()[:20])
    with pytest.raises(ImageError, match=r"cut\.webp: is damaged or cut short"):
        enlarge(tmp_path / "cut.webp", tmp_path / "a.mp4")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith((".", "a."))]
