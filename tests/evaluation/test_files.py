"""Files are whole, or not there."""

import pytest

from srgan.errors import DataError
from srgan.evaluation.files import write_whole


def test_text_and_bytes_replace_what_is_there(tmp_path):
    path = tmp_path / "a.txt"
    write_whole(path, "grün\n")
    assert path.read_bytes() == "grün\n".encode()
    write_whole(path, b"\x00\r\n")
    assert path.read_bytes() == b"\x00\r\n"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="folder: cannot be written"):
        write_whole(tmp_path / "folder", "a")
    with pytest.raises(DataError, match=r"a\.txt: cannot be written"):
        write_whole(tmp_path / "gone" / "a.txt", "a")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
