"""Numbers of samples that a file states without listing them."""

import struct
from pathlib import Path

import pytest

from srgan.errors import VideoError
from srgan.video.reading.probe import holds_video
from srgan.video.reading.reader import VideoReader

FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov+default_base_moof")
MANY = 50_000_000


@pytest.fixture
def damage():
    """Overwrites the numbers of a file's last box of a kind, from one of them on."""

    def overwrite(path: Path, kind: bytes, first: int, *numbers: int) -> Path:
        data = bytearray(path.read_bytes())
        struct.pack_into(f">{len(numbers)}I", data, data.rindex(kind) + 4 + 4 * first, *numbers)
        path.write_bytes(data)
        return path

    return overwrite


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mov", ("-c:v", "qtrle", "-c:a", "pcm_u8")),
        ("a.mov", ("-c:v", "mpeg4", "-c:a", "adpcm_ima_qt")),
        ("a.mov", ("-c:v", "qtrle", "-c:a", "pcm_s16le", *FRAGMENTS)),
        ("a.mp4", ("-c:v", "mpeg4", "-c:a", "aac", *FRAGMENTS)),
    ],
)
def test_frames_and_sound_of_one_size_are_read(clip, name, options):
    path = clip(name, *options)
    assert holds_video(path)
    assert len(list(VideoReader(path).frames())) == 50


@pytest.mark.parametrize(
    ("options", "kind", "first", "numbers"),
    [
        (("-c:v", "mpeg4", "-c:a", "aac"), b"stsz", 1, (1, MANY)),
        (("-c:v", "qtrle", "-c:a", "pcm_u8"), b"stsc", 3, (2**30,)),
        (("-c:v", "qtrle", "-c:a", "pcm_u8", *FRAGMENTS), b"trun", 0, (1, MANY)),
    ],
)
def test_what_states_more_than_it_can_hold_is_damaged(clip, damage, options, kind, first, numbers):
    path = damage(clip("a.mov", *options), kind, first, *numbers)
    assert not holds_video(path)
    with pytest.raises(VideoError, match="than it can hold"):
        VideoReader(path)


def test_what_its_bytes_end_before_is_not_counted(clip):
    path = clip("a.mp4", "-c:v", "mpeg4")
    path.write_bytes(path.read_bytes() + b"\0\0\0\0moov" * 5000)
    assert holds_video(path)
