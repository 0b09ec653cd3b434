"""A short run of ``scripts/fuzz`` over every kind of input; a long one is that with a large count."""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "scripts" / "fuzz"
SLOW = ("h5",)  # each in a process of its own


def fuzz(folder, *arguments):
    command = [sys.executable, str(FUZZ), *arguments, "--folder", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


@pytest.mark.skipif(sys.platform != "linux", reason="bounds the memory of each case, as only Linux can")
def test_damaged_files_are_read_or_refused_in_one_line_and_leave_nothing(tmp_path):
    names = [line.strip() for line in fuzz(tmp_path, "--list").stdout.splitlines()]
    assert len(names) >= 23
    many = fuzz(tmp_path, *(name for name in names if name not in SLOW), "--count", "60")
    assert many.returncode == 0, many.stdout
    few = fuzz(tmp_path, *SLOW, "--count", "5")
    assert few.returncode == 0, few.stdout
