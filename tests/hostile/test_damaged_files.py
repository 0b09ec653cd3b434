"""A short run of ``scripts/fuzz`` over every kind of input; a long one is that with a large count."""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "scripts" / "fuzz"
SLOW = ("h5", "onnx")  # each in a process of its own


def fuzz(folder, *arguments):
    command = [sys.executable, str(FUZZ), *arguments, "--folder", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


@pytest.mark.skipif(sys.platform != "linux", reason="bounds the memory of each case, as only Linux can")
def test_damaged_files_are_read_or_refused_in_one_line_and_leave_nothing(tmp_path):
    names = [line.strip() for line in fuzz(tmp_path, "--list").stdout.splitlines()]
    assert len(names) >= 23
    many = fuzz(tmp_path, *(name for name in names if name not in SLOW), "--count", "40")
    assert many.returncode == 0, many.stdout
    few = fuzz(tmp_path, *SLOW, "--count", "4")
    assert few.returncode == 0, few.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="as above")
def test_one_file_of_each_kind_is_read_again(tmp_path):
    kinds = ("pairs-csv", "pairs-txt")
    found = fuzz(tmp_path, *kinds, "--number", "2")  # of both, damaged beyond reading
    assert found.returncode == 0, found.stderr
    for line, kind in zip(found.stdout.splitlines(), kinds, strict=True):
        path, _, outcome = line.rpartition(": ")
        assert outcome == "refused"
        assert kind in path
        assert Path(path).is_file()
