"""Lists of pairs: a CSV, LFW's own, and what is wrong with others."""

import pytest

from srgan.errors import DataError
from srgan.recognition.pairs import Pair, first_pairs, read_pairs


@pytest.fixture
def images(tmp_path):
    for name in ("Ann", "Bob"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in (1, 2):
            (tmp_path / "images" / name / f"{name}_{number:04d}.jpg").touch()
    return tmp_path / "images"


@pytest.fixture
def read(images, tmp_path):
    def run(text):
        (tmp_path / "pairs").write_text(text)
        return read_pairs(tmp_path / "pairs", images)

    return run


EXPECTED = [
    Pair(first="Ann/Ann_0001.jpg", second="Ann/Ann_0002.jpg", same=True),
    Pair(first="Ann/Ann_0002.jpg", second="Bob/Bob_0001.jpg", same=False),
]


def test_a_csv_and_lfws_own_list_are_read_alike(read):
    csv = "first,second,same\nAnn/Ann_0001.jpg,Ann/Ann_0002.jpg,1\nAnn/Ann_0002.jpg,Bob/Bob_0001.jpg,0\n"
    assert read(csv) == EXPECTED
    assert read("10\t1\nAnn\t1\t2\nAnn\t2\tBob\t1\n") == EXPECTED


def test_pictures_that_are_not_there_are_counted_and_named(read):
    with pytest.raises(DataError, match=r"images: 2 pictures of .*pairs are not there, .* Ann/Ann_0003\.jpg"):
        read("10 1\nAnn 1 3\nAnn 1 Bob 7\nAnn 3 Bob 7\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("first,second,same\na.jpg,b.jpg,yes\n", "line 2 is not a pair"),
        ("first,second,same\nAnn/Ann_0001.jpg,Ann/Ann_0002.jpg,1\na.jpg\n", "line 3 is not a pair"),
        ("10 1\nAnn one two\n", "line 2 is not a pair"),
        (
            "first,second,same\nAnn/Ann_0001.jpg,Ann/Ann_0002.jpg,1\n",
            "must hold pairs of the same person and",
        ),
        ("", "must hold pairs"),
    ],
)
def test_what_is_no_list_of_pairs_is_one_line(read, text, message):
    with pytest.raises(DataError, match=message):
        read(text)


def test_a_file_that_cannot_be_read_is_named(images, tmp_path):
    with pytest.raises(DataError, match="gone: cannot be read"):
        read_pairs(tmp_path / "gone", images)
    (tmp_path / "picture").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(DataError, match="picture: cannot be read"):
        read_pairs(tmp_path / "picture", images)


def test_a_limit_takes_half_of_each_kind():
    pairs = [Pair(first=str(n), second="x", same=n < 6) for n in range(12)]
    assert [pair.first for pair in first_pairs(pairs, 5)] == ["0", "1", "2", "6", "7"]
    assert first_pairs(pairs, 100) == pairs
