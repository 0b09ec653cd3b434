"""A whole video, judged by ffprobe: frames, times, sizes, colours, parts."""

import errno
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from pairings import each_once

import srgan
from srgan.errors import OutputError, UsageError
from srgan.video.options import VideoOptions
from srgan.video.pipeline import upscale_video


def first(probe, path, kind="video"):
    return next(stream for stream in probe(path)["streams"] if stream["codec_type"] == kind)


@pytest.mark.parametrize(
    ("source", "target"),
    each_once(
        [(name,) for name in ("mp4", "mov", "mkv", "webm", "avi")],
        [(name,) for name in ("mp4", "m4v", "mov", "mkv", "webm")],
    ),
)
def test_every_container_goes_into_every_other(clip, enlarge, probe, shown, tmp_path, source, target):
    codecs = {"webm": ["-c:v", "libvpx", "-c:a", "libvorbis"], "avi": ["-c:v", "mpeg4", "-c:a", "mp3"]}
    lr_video = clip(f"video.{source}", *codecs.get(source, []), seconds=1)
    result = enlarge(lr_video, tmp_path / f"large.{target}")
    video = first(probe, tmp_path / f"large.{target}")
    assert (result.input_size, result.output_size, result.frames) == ((64, 48), (256, 192), 25)
    assert (video["width"], video["height"]) == (256, 192)
    times, before = shown(tmp_path / f"large.{target}"), shown(lr_video)
    assert len(times) == 25
    # Matroska has no times below 0, where AAC begins: sound and pictures are moved together.
    assert times == pytest.approx(before, abs=0.022 if target == "mkv" else 0.0021)
    sound, sound_before = shown(tmp_path / f"large.{target}", "audio"), shown(lr_video, "audio")
    for end in (0, -1):
        # Opus in webm begins 7 ms before its sound.
        assert sound[end] - times[end] == pytest.approx(sound_before[end] - before[end], abs=0.021)


@pytest.mark.parametrize("target", ["mp4", "mkv"])
def test_a_variable_frame_rate_stays_so(clip, enlarge, shown, tmp_path, target):
    lr_video = clip("video.mp4", "-vf", "setpts=PTS+floor(N/7)*0.3/TB", "-fps_mode", "vfr", sound=False)
    enlarge(lr_video, tmp_path / f"large.{target}")
    before, times = shown(lr_video), shown(tmp_path / f"large.{target}")
    assert len({round(later - time, 3) for time, later in pairwise(before)}) > 1
    assert times == pytest.approx(before, abs=0 if target == "mp4" else 0.001)


def test_many_segments_follow_each_other_without_a_seam(clip, enlarge, probe, shown, tmp_path):
    lr_video = clip("video.mp4", seconds=6, rate="30000/1001")
    enlarge(lr_video, tmp_path / "large.mp4")
    assert shown(tmp_path / "large.mp4") == shown(lr_video)
    packets = [p for p in probe(tmp_path / "large.mp4")["packets"] if p["codec_type"] == "video"]
    decoding = [float(packet["dts_time"]) for packet in packets]
    assert decoding == sorted(set(decoding))
    assert all(float(packet["dts_time"]) <= float(packet["pts_time"]) for packet in packets)
    assert sum("K" in packet["flags"] for packet in packets) == 3  # each segment begins with one


def test_pictures_are_those_of_the_upscaler(clip, enlarge, upscaler, ffmpeg, tmp_path):
    lr_video = clip("video.mkv", "-c:v", "ffv1", "-pix_fmt", "gbrp", sound=False, seconds=0.2, size="32x24")
    enlarge(lr_video, tmp_path / "large.mkv", VideoOptions(codec="ffv1"))
    decoded, large = (
        ffmpeg(
            "-i",
            path,
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-sws_flags",
            "accurate_rnd+full_chroma_int",
            "-",
        )
        for path in (lr_video, tmp_path / "large.mkv")
    )
    lr_images = np.frombuffer(decoded, np.uint8).reshape(-1, 24, 32, 3)
    sr_images = np.frombuffer(large, np.uint8).reshape(-1, 96, 128, 3)
    assert len(sr_images) == 5
    for lr_image, sr_image in zip(lr_images, sr_images, strict=True):
        expected = upscaler.upscale(lr_image).astype(float)
        # 4:2:0 halves the colour's resolution, the brightness stays.
        assert abs(sr_image @ [0.299, 0.587, 0.114] - expected @ [0.299, 0.587, 0.114]).mean() < 1.5


def test_the_finished_file_is_all_that_is_left(clip, enlarge, tmp_path):
    lr_video = clip("video.mp4", seconds=0.4)
    enlarge(lr_video, tmp_path / "new" / "large.mp4")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["large.mp4"]


def test_mp4_begins_with_its_index(clip, enlarge, tmp_path):
    enlarge(clip("video.mp4", seconds=0.4), tmp_path / "large.mp4")
    content = (tmp_path / "large.mp4").read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat")


@pytest.mark.parametrize("size", ["65x49", "33x64", "2x2"])
def test_odd_sizes_work(clip, enlarge, probe, tmp_path, size):
    width, height = map(int, size.split("x"))
    lr_video = clip(
        "video.mkv", "-vf", f"scale={size}", "-c:v", "ffv1", "-pix_fmt", "yuv420p", sound=False, seconds=0.2
    )
    enlarge(lr_video, tmp_path / "large.mp4")
    video = first(probe, tmp_path / "large.mp4")
    assert (video["width"], video["height"]) == (4 * width, 4 * height)


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (VideoOptions(scale=2), (128, 96)),
        (VideoOptions(width=101), (100, 76)),
        (VideoOptions(height=90), (120, 90)),
    ],
)
def test_other_sizes_are_made_even(clip, enlarge, probe, tmp_path, options, size):
    result = enlarge(clip("video.mp4", seconds=0.2), tmp_path / "large.mp4", options)
    video = first(probe, tmp_path / "large.mp4")
    assert (video["width"], video["height"]) == size == result.output_size


@pytest.mark.parametrize(
    ("target", "codec", "name"),
    [
        ("mp4", None, "h264"),
        ("mp4", "libx265", "hevc"),
        ("mp4", "libsvtav1", "av1"),
        ("webm", None, "vp9"),
        ("mov", "prores_ks", "prores"),
        ("mkv", "ffv1", "ffv1"),
    ],
)
def test_the_encoder_can_be_chosen(clip, enlarge, probe, tmp_path, target, codec, name):
    enlarge(clip("video.mp4", seconds=0.3), tmp_path / f"large.{target}", VideoOptions(codec=codec))
    video = first(probe, tmp_path / f"large.{target}")
    assert video["codec_name"] == name
    if name == "hevc":
        assert video["codec_tag_string"] == "hvc1"


def test_quality_trades_size(clip, enlarge, tmp_path):
    lr_video = clip("video.mp4", seconds=0.5)
    for crf in (10, 40):
        enlarge(lr_video, tmp_path / f"{crf}.mp4", VideoOptions(crf=crf, preset="veryfast"))
    assert (tmp_path / "40.mp4").stat().st_size < (tmp_path / "10.mp4").stat().st_size / 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (VideoOptions(codec="nope"), "unknown encoder"),
        (VideoOptions(codec="aac"), "encodes audio"),
        (VideoOptions(codec="ffv1", crf=10), "takes no crf"),
        (VideoOptions(preset="quickly"), "quickly"),
        (VideoOptions(codec="ffv1"), "ffv1 cannot encode"),
    ],
)
def test_what_an_encoder_does_not_take_is_refused_before_any_work(clip, enlarge, tmp_path, options, message):
    lr_video = clip("video.mp4", seconds=0.2)
    with pytest.raises(UsageError, match=message):
        enlarge(lr_video, tmp_path / "large.webm", options)
    assert [path.name for path in tmp_path.iterdir()] == ["video.mp4"]


@pytest.mark.parametrize("target", ["mp4", "mkv", "webm"])
def test_ten_bits_and_their_colours_stay(clip, enlarge, probe, tmp_path, target):
    tags = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    lr_video = clip("video.mkv", "-c:v", "libx264", "-pix_fmt", "yuv420p10le", *tags, seconds=0.4)
    enlarge(lr_video, tmp_path / f"large.{target}")
    video = first(probe, tmp_path / f"large.{target}")
    assert video["pix_fmt"] == "yuv420p10le"
    assert [video[f"color_{name}"] for name in ("space", "primaries", "transfer", "range")] == [
        "bt2020nc",
        "bt2020",
        "smpte2084",
        "tv",
    ]


@pytest.mark.parametrize("target", ["mp4", "mkv", "webm"])
def test_full_range_stays(clip, enlarge, probe, tmp_path, target):
    tags = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709")
    lr_video = clip("video.mp4", "-vf", "scale=out_range=pc", "-pix_fmt", "yuvj420p", *tags, seconds=0.4)
    enlarge(lr_video, tmp_path / f"large.{target}", VideoOptions(crf=5))
    video = first(probe, tmp_path / f"large.{target}")
    assert [video[f"color_{name}"] for name in ("space", "primaries", "transfer", "range")] == [
        "bt709",
        "bt709",
        "bt709",
        "pc",
    ]


@pytest.mark.parametrize("target", ["mp4", "mkv", "webm"])
def test_the_shape_of_what_is_seen_stays(clip, enlarge, probe, tmp_path, target):
    lr_video = clip("video.mp4", "-vf", "setsar=16/11", seconds=0.4)
    result = enlarge(lr_video, tmp_path / f"large.{target}")
    video = first(probe, tmp_path / f"large.{target}")
    across, down = map(int, video["sample_aspect_ratio"].split(":"))
    seen = video["width"] * across / down / video["height"]
    assert seen == pytest.approx(64 / 48 * 16 / 11, rel=0.01)
    assert any("non-square" in note for note in result.notes) == (target == "webm")


@pytest.mark.parametrize("target", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("name", ["video_90.mov", "video_180.mov"])
def test_the_rotation_stays(real_clip, upscaler, probe, tmp_path, name, target):
    lr_video = real_clip(name)
    upscale_video(lr_video, tmp_path / f"large.{target}", upscaler, VideoOptions(scale=1))

    def turned(path):
        return [data["rotation"] for data in first(probe, path)["side_data_list"] if "rotation" in data]

    assert turned(tmp_path / f"large.{target}") == turned(lr_video) != []


def test_interlaced_video_becomes_whole_frames(clip, enlarge, probe, shown, tmp_path):
    weave = ("-vf", "interlace", "-flags", "+ilme+ildct", "-x264opts", "tff=1")
    lr_video = clip("video.mp4", *weave, rate="50", seconds=1)
    result = enlarge(lr_video, tmp_path / "large.mp4")
    assert "is interlaced; whole frames were made of its fields" in result.notes
    assert shown(tmp_path / "large.mp4") == shown(lr_video)
    assert first(probe, tmp_path / "large.mp4")["field_order"] == "progressive"


@pytest.mark.parametrize(
    ("name", "start", "end", "frames"),
    each_once(
        [(name,) for name in ("video.mp4", "video.mkv", "video.webm", "video.ts")],
        [("1", "2", 25), ("1.5", "3", 37), ("0", "0.4", 10), ("3.8", None, 5), ("1.01", "1.02", 1)],
    ),
)
def test_a_part_is_cut_precisely_with_its_sound(clip, enlarge, shown, tmp_path, name, start, end, frames):
    codecs = {"video.webm": ["-c:v", "libvpx", "-c:a", "libvorbis"]}
    lr_video = clip(name, *codecs.get(name, []), "-g", "50", seconds=4)
    part = VideoOptions(start=Fraction(start), end=None if end is None else Fraction(end))
    target = tmp_path / f"part{lr_video.suffix if lr_video.suffix != '.ts' else '.mp4'}"
    result = enlarge(lr_video, target, part)
    # Matroska's time stamps are whole milliseconds: one frame more or less at a border.
    assert abs(result.frames - frames) <= (0 if name == "video.mp4" else 1)
    seconds = float((part.end or 4) - part.start)
    for kind in ("video", "audio"):
        times = shown(target, kind)
        assert times[0] == pytest.approx(0, abs=0.025)
        assert times[-1] <= seconds
        assert times[-1] >= seconds - 0.09


def test_what_is_on_display_at_the_start_of_a_part_belongs_to_it(clip, enlarge, shown, tmp_path):
    lr_video = clip("video.mp4", "-vf", "setpts=2*N/TB", "-fps_mode", "vfr", sound=False, seconds=0.2)
    enlarge(lr_video, tmp_path / "part.mp4", VideoOptions(start=Fraction(3), end=Fraction(5)))
    assert shown(tmp_path / "part.mp4") == [0, 1]


def test_a_gif_becomes_a_video(clip, enlarge, shown, tmp_path):
    lr_video = clip("video.gif", sound=False, rate="10", seconds=1)
    result = enlarge(lr_video, tmp_path / "large.mp4")
    assert result.frames == 10
    assert shown(tmp_path / "large.mp4") == pytest.approx([number / 10 for number in range(10)])


def test_equal_frames_are_computed_once(clip, upscaler, tmp_path, monkeypatch):
    lr_video = clip("video.mkv", "-c:v", "ffv1", "-vf", "fps=5,fps=25", sound=False, seconds=2)
    computed = []
    really = upscaler.engine.upscale
    monkeypatch.setattr(
        upscaler.engine,
        "upscale",
        lambda batch, context: computed.append(batch[0].size) or really(batch, context),
    )
    result = upscale_video(lr_video, tmp_path / "large.mp4", upscaler)
    assert result.frames == 50
    # Ten frames differ, and not all over; noise is computed to see whether parts are exact.
    assert sum(computed) < 11 * max(computed)


def test_what_is_computed_is_not_computed_again_after_a_full_disk(
    clip, upscaler, shown, tmp_path, monkeypatch
):
    lr_video = clip("video.mp4", seconds=3, sound=False)

    def fail(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("srgan.video.writing.video_file.join", fail)
        with pytest.raises(OutputError, match=r"the disk is full\).* the same command continues"):
            upscale_video(lr_video, tmp_path / "large.mp4", upscaler)
    computed = []
    really = upscaler.engine.upscale
    monkeypatch.setattr(
        upscaler.engine, "upscale", lambda *arguments: computed.append(1) or really(*arguments)
    )
    seen = []
    upscale_video(lr_video, tmp_path / "large.mp4", upscaler, on_event=seen.append)
    assert (len(computed), seen) == (1, [])  # the model's fingerprint
    assert shown(tmp_path / "large.mp4") == shown(lr_video)


def test_progress_counts_frames(clip, upscaler, tmp_path):
    seen = []
    upscale_video(clip("video.mp4"), tmp_path / "large.mp4", upscaler, on_event=seen.append)
    assert [event.done for event in seen] == list(range(1, 51))
    assert {(event.total, event.unit, event.figures["resumed"]) for event in seen} == {(50, "frames", 0)}


def test_it_is_a_public_name_and_a_video_needs_no_more(clip, shown, tmp_path, tiny_model):
    lr_video = clip("video.mp4", seconds=0.4, size="16x16")
    done = srgan.upscale_video(str(lr_video), str(tmp_path / "large.mp4"), srgan.Upscaler(tiny_model))
    assert (done.frames, done.notes) == (10, ())
    assert shown(tmp_path / "large.mp4") == shown(lr_video)


def test_the_input_is_never_overwritten(clip, enlarge):
    lr_video = clip("video.mp4", seconds=0.2)
    before = lr_video.read_bytes()
    with pytest.raises(UsageError, match="is the input itself"):
        enlarge(lr_video, lr_video)
    assert lr_video.read_bytes() == before


def test_only_containers_of_videos_are_written(clip, enlarge, tmp_path):
    with pytest.raises(UsageError, match=r"choose one of \.mp4"):
        enlarge(clip("video.mp4", seconds=0.2), tmp_path / "large.avi")


@pytest.mark.parametrize(("name", "seconds"), [("realshort.mp4", 1.2), ("h264_10bits.mp4", 1.0)])
def test_real_clips_keep_their_length(real_clip, enlarge, shown, tmp_path, name, seconds):
    lr_video = real_clip(name)
    enlarge(lr_video, tmp_path / "large.mp4", VideoOptions(scale=0.5))
    assert shown(tmp_path / "large.mp4") == pytest.approx(shown(lr_video), abs=0.001)
    assert shown(tmp_path / "large.mp4")[-1] == pytest.approx(seconds, abs=0.05)


def test_a_real_clip_keeps_its_full_range(real_clip, enlarge, probe, tmp_path):
    lr_video = real_clip("bt709_full_range.mp4")
    enlarge(lr_video, tmp_path / "large.mp4", VideoOptions(scale=0.1, end=Fraction(1, 10)))
    before, after = first(probe, lr_video), first(probe, tmp_path / "large.mp4")
    for name in ("range", "space", "transfer", "primaries"):
        assert after[f"color_{name}"] == before[f"color_{name}"] != "unknown"
