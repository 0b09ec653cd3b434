"""What goes beside the video: sound, subtitles, chapters, covers, attachments, metadata."""

import hashlib
import os
from fractions import Fraction

import pytest

from srgan.video.options import VideoOptions

SUBTITLES = """1
00:00:00,200 --> 00:00:00,900
Hello

2
00:00:01,000 --> 00:00:01,800
<i>world</i>
"""
CHAPTERS = """;FFMETADATA1
title=A lr_video
artist=Someone
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1000
title=One
[CHAPTER]
TIMEBASE=1/1000
START=1000
END=2000
title=Two
"""


@pytest.fixture
def lr_video(clip, ffmpeg, tmp_path):
    """Two sound tracks, subtitles, chapters, a font and a cover, in Matroska."""
    (tmp_path / "s.srt").write_text(SUBTITLES)
    (tmp_path / "c.txt").write_text(CHAPTERS)
    (tmp_path / "font.ttf").write_bytes(b"not really a font")
    ffmpeg("-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", tmp_path / "cover.jpg")
    plain = clip("plain.mkv", "-c:a", "ac3")
    tone = ("-f", "lavfi", "-i", "sine=f=880:d=2")
    inputs = ("-i", plain, *tone, "-i", tmp_path / "s.srt", "-i", tmp_path / "c.txt")
    languages = ("-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=fre")
    subtitles = ("-c:s", "srt", "-metadata:s:s:0", "language=ita")
    font = ("-attach", tmp_path / "font.ttf", "-metadata:s:t", "mimetype=application/x-truetype-font")
    cover = ("-attach", tmp_path / "cover.jpg", "-metadata:s:t:1", "mimetype=image/jpeg")
    maps = ("-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3", "-c", "copy", "-c:a:1", "flac")
    ffmpeg(*inputs, *maps, *languages, *subtitles, *font, *cover, tmp_path / "video.mkv")
    return tmp_path / "video.mkv"


def kinds(probed):
    return [(stream["codec_type"], stream["codec_name"]) for stream in probed["streams"]]


def languages(probed):
    return [stream.get("tags", {}).get("language", "und") for stream in probed["streams"]]


def payload(ffmpeg, path, number):
    """A digest of a sound track's packets, as they are."""
    return hashlib.sha256(
        ffmpeg("-i", path, "-map", f"0:a:{number}", "-c", "copy", "-f", "data", "-")
    ).digest()


def test_everything_is_copied_where_it_can_be(lr_video, enlarge, probe, ffmpeg, tmp_path):
    result = enlarge(lr_video, tmp_path / "large.mkv")
    before, after = probe(lr_video), probe(tmp_path / "large.mkv")
    assert result.notes == ()
    assert kinds(after) == kinds(before)
    assert languages(after) == languages(before)
    assert [chapter["tags"]["title"] for chapter in after["chapters"]] == ["One", "Two"]
    assert [chapter["start_time"] for chapter in after["chapters"]] == ["0.000000", "1.000000"]
    assert (after["format"]["tags"]["title"], after["format"]["tags"]["ARTIST"]) == ("A lr_video", "Someone")
    for number in (0, 1):
        assert payload(ffmpeg, tmp_path / "large.mkv", number) == payload(ffmpeg, lr_video, number)
    assert after["streams"][-1]["disposition"]["attached_pic"] == 1


def test_what_the_container_does_not_take_is_converted_and_said(lr_video, enlarge, probe, ffmpeg, tmp_path):
    result = enlarge(lr_video, tmp_path / "large.mp4")
    after = probe(tmp_path / "large.mp4")
    assert [kind for kind in kinds(after) if kind[0] != "data"] == [
        ("video", "h264"),
        ("audio", "ac3"),
        ("audio", "flac"),
        ("subtitle", "mov_text"),
        ("video", "mjpeg"),
    ]
    assert "subtitle stream 3 (srt) is converted to mov_text: mp4 cannot hold it as it is" in result.notes
    assert "attachment stream 4 (font.ttf) is left out: mp4 cannot hold it" in result.notes
    assert len(result.notes) == 2
    text = ffmpeg("-i", tmp_path / "large.mp4", "-map", "0:s", "-f", "srt", "-").decode()
    assert [line for line in text.splitlines() if line] == [line for line in SUBTITLES.splitlines() if line]
    assert [chapter["tags"]["title"] for chapter in after["chapters"]] == ["One", "Two"]


def test_webm_gets_opus_and_webvtt(lr_video, enlarge, probe, shown, tmp_path):
    result = enlarge(lr_video, tmp_path / "large.webm")
    after = probe(tmp_path / "large.webm")
    assert kinds(after) == [("video", "vp9"), ("audio", "opus"), ("audio", "opus"), ("subtitle", "webvtt")]
    assert languages(after)[1:] == ["ger", "fre", "ita"]
    assert len(result.notes) == 5
    times = shown(tmp_path / "large.webm", "audio")
    assert times[0] == pytest.approx(0, abs=0.02)
    assert times[-1] == pytest.approx(2, abs=0.04)


def test_chapters_and_subtitles_of_a_part_are_moved_and_clipped(lr_video, enlarge, probe, tmp_path):
    enlarge(lr_video, tmp_path / "part.mkv", VideoOptions(start=Fraction(1, 2), end=Fraction(3, 2)))
    after = probe(tmp_path / "part.mkv")
    chapters = [(float(chapter["start_time"]), float(chapter["end_time"])) for chapter in after["chapters"]]
    assert chapters == [(0, 0.5), (0.5, 1)]
    lines = [packet for packet in after["packets"] if packet["codec_type"] == "subtitle"]
    assert [float(line["pts_time"]) for line in lines] == pytest.approx([0, 0.5], abs=0.025)
    ends = [float(line["pts_time"]) + float(line["duration_time"]) for line in lines]
    assert ends == pytest.approx([0.4, 1], abs=0.025)


def test_a_second_video_is_copied_and_said(clip, ffmpeg, enlarge, probe, tmp_path):
    lr_video = clip("video.mp4", seconds=0.4)
    ffmpeg("-i", lr_video, "-i", lr_video, "-map", "0", "-map", "1:v", "-c", "copy", tmp_path / "two.mp4")
    result = enlarge(tmp_path / "two.mp4", tmp_path / "large.mp4")
    after = probe(tmp_path / "large.mp4")
    assert kinds(after) == [("video", "h264"), ("audio", "aac"), ("video", "h264")]
    assert [stream["width"] for stream in after["streams"] if stream["codec_type"] == "video"] == [256, 64]
    assert result.notes == ("video stream 2 (h264) is copied as it is: only the first video is upscaled",)


def test_a_transport_stream_begins_at_nought(clip, enlarge, shown, tmp_path):
    lr_video = clip("video.ts", "-output_ts_offset", "3600")
    enlarge(lr_video, tmp_path / "large.mp4")
    assert shown(lr_video)[0] > 3600
    assert shown(tmp_path / "large.mp4")[0] == pytest.approx(0, abs=0.041)
    lag = shown(tmp_path / "large.mp4")[0] - shown(tmp_path / "large.mp4", "audio")[0]
    assert lag == pytest.approx(shown(lr_video)[0] - shown(lr_video, "audio")[0], abs=0.001)


def test_sound_that_is_broken_is_carried_along(real_clip, enlarge, shown, tmp_path):
    lr_video = real_clip("video_with_failing_audio.mp4")
    for target in ("large.mp4", "large.webm"):
        part = VideoOptions(scale=0.1, end=Fraction(2, 5))
        enlarge(lr_video, tmp_path / target, part)
        assert len(shown(tmp_path / target)) == 10
        assert shown(tmp_path / target, "audio")[-1] == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize("target", ["mkv", "mp4"])
def test_a_title_in_another_encoding_is_copied_byte_by_byte(clip, enlarge, ffmpeg, tmp_path, target):
    title = os.fsdecode("f\u00fcr Else".encode("latin-1"))
    tags = ("-metadata", f"title={title}", "-metadata:s:a", f"title={title}", "-metadata:s:a", "language=ger")
    lr_video = clip("video.mkv", "-c:a", "aac", *tags, seconds=0.2)
    result = enlarge(lr_video, tmp_path / f"large.{target}")
    assert result.notes == ()
    written = ffmpeg("-i", tmp_path / f"large.{target}", "-f", "ffmetadata", "-")
    assert b"title=f\xfcr Else" in written


@pytest.mark.parametrize("layout", ["mono", "5.1", "5.1(side)", "7.1"])
def test_sound_of_any_layout_is_converted(clip, enlarge, probe, tmp_path, layout):
    sound = ("-af", f"aformat=channel_layouts={layout}", "-c:a", "flac")
    lr_video = clip("video.mkv", *sound, seconds=0.4)
    enlarge(lr_video, tmp_path / "large.webm")
    channels = [stream["channels"] for stream in probe(tmp_path / "large.webm")["streams"][1:]]
    assert channels == [stream["channels"] for stream in probe(lr_video)["streams"][1:]] != []


@pytest.mark.parametrize("target", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize("source", ["two.mkv", "two.mp4"])
def test_a_second_video_keeps_its_times(clip, ffmpeg, enlarge, probe, tmp_path, source, target):
    plain = clip("plain.mp4", "-bf", "3", seconds=1)
    ffmpeg("-i", plain, "-i", plain, "-map", "0:v", "-map", "1:v", "-c", "copy", tmp_path / source)
    enlarge(tmp_path / source, tmp_path / f"large.{target}", VideoOptions(scale=0.5))

    def times(path):
        packets = [packet for packet in probe(path)["packets"] if packet["stream_index"] == 1]
        return sorted(float(packet["pts_time"]) for packet in packets)

    before, after = times(tmp_path / source), times(tmp_path / f"large.{target}")
    assert after == pytest.approx([time - before[0] + after[0] for time in before], abs=0.002)
    assert after[0] == pytest.approx(before[0], abs=0.1)


@pytest.mark.parametrize("target", ["mp4", "mkv", "mov", "webm"])
def test_no_stream_goes_without_a_word(clip, ffmpeg, enlarge, probe, tmp_path, target):
    """A second video, two sound tracks, a cover: each is in the result, or a note names it."""
    plain = clip("plain.mp4", seconds=0.6)
    ffmpeg("-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", tmp_path / "cover.jpg")
    inputs = ("-i", plain, "-i", plain, "-i", tmp_path / "cover.jpg")
    maps = ("-map", "0", "-map", "1", "-map", "2", "-c", "copy", "-disposition:v:2", "attached_pic")
    ffmpeg(*inputs, *maps, tmp_path / "video.mp4")
    before = probe(tmp_path / "video.mp4")
    result = enlarge(tmp_path / "video.mp4", tmp_path / f"large.{target}", VideoOptions(scale=0.5))
    after = kinds(probe(tmp_path / f"large.{target}"))
    left_out = [note for note in result.notes if "left out" in note]
    assert len(before["streams"]) == len(after) + len(left_out)
    assert [kind for kind, _ in after].count("audio") == 2


def test_a_stream_of_an_unknown_kind_is_left_out_and_said(clip, enlarge, tmp_path):
    # FFmpeg puts MJPEG into a program stream under a number that nothing reads.
    lr_video = clip("a.mpg", "-map", "0", "-map", "1", "-map", "0", "-c:v:0", "mpeg2video", "-c:v:1", "mjpeg")
    result = enlarge(lr_video, tmp_path / "large.mkv", VideoOptions(scale=0.5))
    assert result.frames == 50
    assert [note for note in result.notes if "left out" in note]
