"""Numbered frames: their patterns, and what is missing."""

import pytest

from srgan.errors import VideoError
from srgan.video.image_sequence import find_pattern, frames_of, is_pattern, number_of, numbers


@pytest.fixture
def frames(tmp_path):
    def make(*names, content=b"x"):
        for name in names:
            (tmp_path / name).write_bytes(content)
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("name", "expected"),
    [("%d.png", True), ("a-%05d.png", True), ("a.png", False), ("%s.png", False), ("50%-%d.png", False)],
)
def test_what_a_pattern_is(tmp_path, name, expected):
    assert is_pattern(tmp_path / name) is expected


def test_a_file_that_is_there_is_no_pattern(frames):
    assert not is_pattern(frames("50%d.png") / "50%d.png")


@pytest.mark.parametrize(
    ("pattern", "name", "number"),
    [
        ("%d.png", "7.png", 7),
        ("%d.png", "07.png", None),
        ("a-%03d.png", "a-007.png", 7),
        ("a-%03d.png", "a-1007.png", 1007),
        ("a-%03d.png", "a-7.png", None),
        ("a-%03d.png", "b-007.png", None),
        ("a+(%d).png", "a+(12).png", 12),
    ],
)
def test_numbers_are_written_as_the_pattern_says(tmp_path, pattern, name, number):
    assert number_of(tmp_path / pattern, name) == number


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["0001.png", "0002.png"], "%04d.png"),
        (["shot2-098.jpg", "shot2-099.jpg", "shot2-100.jpg"], "shot2-%03d.jpg"),
        (["a8.tif", "a9.tif", "a10.tif"], "a%d.tif"),
        (["99_left.png", "100_left.png"], "%d_left.png"),
    ],
)
def test_the_pattern_of_a_folder_is_found(frames, names, pattern):
    folder = frames(*names, ".hidden.png", "notes.txt")
    assert find_pattern(folder) == folder / pattern
    assert [file.name for file in frames_of(folder / pattern)] == names


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "without numbered frames"),
        (["cover.png"], "without numbered frames"),
        (["0001.png", "0002.png", "cover.png"], "holds pictures beside those numbered like 0001.png"),
        (["0001.png", "0002.jpg"], "holds pictures beside"),
        (["a1.png", "b2.png"], "holds pictures beside"),
        (["1.png", "02.png", "003.png"], "holds pictures beside"),
    ],
)
def test_what_is_no_series_is_refused(frames, names, message):
    with pytest.raises(VideoError, match=message):
        find_pattern(frames(*names))


def test_what_is_missing_or_empty_is_named(frames):
    folder = frames("03.png", "04.png", "06.png", "09.png")
    assert numbers(folder / "%02d.png") == [3, 4, 6, 9]
    with pytest.raises(VideoError, match="of the frames 3 to 9, 5, 7, 8 are missing or empty"):
        frames_of(folder / "%02d.png")
    frames("05.png", "07.png", "08.png", content=b"")
    frames("08.png")
    frames("20.png")
    with pytest.raises(VideoError, match="5, 7, 10, 11, 12 and 7 more are missing or empty"):
        frames_of(folder / "%02d.png")
    with pytest.raises(VideoError, match="there are no such frames"):
        frames_of(folder / "gone" / "%d.png")
