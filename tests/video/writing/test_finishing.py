"""Between a result's having its name and the end of the work on it, a process may be killed."""

import pytest

from srgan import disk
from srgan.files import claim, write_file
from srgan.jobs.job import Job
from srgan.jobs.models import Models
from srgan.jobs.run import run_job
from srgan.video.image_sequence import work_path
from srgan.video.writing.finishing import note_finish, remove_finished
from srgan.video.writing.segments import WorkFolder


@pytest.fixture
def work(tmp_path):
    """The work on ``a.mkv``, which is about to be finished: a file of that name is there already."""
    target = tmp_path / "a.mkv"
    write_file(target, "old")
    lock = claim(work_path(target))
    write_file(work_path(target) / "000000.mkv", "frames")
    note_finish(work_path(target), target)
    lock.release()
    return target


def test_work_whose_result_is_there_goes_also_where_the_job_is_skipped(work):
    write_file(work, "new")
    job = Job(source=work.with_name("source.mkv"), target=work, existing="skip")
    assert run_job(job, Models()).status == "skipped"
    assert [path.name for path in work.parent.iterdir()] == ["a.mkv"]


def test_work_whose_result_is_not_there_yet_stays(work):
    remove_finished(work)
    assert (work_path(work) / "000000.mkv").exists()
    work.unlink()
    remove_finished(work)
    assert (work_path(work) / "000000.mkv").exists()


def test_work_in_progress_stays(work):
    write_file(work, "new")
    lock = claim(work_path(work))
    remove_finished(work)
    assert (work_path(work) / "000000.mkv").exists()
    lock.release()


def test_without_work_nothing_happens(tmp_path):
    remove_finished(tmp_path / "a.mkv")
    assert list(tmp_path.iterdir()) == []


class Killed(BaseException):
    """Ends everything at once."""


@pytest.mark.parametrize("steps", range(6))
def test_work_that_was_removed_half_way_goes(tmp_path, monkeypatch, steps):
    target = tmp_path / "a.mkv"
    folder = WorkFolder(target, {}, resume=False)
    for name in ("000000.mkv", "000001.mkv"):
        write_file(folder.path / name, "frames")
    note_finish(folder.path, target)
    write_file(target, "new")
    left = iter(range(steps))

    def remove(path, really):
        if next(left, None) is None:
            raise Killed
        really(path)

    with monkeypatch.context() as patch:
        for name in ("remove", "remove_empty_folder"):
            really = getattr(disk, name)
            patch.setattr(disk, name, lambda path, really=really: remove(path, really))
        with pytest.raises(Killed):
            folder.remove()
        folder.close()
    remove_finished(target)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mkv"]
