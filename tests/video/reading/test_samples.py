"""Numbers of samples that a file states without listing them."""

import struct
import zlib
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


@pytest.mark.parametrize("samples", [50, MANY])
def test_a_compressed_index_is_looked_into(clip, samples):
    path = clip("a.mov", "-c:v", "qtrle", sound=False)
    content = path.read_bytes()
    start = content.index(b"moov") - 4  # at the end of the file, where its length moves nothing
    index = bytearray(content[start:])
    if samples == MANY:
        struct.pack_into(">2I", index, index.index(b"stsz") + 8, 1, MANY)
    boxes = b"".join(
        struct.pack(">I", 8 + len(inside)) + kind + inside
        for kind, inside in (
            (b"dcom", b"zlib"),
            (b"cmvd", struct.pack(">I", len(index)) + zlib.compress(index)),
        )
    )
    for kind in (b"cmov", b"moov"):
        boxes = struct.pack(">I", 8 + len(boxes)) + kind + boxes
    path.write_bytes(content[:start] + boxes)
    if samples == MANY:
        with pytest.raises(VideoError, match="than it can hold"):
            VideoReader(path)
    else:
        assert len(list(VideoReader(path).frames())) == samples


def test_what_its_bytes_end_before_is_not_counted(clip):
    path = clip("a.mp4", "-c:v", "mpeg4")
    path.write_bytes(path.read_bytes() + b"\0\0\0\0moov" * 5000)
    assert holds_video(path)
