"""Containers into containers, with the sound that lives there: every pair plays, and has its streams."""

import json
import subprocess
from pathlib import Path

import pytest
from pairings import each_once

from srgan.video.options import VideoOptions

TARGETS = ("mp4", "mkv", "mov", "webm")
# The name of a clip, what it is encoded with, and in which targets its sound is copied; elsewhere it is
# converted, and that is said.
SOURCES = [
    ("u8.avi", "-c:v mpeg4 -c:a pcm_u8 -ac 2", "mkv mov"),
    ("pcm16.avi", "-c:v mpeg4 -c:a pcm_s16le -ac 2", "mkv mov"),
    ("pcm24.mkv", "-c:a pcm_s24le", "mkv mov"),
    ("pcm32.mov", "-c:a pcm_s32be", "mkv mov"),
    ("float.mkv", "-c:a pcm_f32le", "mkv mov"),
    ("ms.avi", "-c:v mpeg4 -c:a adpcm_ms", ""),
    ("ima.mov", "-c:a adpcm_ima_qt", "mov"),
    ("alac.mov", "-c:a alac", "mp4 mkv mov"),
    ("flac.mkv", "-c:a flac", "mp4 mkv"),
    ("tta.mkv", "-c:a tta", ""),
    ("opus.mkv", "-c:a libopus", "mp4 mkv webm"),
    ("ac3.ts", "-c:v libx264 -c:a ac3", "mp4 mkv mov"),
    ("aac.ts", "-c:v libx264 -c:a aac", "mp4 mkv mov"),
    ("mp2.mpg", "-c:v mpeg2video -c:a mp2", "mp4 mkv mov"),
    ("vorbis.webm", "-c:v libvpx -c:a libvorbis", "mp4 mkv webm"),
    ("vorbis.ogv", "-c:v libtheora -c:a libvorbis", "mp4 mkv webm"),
    ("wma.wmv", "-c:v wmv2 -c:a wmav2", ""),
    ("swf.flv", "-c:v flv1 -c:a adpcm_swf -ar 44100", ""),
    ("mp3.flv", "-c:v flv1 -c:a mp3", "mp4 mkv mov"),
    ("aac.3gp", "-c:v mpeg4 -c:a aac -ar 8000", "mp4 mkv mov"),
    ("pcm.mxf", "-c:v mpeg2video -c:a pcm_s16le -ar 48000", "mkv mov"),
    ("pal.dv", "-s 720x576 -pix_fmt yuv420p -c:v dvvideo -c:a pcm_s16le -ar 48000 -ac 2", "mkv mov"),
]


@pytest.fixture
def streams_of(ffmpeg):
    """The streams of a file that decode to the end without a complaint, by type."""

    def read(path):
        assert ffmpeg("-i", path, "-map", "0:v", "-map", "0:a?", "-f", "framecrc", "-")
        command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"]
        return {stream["codec_type"]: stream["codec_name"] for stream in found if "codec_name" in stream}

    return read


@pytest.mark.parametrize(
    ("name", "how", "copied_to", "target"), each_once(SOURCES, [(target,) for target in TARGETS])
)
def test_every_pair_plays_and_has_its_sound(
    clip, enlarge, streams_of, tmp_path, name, how, copied_to, target
):
    lr_video = clip(name, *how.split(), seconds=1)
    options = VideoOptions(scale=0.5, preset=None if target == "webm" else "ultrafast")
    result = enlarge(lr_video, tmp_path / f"large.{target}", options)
    before, after = streams_of(lr_video), streams_of(tmp_path / f"large.{target}")
    assert set(after) >= {"video", "audio"}
    is_copied = target in copied_to.split()
    assert (after["audio"] in (before["audio"], {"mp2": "mp3"}.get(before["audio"]))) == is_copied
    assert any("audio stream" in note for note in result.notes) != is_copied


@pytest.mark.parametrize("target", ["mp4", "mkv"])
def test_sound_without_loss_that_cannot_be_copied_loses_nothing(clip, enlarge, ffmpeg, tmp_path, target):
    lr_video = clip("tta.mkv", "-c:a", "tta", seconds=1.5)
    enlarge(lr_video, tmp_path / f"large.{target}", VideoOptions(scale=0.5))
    before, after = (
        ffmpeg("-i", path, "-map", "0:a", "-f", "md5", "-")
        for path in (lr_video, tmp_path / f"large.{target}")
    )
    assert before == after


def test_the_table_of_the_documentation_says_the_same():
    page = (Path(__file__).parents[3] / "docs" / "reference" / "formats.md").read_text()
    lines = [line for line in page.split("## Sound")[1].splitlines() if line.startswith("| `")]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    written = {codec: dict(zip(("mp4", "mov", "mkv", "webm"), cells, strict=True)) for codec, *cells in rows}
    tested = {}
    for _, how, copied_to in SOURCES:
        copied = copied_to.split()
        codec = how.split("-c:a ")[1].split()[0]
        tested[codec] = {target: "copied" if target in copied else "converted" for target in TARGETS}
    assert written == tested


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("rate", ["25", "30000/1001", "12"])
def test_a_timecode_is_kept(clip, enlarge, probe, tmp_path, target, rate):
    lr_video = clip("video.mov", "-timecode", "01:02:03:04", rate=rate, seconds=0.4)
    enlarge(lr_video, tmp_path / f"large.{target}", VideoOptions(scale=0.5))
    before, after = (probe(path)["streams"][0]["tags"] for path in (lr_video, tmp_path / f"large.{target}"))
    assert after.get("timecode", after.get("TIMECODE")) == before["timecode"]


def test_a_target_that_refuses_is_known_before_the_first_frame(clip, upscaler, tmp_path, monkeypatch):
    from srgan.errors import UsageError
    from srgan.video.pipeline import upscale_video

    lr_video = clip("video.mp4", seconds=0.4)
    monkeypatch.setattr(upscaler.engine, "upscale", lambda *_: pytest.fail("a frame was computed"))
    with pytest.raises(UsageError, match="libx264 cannot encode"):
        upscale_video(lr_video, tmp_path / "large.webm", upscaler, VideoOptions(codec="libx264"))
    assert [path.name for path in tmp_path.iterdir()] == ["video.mp4"]


def test_what_a_container_refuses_only_in_the_end_costs_a_stream_not_the_film(
    clip, upscaler, streams_of, tmp_path, monkeypatch
):
    import srgan.video.writing.video_file
    from srgan.video.pipeline import upscale_video

    really = srgan.video.writing.video_file.join

    def refusing(*arguments, **options):
        contents = arguments[6]
        really(*arguments, **options)
        if any(plan.codec is None for plan in contents.plans):
            raise ValueError("refused")

    monkeypatch.setattr(srgan.video.writing.video_file, "join", refusing)
    result = upscale_video(clip("video.mkv", "-c:a", "ac3", seconds=0.4), tmp_path / "large.mp4", upscaler)
    assert streams_of(tmp_path / "large.mp4") == {"video": "h264", "audio": "aac"}
    assert any("is converted" in note for note in result.notes)


@pytest.mark.parametrize("other", ["other.mkv", "elsewhere/other.mov"])
def test_work_goes_on_under_another_name_and_in_another_container_and_folder(
    clip, upscaler, shown, stop_after, tmp_path, other
):
    from srgan.video.pipeline import upscale_video

    lr_video, target = clip("video.mp4", seconds=3, sound=False), tmp_path / "large.mp4"
    with pytest.raises(KeyboardInterrupt):
        upscale_video(lr_video, target, upscaler, on_event=stop_after(70, target))
    seen = []
    result = upscale_video(lr_video, tmp_path / other, upscaler, on_event=seen.append)
    assert (result.frames, seen[0].figures["resumed"]) == (75, 60)
    assert len(shown(tmp_path / other)) == 75
    assert sorted(path.name for path in tmp_path.iterdir()) == [other.split("/")[0], "video.mp4"]
