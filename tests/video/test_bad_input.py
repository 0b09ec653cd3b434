"""Files that are no videos, or damaged ones: a clear line each, or a repaired result with a word about it."""

from fractions import Fraction

import av
import pytest

from srgan.errors import VideoError
from srgan.video.options import VideoOptions


def zeroed(path, start, count):
    content = bytearray(path.read_bytes())
    content[start : start + count] = bytes(count)
    path.write_bytes(content)


def flipped(path, positions):
    content = bytearray(path.read_bytes())
    for position in positions:
        content[position] ^= 0xFF
    path.write_bytes(content)


def middle_of_the_data(path):
    content = path.read_bytes()
    start = content.find(b"mdat")
    return start + (len(content) - start) // 3


def refused(enlarge, path, message):
    with pytest.raises(VideoError, match=message) as caught:
        enlarge(path, path.with_name("large.mp4"))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert not [other for other in path.parent.iterdir() if "large" in other.name]


def test_what_is_no_video_is_refused(enlarge, tmp_path):
    for name, content, message in (
        ("empty.mp4", b"", r"is empty \(0 bytes\)"),
        ("text.mp4", b"this is no video", "is not a video, or is damaged or cut short"),
        ("noise.mkv", bytes(range(256)) * 40, "is not a video, or is damaged or cut short"),
    ):
        (tmp_path / name).write_bytes(content)
        refused(enlarge, tmp_path / name, message)
    refused(enlarge, tmp_path / "gone.mp4", "there is no such file")
    (tmp_path / "folder.mp4").mkdir()
    refused(enlarge, tmp_path / "folder.mp4", "is a folder")


def test_a_picture_that_is_called_a_video_is_refused(enlarge, ffmpeg, tmp_path):
    ffmpeg("-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.mp4")
    refused(enlarge, tmp_path / "a.mp4", "is a picture")


def test_sound_alone_is_refused(enlarge, ffmpeg, tmp_path):
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", tmp_path / "tone.mp4")
    refused(enlarge, tmp_path / "tone.mp4", "has no video")


def test_a_video_without_frames_is_refused(enlarge, tmp_path):
    with av.open(str(tmp_path / "none.mkv"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = 64, 48
        container.start_encoding()
    refused(enlarge, tmp_path / "none.mkv", "holds no frame|is not a video")


def test_an_encrypted_video_is_refused(clip, enlarge):
    keys = ("-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb")
    scheme = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8")
    refused(enlarge, clip("video.mp4", *scheme, *keys), "is encrypted")


@pytest.mark.parametrize("name", ["video.mp4", "video.webm", "video.avi", "%03d.png"])
def test_frames_beyond_the_limit_of_pixels_are_refused(clip, enlarge, name):
    lr_video = clip(name, seconds=0.2, sound=False, size="66x50")
    large = lr_video.with_name("large.mp4")
    with pytest.raises(VideoError, match="66x50 is more than the limit of 3,299 pixels") as caught:
        enlarge(lr_video, large, VideoOptions(max_pixels=66 * 50 - 1))
    assert caught.value.field == "max_pixels"
    assert not large.exists()
    assert enlarge(lr_video, large, VideoOptions(max_pixels=66 * 50)).frames == 5


def test_frames_beyond_what_the_header_says_are_refused(clip, enlarge):
    lr_video = clip("video.webm", "-c:v", "libvpx", seconds=0.2, sound=False, size="96x64")
    content = lr_video.read_bytes()
    width_and_height = b"\xb0\x81\x60\xba\x81\x40"
    assert width_and_height in content
    lr_video.write_bytes(content.replace(width_and_height, b"\xb0\x81\x10\xba\x81\x10"))
    with pytest.raises(VideoError, match="96x64 is more than"):
        enlarge(lr_video, lr_video.with_name("large.mp4"), VideoOptions(max_pixels=16 * 16))


def test_frames_that_grow_far_beyond_the_limit_are_not_decoded(clip, enlarge, tmp_path):
    parts = [
        clip("a.ts", sound=False, seconds=1),
        clip("b.ts", "-output_ts_offset", "2", sound=False, seconds=0.2, size="1920x1080"),
    ]
    lr_video = tmp_path / "video.ts"
    lr_video.write_bytes(b"".join(part.read_bytes() for part in parts))
    limited = enlarge(lr_video, tmp_path / "a.mp4", VideoOptions(max_pixels=64 * 48))
    every = enlarge(lr_video, tmp_path / "b.mp4")
    assert limited.frames == every.frames == 30
    assert limited.repeated == every.repeated + 5


def test_a_part_behind_the_end_is_refused(clip, enlarge, tmp_path):
    lr_video = clip("video.mp4", seconds=1)
    with pytest.raises(VideoError, match="from 5 s on"):
        enlarge(lr_video, tmp_path / "part.mp4", VideoOptions(start=5))


@pytest.mark.parametrize("how", ["zeroed", "flipped"])
def test_damage_drops_no_frame_and_is_said(clip, enlarge, shown, tmp_path, how):
    lr_video = clip("video.mp4", "-g", "25", seconds=3)
    expected = shown(lr_video)
    middle = middle_of_the_data(lr_video)
    if how == "zeroed":
        zeroed(lr_video, middle, 2000)
    else:
        flipped(lr_video, range(middle, middle + 6000, 211))
    result = enlarge(lr_video, tmp_path / "large.mp4")
    assert any(note.startswith("is damaged; ") for note in result.notes)
    assert (f"repeat the one before: {result.repeated}" in result.notes[0]) == (result.repeated > 0)
    assert shown(tmp_path / "large.mp4") == expected
    assert len(shown(tmp_path / "large.mp4", "audio")) == len(shown(lr_video, "audio"))


def test_the_repeated_frame_is_the_one_before(clip, enlarge, ffmpeg, tmp_path):
    lr_video = clip("video.mp4", "-vf", "noise=alls=20:allf=t", "-g", "1", sound=False, seconds=1)
    with av.open(str(lr_video)) as container:
        packet = next(packet for packet in container.demux(video=0) if packet.pts == 10 * 512)
    zeroed(lr_video, packet.pos, packet.size)
    result = enlarge(lr_video, tmp_path / "large.mkv", VideoOptions(codec="ffv1"))
    assert result.repeated == 1
    digests = ffmpeg("-i", tmp_path / "large.mkv", "-f", "framemd5", "-").decode().splitlines()
    digests = [line.split(",")[-1] for line in digests if not line.startswith("#")]
    assert len(digests) == 25
    assert [number for number in range(1, 25) if digests[number] == digests[number - 1]] == [10]


def test_a_file_that_is_cut_short_is_enlarged_as_far_as_it_goes(clip, enlarge, shown, tmp_path):
    lr_video = clip("video.mp4", "-movflags", "+faststart", seconds=4)
    content = lr_video.read_bytes()
    lr_video.write_bytes(content[: len(content) * 6 // 10])
    result = enlarge(lr_video, tmp_path / "large.mp4")
    assert 25 < result.frames < 90
    assert shown(tmp_path / "large.mp4") == shown(lr_video)
    assert any(note.startswith("is damaged; it cannot be read beyond ") for note in result.notes)


def test_a_damaged_matroska_keeps_sound_and_pictures_together(clip, enlarge, shown, tmp_path):
    lr_video = clip("video.mkv", "-g", "25", seconds=4)
    zeroed(lr_video, len(lr_video.read_bytes()) // 2, 2000)
    enlarge(lr_video, tmp_path / "large.mkv")
    assert shown(tmp_path / "large.mkv") == shown(lr_video)
    assert shown(tmp_path / "large.mkv", "audio") == shown(lr_video, "audio")


def test_a_change_of_size_is_fitted_to_the_first(clip, enlarge, probe, tmp_path):
    parts = [
        clip("a.ts", sound=False, seconds=1),
        clip("b.ts", "-output_ts_offset", "2", sound=False, seconds=1, size="96x64"),
    ]
    lr_video = tmp_path / "video.ts"
    lr_video.write_bytes(b"".join(part.read_bytes() for part in parts))
    result = enlarge(lr_video, tmp_path / "large.mp4")
    assert result.notes[0] == "changes its size to 96x64; resized to 64x48"
    assert result.frames == 50
    video = probe(tmp_path / "large.mp4")["streams"][0]
    assert (video["width"], video["height"]) == (256, 192)


def test_a_file_without_a_duration_is_no_problem(real_clip, enlarge, shown, tmp_path):
    lr_video = real_clip("no_duration.webm")
    result = enlarge(lr_video, tmp_path / "large.mp4", VideoOptions(scale=0.1, end=Fraction(9, 50)))
    assert shown(tmp_path / "large.mp4") == pytest.approx(shown(lr_video)[: result.frames], abs=0.001)
    assert result.frames == 3
