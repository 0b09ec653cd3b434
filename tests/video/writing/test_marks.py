"""What a file says about the film: place, date, camera, title; that it is a 360-degree or a stereo film."""

import pytest

from srgan.video.options import VideoOptions

HALF = VideoOptions(scale=0.5)
CAMERA = {
    "com.apple.quicktime.location.ISO6709": "+48.1372+011.5756+519.000/",
    "com.apple.quicktime.creationdate": "2024-05-06T07:08:09+0200",
    "com.apple.quicktime.make": "Apple",
    "com.apple.quicktime.model": "iPhone 15",
    "title": "Müller's garden",
}


def tags_of(probe, path):
    """What a file says as a whole, by names in small letters."""
    return {key.lower(): value for key, value in probe(path)["format"]["tags"].items()}


def side_data(probe, path):
    return [one["side_data_type"] for one in probe(path)["streams"][0].get("side_data_list", [])]


@pytest.mark.parametrize("target", ["mp4", "mov"])
def test_a_spherical_film_stays_one_and_plays(spherical, enlarge, probe, ffmpeg, tmp_path, target):
    lr_video = spherical("video.mp4")
    assert side_data(probe, lr_video) == ["Stereo 3D", "Spherical Mapping"]
    result = enlarge(lr_video, tmp_path / f"large.{target}")
    assert side_data(probe, tmp_path / f"large.{target}") == ["Stereo 3D", "Spherical Mapping"]
    assert result.notes == ()
    # What the index points at has been moved with it: pictures and sound are what they are without the mark.
    plain = lr_video.read_bytes().replace(bytes.fromhex("ffcc8263f8554a93"), bytes(8))
    (tmp_path / "plain.mp4").write_bytes(plain)
    enlarge(tmp_path / "plain.mp4", tmp_path / f"other.{target}")
    sums = [
        ffmpeg("-i", tmp_path / f"{name}.{target}", "-map", "0:v", "-map", "0:a", "-f", "framemd5", "-")
        for name in ("large", "other")
    ]
    assert sums[0] == sums[1]


@pytest.mark.parametrize(
    ("target", "codec"), [("mkv", None), ("mkv", "ffv1"), ("webm", None), ("mkv", "prores_ks")]
)
def test_a_spherical_film_stays_one_in_matroska_and_back(
    spherical, enlarge, probe, ffmpeg, tmp_path, target, codec
):
    result = enlarge(
        spherical("video.mp4"), tmp_path / f"large.{target}", VideoOptions(scale=0.5, codec=codec)
    )
    assert side_data(probe, tmp_path / f"large.{target}") == ["Stereo 3D", "Spherical Mapping"]
    assert not any("360" in note for note in result.notes)
    assert ffmpeg("-i", tmp_path / f"large.{target}", "-map", "0", "-f", "framemd5", "-")  # it plays
    enlarge(tmp_path / f"large.{target}", tmp_path / "back.mp4", HALF)
    assert side_data(probe, tmp_path / "back.mp4") == ["Stereo 3D", "Spherical Mapping"]


def test_marks_that_a_target_cannot_hold_are_said(spherical, enlarge, tmp_path):
    lr_video = spherical("video.mp4")
    lr_video.write_bytes(lr_video.read_bytes().replace(b"equirectangular", b"unheard-of-kind"))
    result = enlarge(lr_video, tmp_path / "large.mkv", HALF)
    assert [note for note in result.notes if "360-degree" in note]


@pytest.mark.parametrize("target", ["large.gif", "frames/%d.png"])
def test_pictures_cannot_be_marked_and_that_is_said(spherical, enlarge, tmp_path, target):
    result = enlarge(spherical("video.mp4"), tmp_path / target, HALF)
    assert len([note for note in result.notes if "360-degree" in note]) == 1


@pytest.mark.parametrize("target", ["mp4", "mov", "mkv"])
def test_a_stereo_film_of_matroska_stays_one(clip, enlarge, probe, tmp_path, target):
    lr_video = clip("video.mkv", "-metadata:s:v", "stereo_mode=left_right", sound=False, seconds=0.4)
    assert side_data(probe, lr_video) == ["Stereo 3D"]
    enlarge(lr_video, tmp_path / f"large.{target}", HALF)
    assert side_data(probe, tmp_path / f"large.{target}") == ["Stereo 3D"]


@pytest.mark.parametrize("target", ["mp4", "mov", "mkv"])
def test_place_date_camera_and_title_are_kept(clip, enlarge, probe, tmp_path, target):
    tags = [text for key, value in CAMERA.items() for text in ("-metadata", f"{key}={value}")]
    lr_video = clip("video.mov", "-movflags", "use_metadata_tags", *tags, sound=False, seconds=0.2)
    before, result = probe(lr_video)["format"]["tags"], enlarge(lr_video, tmp_path / f"large.{target}", HALF)
    after = tags_of(probe, tmp_path / f"large.{target}")
    assert {key: before[key] for key in CAMERA} == CAMERA
    assert {key: after[key.lower()] for key in CAMERA} == CAMERA
    assert result.notes == ()


@pytest.mark.parametrize("target", ["mp4", "mov", "mkv", "webm"])
def test_a_place_and_a_date_are_kept_or_said_by_name(clip, enlarge, probe, tmp_path, target):
    tags = ("-metadata", "location=+48.1372+011.5756/", "-metadata", "creation_time=2024-05-06T07:08:09Z")
    lr_video = clip("video.mp4", *tags, "-metadata", "title=A", sound=False, seconds=0.2)
    before, result = probe(lr_video)["format"]["tags"], enlarge(lr_video, tmp_path / f"large.{target}", HALF)
    after = tags_of(probe, tmp_path / f"large.{target}")
    for key in ("location", "creation_time", "title"):
        assert after.get(key, "")[:8] == before[key][:8] or any(key in note for note in result.notes)


@pytest.mark.parametrize("target", ["mp4", "mov", "mkv", "webm"])
def test_names_and_languages_of_tracks_are_kept_or_said(clip, enlarge, probe, tmp_path, target):
    said = ("language=ger", "title=Director")
    tags = [text for tag in said for text in ("-metadata:s:a:0", tag)]
    result = enlarge(clip("video.mkv", *tags, seconds=0.4), tmp_path / f"large.{target}", HALF)
    after = probe(tmp_path / f"large.{target}")["streams"][1]["tags"]
    assert after["language"] == "ger"
    assert "Director" in (after.get("title"), after.get("handler_name"))
    assert not any("left out" in note for note in result.notes)
    lr_video = clip("austria.mkv", "-metadata:s:a:0", "language=de-AT", seconds=0.4)
    notes = enlarge(lr_video, tmp_path / f"other.{target}", HALF).notes
    kept = probe(tmp_path / f"other.{target}")["streams"][1]["tags"].get("language")
    assert (kept == "de-AT") != any("de-AT" in note for note in notes)


def test_captions_within_the_pictures_are_said_to_be_left_out(clip, ffmpeg, enlarge, tmp_path):
    stream = clip("a.h264", "-c:v", "libx264", "-bf", "0", "-f", "h264", sound=False, seconds=0.2)
    # ITU-T T.35, as ATSC A/53 has it: one pair of bytes.
    captions = b"\xb5\0\x31GA94\x03" + bytes([0x41, 0xFF, 0xFC, 0x94, 0x2C, 0xFF])
    before, slice_, after = stream.read_bytes().partition(b"\0\0\1\x65")
    message = b"\0\0\1\x06\x04" + bytes([len(captions)]) + captions + b"\x80"
    stream.write_bytes(before + message + slice_ + after)
    ffmpeg("-i", stream, "-c", "copy", tmp_path / "a.mp4")
    result = enlarge(tmp_path / "a.mp4", tmp_path / "large.mp4", HALF)
    assert [note for note in result.notes if "closed captions" in note]
