"""Files are whole or not there, whoever writes them and however that ends."""

import errno
import itertools
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time

import pytest
from filelock import FileLock

from srgan import disk, leftovers
from srgan.errors import InUseError, OutputError
from srgan.files import (
    claim,
    clear,
    make_folder,
    move_file,
    remove_folder,
    replacing,
    temporary_folder,
    write_file,
)

LONG = "ü" * 123 + ".txt"  # 250 bytes


@pytest.fixture(autouse=True)
def _search_at_each_write(monkeypatch):
    monkeypatch.setattr(leftovers, "_PAUSE", 0)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fail_at(monkeypatch, primitive, number, error):
    """Lets the ``number``-th call of a primitive fail; returns how often it was called."""
    calls, original = [], getattr(disk, primitive)

    def call(*arguments):
        calls.append(arguments)
        if len(calls) == number:
            raise error
        return original(*arguments)

    monkeypatch.setattr(disk, primitive, call)
    return calls


def test_text_and_bytes_replace_what_is_there(tmp_path):
    path = tmp_path / LONG
    write_file(path, "grün\n")
    assert path.read_bytes() == "grün\n".encode()
    write_file(path, b"\x00\r\n", durable=True)
    assert path.read_bytes() == b"\x00\r\n"
    assert names(tmp_path) == [LONG]


def test_text_is_utf_8_whatever_the_locale(tmp_path):
    code = "import sys, pathlib; from srgan.files import write_file\n"
    code += "write_file(pathlib.Path(sys.argv[1]), 'gr\\xfcn')"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")], check=True, env=environment)
    assert (tmp_path / "a").read_bytes() == "grün".encode()


@pytest.mark.parametrize("primitive", ["create", "write", "sync", "rename"])
def test_whatever_the_system_refuses_the_old_file_stays_and_nothing_else(tmp_path, monkeypatch, primitive):
    path = tmp_path / "a"
    write_file(path, "old")
    fail_at(monkeypatch, primitive, 1, OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(OutputError) as caught:
        write_file(path, "new", durable=True)
    assert str(caught.value) == f"{path}: cannot be written (the disk is full)"
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a"]
    write_file(path, "new", durable=True)
    assert path.read_text() == "new"


LIMITED = """
import pathlib, resource, signal, sys
from srgan.errors import OutputError
from srgan.files import write_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_file(pathlib.Path(sys.argv[1]), b"n" * 5000)
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limits")
def test_a_file_that_cannot_grow_leaves_the_old_one(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    command = [sys.executable, "-c", LIMITED, str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert output.startswith(f"{path}: cannot be written (")
    assert output.count("\n") == 1
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError("of the content"), ValueError()])
def test_what_the_block_raises_comes_out(tmp_path, failure):
    def write():
        with replacing(tmp_path / "a") as part:
            part.write_text("half")
            raise failure

    with pytest.raises(type(failure)) as caught:
        write()
    assert caught.value is failure
    assert names(tmp_path) == []


def test_where_nothing_can_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    too_long = tmp_path / ("n" * 300)
    for path in (tmp_path / "folder", tmp_path / "absent" / "a", tmp_path / "file" / "a", too_long):
        with pytest.raises(OutputError) as caught:
            write_file(path, "")
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert names(tmp_path) == ["file", "folder"]
    # What a read-only folder does, for a test that may run as an administrator.
    monkeypatch.setattr(leftovers, "acquire", lambda *_: os.open("/", os.O_WRONLY))
    with pytest.raises(OutputError, match="cannot be written"):
        write_file(tmp_path / "a", "")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="everything may be written to")
def test_a_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        write_file(tmp_path / "a", "")
    tmp_path.chmod(0o700)
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="has other permissions")
def test_permissions_are_those_of_the_file_before_or_the_usual(tmp_path):
    path = tmp_path / "a"
    previous = os.umask(0o027)
    try:
        write_file(path, "")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o600)
        with replacing(path) as part:
            assert stat.S_IMODE(part.stat().st_mode) == 0o600  # nor is it shown to others meanwhile
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(previous)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_of_a_link_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "there").mkdir()
    for target in ("there/old", "there/new"):
        link = tmp_path / target.replace("/", "-")
        link.symlink_to(target)
        write_file(link, target)
        assert link.is_symlink()
        assert (tmp_path / target).read_text() == target
    assert names(tmp_path / "there") == ["new", "old"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such files")
def test_devices_are_left_alone(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="device"):
        write_file(tmp_path / "pipe", "")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


BUSY = """
import pathlib, sys
from srgan import files, leftovers
leftovers._PAUSE = 0  # searches at each write, which is when it could go wrong
for number in range(50):
    files.write_file(pathlib.Path(sys.argv[1]), sys.argv[2] * 100_000)
"""


def test_six_processes_write_one_target(tmp_path):
    path = tmp_path / LONG
    path.write_text("0" * 100_000)
    writers = [
        subprocess.Popen([sys.executable, "-c", BUSY, str(path), letter], stderr=subprocess.PIPE, text=True)
        for letter in "abcdef"
    ]
    while any(writer.poll() is None for writer in writers):
        text = path.read_text()
        assert len(text) == 100_000
        assert len(set(text)) == 1
        time.sleep(0.01)
    assert [writer.communicate()[1] for writer in writers] == [""] * 6
    assert [writer.returncode for writer in writers] == [0] * 6
    assert names(tmp_path) == [LONG]


def test_six_threads_write_one_target(tmp_path):
    path, failures = tmp_path / LONG, []

    def work(letter):
        try:
            for _ in range(50):
                write_file(path, letter * 1000)
                text = path.read_text()
                assert len(text) == 1000
                assert len(set(text)) == 1
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(letter,)) for letter in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert names(tmp_path) == [LONG]


WAITING = """
import pathlib, sys, time
from srgan.files import replacing
with replacing(pathlib.Path(sys.argv[1])) as part:
    part.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    """A process in the middle of writing ``a``."""
    command = [sys.executable, "-c", WAITING, str(tmp_path / "a")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def age(folder, seconds):
    for path in folder.iterdir():
        os.utime(path, (time.time() - seconds,) * 2)


def test_what_a_killed_process_left_goes_at_the_next_write(tmp_path, writer):
    age(tmp_path, 100_000)
    there = names(tmp_path)
    write_file(tmp_path / "b", "")
    assert names(tmp_path) == sorted([*there, "b"])  # it lives
    writer.kill()
    writer.wait()
    assert names(tmp_path) == sorted([*there, "b"])
    write_file(tmp_path / "b", "")
    assert names(tmp_path) == ["b"]


@pytest.mark.parametrize(
    "left", [[".srgan-of-another-computer.part", ".srgan-of-another-computer.lock"], [".srgan-x.part"]]
)
def test_where_a_lock_says_nothing_the_age_does(tmp_path, left):
    """Of another computer, or of a file system without locks."""
    for name in left:
        (tmp_path / name).touch()
    age(tmp_path, 10_000)
    write_file(tmp_path / "a", "")
    assert names(tmp_path) == sorted([*left, "a"])
    age(tmp_path, 100_000)
    write_file(tmp_path / "a", "")
    assert names(tmp_path) == ["a"]


def test_a_folder_in_which_much_is_written_is_not_searched_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "_PAUSE", 60)
    write_file(tmp_path / "a", "")
    (tmp_path / ".srgan-x.part").touch()
    age(tmp_path, 100_000)
    write_file(tmp_path / "a", "")
    assert ".srgan-x.part" in names(tmp_path)


def test_a_write_within_a_write(tmp_path):
    with replacing(tmp_path / "a") as part:
        age(tmp_path, 100_000)
        write_file(tmp_path / "b", "b")
        part.write_text("a")
    assert names(tmp_path) == ["a", "b"]


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    write_file(tmp_path / "a", "a")
    assert names(tmp_path) == ["a"]
    claim(tmp_path).release()


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_ctrl_c_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    # A background job ignores Ctrl-C, and so would the process.
    code = "import pathlib, signal, sys\nfrom srgan.files import write_file\n"
    code += "signal.signal(signal.SIGINT, signal.default_int_handler)\nprint('ready', flush=True)\n"
    code += "while True:\n    write_file(pathlib.Path(sys.argv[1]), 'new' * 10_000)"
    path = tmp_path / "a"
    for number in range(5):
        command = [sys.executable, "-c", code, str(path)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.05 + 0.003 * number)
            # Python drops one that comes while it frees memory.
            while process.poll() is None:
                process.send_signal(signal.SIGINT)
                time.sleep(0.2)
        assert path.read_text() == "new" * 10_000
    age(tmp_path, 100)
    write_file(path, "")
    assert names(tmp_path) == ["a"]


def test_a_folder_is_for_one_at_a_time(tmp_path):
    folder = tmp_path / "a" / "b"
    lock = claim(folder)
    code = "import pathlib, sys\nfrom srgan.files import claim\nclaim(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(folder)]
    refused = subprocess.run(command, check=False, capture_output=True, text=True)
    assert f"InUseError: {folder}" in refused.stderr
    with pytest.raises(InUseError):
        claim(folder)
    releasing = threading.Thread(target=lock.release)
    releasing.start()
    releasing.join()
    assert subprocess.run(command, check=False).returncode == 0


def test_folders_are_made_cleared_and_removed(tmp_path):
    folder = make_folder(make_folder(tmp_path / "a" / "b"))
    (folder / "sub").mkdir()
    write_file(folder / "kept", "")
    write_file(folder / "gone", "")
    clear(folder, keep=("kept",))
    assert names(folder) == ["kept", "sub"]
    with pytest.raises(OutputError, match="cannot be made"):
        make_folder(folder / "kept")
    remove_folder(folder)
    remove_folder(folder)
    assert names(tmp_path / "a") == []


def test_a_folder_that_is_removed_meanwhile_is_not_made_again(tmp_path, monkeypatch):
    folder = make_folder(tmp_path / "out" / "train")
    monkeypatch.setattr(leftovers, "remove_abandoned", lambda _: remove_folder(tmp_path / "out"))
    with pytest.raises(OutputError):
        write_file(folder / "a.png", b"")
    assert names(tmp_path) == []


@pytest.mark.parametrize("refused", [0, 1])
def test_what_cannot_be_removed_for_a_moment_does_not_stay(tmp_path, monkeypatch, refused):
    removals, remove = itertools.count(), disk.remove

    def refuse_once(path):
        if next(removals) == refused:
            raise PermissionError(errno.EACCES, "a virus scanner reads it")
        remove(path)

    monkeypatch.setattr(disk, "remove", refuse_once)
    write_file(tmp_path / "a.txt", "new")
    assert next(removals) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_cannot_be_removed_now_goes_with_its_lock_at_the_next_write(tmp_path, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(disk, "remove", lambda _: os.open("/", os.O_WRONLY))
        broken.setattr(disk, "rename", lambda *_: os.open("/", os.O_WRONLY))
        with pytest.raises(OutputError):
            write_file(tmp_path / "a", "")
    assert len(names(tmp_path)) == 2
    write_file(tmp_path / "a", "")
    assert names(tmp_path) == ["a"]


def test_a_clock_that_goes_back_does_not_keep_what_was_left(tmp_path, writer):
    writer.kill()
    writer.wait()
    age(tmp_path, -100_000)
    write_file(tmp_path / "b", "")
    assert names(tmp_path) == ["b"]


TEMPORARY = """
import os, signal
from srgan.files import temporary_folder
with temporary_folder() as folder:
    (folder / "a").write_text("a")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_temporary_folder_goes_at_the_end_and_after_a_kill_with_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    subprocess.run(
        [sys.executable, "-c", TEMPORARY], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False
    )
    assert len(names(tmp_path)) == 2
    with temporary_folder() as folder:
        assert [path for path in tmp_path.iterdir() if path.is_dir()] == [folder]
        write_file(folder / "a", "")
    assert names(tmp_path) == []


def test_a_file_moves_to_another_disk_too(tmp_path, monkeypatch):
    write_file(tmp_path / "a", "a")
    fail_at(monkeypatch, "rename", 1, OSError(errno.EXDEV, "Invalid cross-device link"))
    move_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "a"
