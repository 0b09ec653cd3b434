"""The work folder: what is gone on with, and what is thrown away."""

import pytest

from srgan.errors import VideoError
from srgan.video.writing.segments import WorkFolder

JOB = {"model": "a", "size": [256, 192]}


@pytest.fixture
def folder(tmp_path):
    """A work folder with two finished segments, left by a process that was stopped."""
    work = WorkFolder(tmp_path / "film.mp4", JOB, resume=True)
    for number in range(2):
        part = work.path / "segment.part"
        part.write_bytes(b"x" * (number + 1))
        work.take(part)
    (work.path / "segment.part").write_bytes(b"half")
    work.close()
    return work


def test_the_same_job_goes_on(folder, tmp_path):
    again = WorkFolder(tmp_path / "film.mp4", JOB, resume=True)
    assert (again.path, again.done, again.bytes) == (tmp_path / ".film.mp4.srgan", 2, 3)
    assert [path.read_bytes() for path in again.segments()] == [b"x", b"xx"]
    again.remove()
    assert list(tmp_path.iterdir()) == []
    assert folder.path == again.path


@pytest.mark.parametrize(("job", "resume"), [({**JOB, "model": "b"}, True), (JOB, False)])
@pytest.mark.usefixtures("folder")
def test_another_job_begins_anew(tmp_path, job, resume):
    again = WorkFolder(tmp_path / "film.mp4", job, resume=resume)
    assert (again.done, again.segments()) == (0, [])
    assert sorted(path.name for path in again.path.iterdir()) == ["lock", "manifest.json"]
    again.remove()


def test_a_missing_segment_ends_what_is_done(folder, tmp_path):
    folder.segment(0).unlink()
    again = WorkFolder(tmp_path / "film.mp4", JOB, resume=True)
    assert again.done == 0
    again.remove()


def test_a_damaged_manifest_begins_anew(folder, tmp_path):
    (folder.path / "manifest.json").write_text('{"model": ')
    again = WorkFolder(tmp_path / "film.mp4", JOB, resume=True)
    assert again.done == 0
    again.remove()


def test_two_runs_do_not_meet(folder, tmp_path):
    first = WorkFolder(tmp_path / "film.mp4", JOB, resume=True)
    with pytest.raises(VideoError, match=r"film\.mp4: another run is at it"):
        WorkFolder(tmp_path / "film.mp4", JOB, resume=True)
    assert first.done == 2
    first.remove()
    assert not folder.path.exists()


def test_what_others_put_there_stays(folder, tmp_path):
    (folder.path / "notes.txt").write_text("mine")
    WorkFolder(tmp_path / "film.mp4", JOB, resume=True).remove()
    assert [path.name for path in folder.path.iterdir()] == ["notes.txt"]
