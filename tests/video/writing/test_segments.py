"""The work folder: what is gone on with, and what is thrown away."""

from fractions import Fraction

import numpy as np
import pytest

from srgan.errors import InUseError, VideoError
from srgan.video.colour import Colour, Converter
from srgan.video.writing.encoding import Encoding
from srgan.video.writing.segments import WorkFolder, frames_in, write_segments

JOB = {"model": "a", "size": [32, 24]}
COLOUR = Colour(matrix=6, tagged_matrix=2, full_range=False, range_tag=0, primaries=2, transfer=2, depth=8)
ENCODING = Encoding(
    codec="ffv1",
    settings={},
    pixel_format="yuv420p",
    size=(32, 24),
    rate=Fraction(25),
    colour=COLOUR,
    aspect=None,
)


def write(work, numbers):
    frames = ((number, np.full((24, 32, 3), number, np.uint8)) for number in numbers)
    write_segments(work, ENCODING, Converter(COLOUR), frames)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two finished segments and the begin of a third, left by a process that was stopped."""
    monkeypatch.setattr("srgan.video.writing.segments.SEGMENT_FRAMES", 3)
    work = WorkFolder(tmp_path / "video.mp4", JOB, resume=True)
    write(work, range(6))
    (work.path / ".srgan-0-0.part").write_bytes(b"half")
    work.close()
    return work


def test_the_same_job_goes_on(folder, tmp_path):
    again = WorkFolder(tmp_path / "video.mp4", JOB, resume=True)
    assert (again.path, again.frames) == (tmp_path / ".video.mp4.srgan", 6)
    assert again.bytes == folder.bytes == sum(path.stat().st_size for path in again.segments()) > 0
    write(again, range(6, 10))
    assert [frames_in(path) for path in again.segments()] == [3, 3, 3, 1]
    again.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("job", "resume"), [({**JOB, "model": "b"}, True), (JOB, False)])
@pytest.mark.usefixtures("folder")
def test_another_job_begins_anew(tmp_path, job, resume):
    again = WorkFolder(tmp_path / "video.mp4", job, resume=resume)
    assert (again.frames, again.segments()) == (0, [])
    assert sorted(path.name for path in again.path.iterdir()) == ["lock", "manifest.json"]
    again.remove()


def damaged(path, how):
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": content[: len(content) // 3], "other": b"x" * 999}[how])


@pytest.mark.parametrize("how", ["missing", "empty", "cut", "other"])
@pytest.mark.parametrize("number", [0, 1])
def test_what_is_done_ends_before_a_segment_that_is_not_whole(folder, tmp_path, number, how):
    damaged(folder.segments()[number], how)
    again = WorkFolder(tmp_path / "video.mp4", JOB, resume=True)
    assert 3 * number <= again.frames < 3 * (number + 1)
    assert len(list(again.path.glob("*.mkv"))) == len(again.segments())
    write(again, range(again.frames, 6))
    assert sum(frames_in(path) for path in again.segments()) == 6
    again.remove()


@pytest.mark.parametrize("numbers", [(6, 7, 9), (6, 7, 7), (7, 8, 9), (5, 6, 7)])
def test_a_segment_with_other_frames_than_its_own_never_counts(folder, tmp_path, numbers):
    again = WorkFolder(tmp_path / "video.mp4", JOB, resume=True)
    with pytest.raises(VideoError):
        write(again, numbers)
    assert again.segments() == folder.segments()
    assert sorted(path.suffix for path in again.path.iterdir()) == ["", ".json", ".mkv", ".mkv"]
    again.remove()


def test_a_damaged_manifest_begins_anew(folder, tmp_path):
    (folder.path / "manifest.json").write_text('{"model": ')
    again = WorkFolder(tmp_path / "video.mp4", JOB, resume=True)
    assert again.frames == 0
    again.remove()


def test_two_runs_do_not_meet(folder, tmp_path):
    first = WorkFolder(tmp_path / "video.mp4", JOB, resume=True)
    with pytest.raises(InUseError, match=r"video\.mp4: "):
        WorkFolder(tmp_path / "video.mp4", JOB, resume=True)
    assert first.frames == 6
    first.remove()
    assert not folder.path.exists()


def test_what_others_put_there_stays(folder, tmp_path):
    (folder.path / "notes.txt").write_text("mine")
    WorkFolder(tmp_path / "video.mp4", JOB, resume=True).remove()
    assert [path.name for path in folder.path.iterdir()] == ["notes.txt"]


def test_the_longest_names_have_a_work_folder(tmp_path):
    target = tmp_path / ("ü" * 125 + ".mkv")
    work = WorkFolder(target, JOB, resume=True)
    write(work, range(2))
    work.close()
    assert WorkFolder(target, JOB, resume=True).frames == 2
