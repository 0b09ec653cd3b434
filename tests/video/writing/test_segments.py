"""The work folder: what is gone on with, and what is thrown away."""

import dataclasses
import errno
import os
from fractions import Fraction

import numpy as np
import pytest

from srgan import disk
from srgan.errors import InUseError, OutputError, VideoError
from srgan.video.colour import Colour, Converter
from srgan.video.writing.encoding import Encoding
from srgan.video.writing.places import MOST_NOTES, note_place, noted_place
from srgan.video.writing.segments import WorkFolder, encode_segment, frames_in, write_segments

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


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """A cache for each test: all have the same job."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setenv("LOCALAPPDATA", str(folder))
    return folder / "srgan" / "videos"


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


def elsewhere(tmp_path):
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    return tmp_path / "elsewhere" / "other.mov"


def test_another_name_in_another_folder_goes_on(folder, tmp_path, cache):
    again = WorkFolder(elsewhere(tmp_path), JOB, resume=True)
    assert (again.frames, again.path.parent) == (6, tmp_path / "elsewhere")
    assert not folder.path.exists()
    write(again, range(6, 8))
    assert [frames_in(path) for path in again.segments()] == [3, 3, 2]
    again.remove()
    assert (list((tmp_path / "elsewhere").iterdir()), list(cache.iterdir())) == ([], [])


@pytest.fixture
def another_disk(monkeypatch):
    """Every folder lies on a disk of its own."""
    really = disk.rename

    def rename(path, target):
        if path.parent != target.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        really(path, target)

    monkeypatch.setattr(disk, "rename", rename)


@pytest.mark.usefixtures("another_disk")
def test_work_is_copied_to_another_disk(folder, tmp_path):
    assert WorkFolder(elsewhere(tmp_path), JOB, resume=True).frames == 6
    assert not folder.path.exists()


@pytest.mark.usefixtures("another_disk")
def test_a_full_disk_on_the_way_loses_nothing(folder, tmp_path, monkeypatch):
    def write(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(disk, "write", write)
        with pytest.raises(OutputError, match="full"):
            WorkFolder(elsewhere(tmp_path), JOB, resume=True)
    assert WorkFolder(tmp_path / "video.mp4", JOB, resume=True).frames == len(folder.segments()) * 3


@pytest.mark.parametrize(
    ("job", "resume", "lock"), [({**JOB, "model": "b"}, True, False), (JOB, False, False), (JOB, True, True)]
)
def test_what_is_of_another_job_or_in_use_stays_where_it_is(folder, tmp_path, job, resume, lock):
    first = WorkFolder(tmp_path / "video.mp4", JOB, resume=True) if lock else None
    assert WorkFolder(elsewhere(tmp_path), job, resume=resume).frames == 0
    assert len(list(folder.path.glob("*.mkv"))) == 2
    if first is not None:
        first.close()


@pytest.mark.parametrize("damage", [b"", b"\xff\0", b"/nowhere"])
def test_notes_may_be_damaged_or_old(folder, tmp_path, cache, damage):
    (note,) = cache.iterdir()
    note.write_bytes(damage)
    assert WorkFolder(elsewhere(tmp_path), JOB, resume=True).frames == 0
    assert WorkFolder(tmp_path / "video.mp4", JOB, resume=True).frames == len(folder.segments()) * 3


def test_notes_do_not_pile_up(tmp_path, cache):
    for number in range(MOST_NOTES + 5):
        note_place({"number": number}, tmp_path)
    assert len(list(cache.iterdir())) == MOST_NOTES
    assert noted_place({"number": MOST_NOTES + 4}) == tmp_path


@pytest.mark.parametrize("count", [1, 2])
def test_x265_encodes_a_segment_of_few_frames_every_time(count, tmp_path):
    """libx265 leaves their decoding times to chance, which failed in some processes only."""
    encoding = dataclasses.replace(
        ENCODING, codec="libx265", settings={"x265-params": "log-level=error"}, size=(64, 48)
    )
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    for attempt in range(20):
        part = tmp_path / f"{attempt}.mkv"
        frames = ((number, noise) for number in range(count))
        assert (
            encode_segment(part, begin=0, encoding=encoding, converter=Converter(COLOUR), frames=frames)
            == count
        )
        assert frames_in(part) == count
