"""What a file says about itself."""

import subprocess
from contextlib import closing
from fractions import Fraction

import pytest

from srgan.video.reading.reader import VideoReader, seconds_of


def test_the_length_is_what_the_file_says(clip, tmp_path, real_clip):
    assert seconds_of(clip("video.mp4", seconds=2)) == pytest.approx(2, abs=0.05)
    (tmp_path / "text.mp4").write_text("no video")
    assert seconds_of(tmp_path / "text.mp4") is None
    assert seconds_of(tmp_path / "gone.mp4") is None
    assert seconds_of(real_clip("no_duration.webm")) is None


@pytest.mark.parametrize("rate", ["25", "30000/1001", "60"])
def test_rate_size_and_number_of_frames(clip, rate):
    reader = VideoReader(clip("video.mp4", rate=rate, seconds=2, size="96x64"))
    frames = list(reader.frames())
    reader.close()
    assert (reader.size, reader.rate, reader.aspect) == ((96, 64), Fraction(rate), 1)
    assert abs(reader.frames_expected - len(frames)) <= 1
    times = [frame.time * reader.time_base for frame in frames]
    assert times == pytest.approx([number / Fraction(rate) for number in range(len(frames))], abs=1e-4)


def test_of_a_part_only_its_frames_are_expected(clip):
    reader = VideoReader(clip("video.mp4", seconds=4), start=1, end=2.5)
    assert reader.frames_expected == 38
    assert len(list(reader.frames())) == 37 + 1
    reader.close()


def test_names_are_no_addresses(clip, tmp_path):
    lr_video = clip("video.mp4", seconds=0.2, sound=False)
    lr_video.rename(tmp_path / "concat:video.mp4")
    reader = VideoReader(tmp_path / "concat:video.mp4")
    assert len(list(reader.frames())) == 5
    reader.close()


def count(path):
    """How many frames ffprobe decodes of the first video."""
    command = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-of", "csv=p=0"]
    command += ["-show_entries", "stream=nb_read_frames", str(path)]
    return int(subprocess.run(command, check=True, capture_output=True).stdout.split(b",")[0])


def frames_of(path):
    with closing(VideoReader(path)) as reader:
        return sum(1 for _ in reader.frames()), reader.findings


CLIPS = {
    "a.mp4": ("-c:v", "libx264", "-bf", "3"),
    "b.mkv": ("-c:v", "libx265", "-x265-params", "log-level=error"),
    "c.webm": ("-c:v", "libvpx-vp9", "-auto-alt-ref", "1", "-lag-in-frames", "25", "-b:v", "100k"),
    "d.webm": ("-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "25", "-b:v", "100k"),
    "e.avi": ("-c:v", "mpeg4", "-bf", "2"),
    "f.mpg": ("-c:v", "mpeg2video", "-bf", "2"),
    "g.wmv": ("-c:v", "wmv2"),
    "h.ogv": ("-c:v", "libtheora"),
    "i.flv": ("-c:v", "flv1"),
    "j.h264": ("-c:v", "libx264", "-bf", "2"),
    "k.mkv": ("-c:v", "libaom-av1", "-cpu-used", "8", "-lag-in-frames", "20"),
    "l.mp4": ("-c:v", "libx264", "-flags", "+ilme+ildct"),
}


@pytest.mark.parametrize("name", CLIPS)
def test_as_many_frames_as_ffprobe_counts(clip, name):
    path = clip(name, *CLIPS[name], sound=False)
    frames, findings = frames_of(path)
    assert frames == count(path)
    assert findings.repeated == 0


def test_vp9_packets_that_show_nothing_are_no_frames(clip, ffmpeg, tmp_path):
    # A superframe holds a hidden frame and a shown one; split, the hidden one has a packet of its own.
    lr_video = clip("a.webm", *CLIPS["c.webm"], sound=False)
    split = tmp_path / "split.webm"
    ffmpeg("-i", lr_video, "-c", "copy", "-bsf:v", "vp9_superframe_split", split)
    frames, findings = frames_of(split)
    assert frames == count(split) == 50
    assert findings.repeated == 0


@pytest.mark.usefixtures("ffmpeg")
@pytest.mark.parametrize(
    "name",
    [
        "big_buck_bunny_0_30.webm",
        "bt709_full_range.mp4",
        "chaplin.mp4",
        "h264_10bits.mp4",
        "no_duration.webm",
        "realshort.mp4",
        "video_180.mov",
        "video_90.mov",
        "video_with_failing_audio.mp4",
    ],
)
def test_real_clips_have_as_many_frames_as_ffprobe_counts(real_clip, name):
    assert frames_of(real_clip(name))[0] == count(real_clip(name))
