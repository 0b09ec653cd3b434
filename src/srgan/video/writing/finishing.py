"""The end of a video: the result has its name, and the work on it goes; a process may be killed between."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from srgan.errors import InUseError, OutputError
from srgan.files import claim, clear, remove_empty_folder, remove_file, write_file
from srgan.video.image_sequence import work_path

_NOTE = "finishing.json"


def note_finish(folder: Path, target: Path) -> None:
    """Notes in a work folder what lies under the result's name, which the result is about to replace.

    Raises:
        OutputError: if it cannot be written.
    """
    write_file(folder / _NOTE, json.dumps(_identity(target)))


def remove_finished(target: Path) -> None:
    """Removes the work on a result that has its name already; other work, and work in progress, stays."""
    folder = work_path(target)
    with suppress(OSError, ValueError, InUseError, OutputError):
        # If the same file is there as before the end, the result has not come to be.
        if json.loads((folder / _NOTE).read_text()) == _identity(target) or not target.is_file():
            return
        lock = claim(folder)
        clear(folder, keep=["lock"])
        lock.release()
        remove_file(folder / "lock")
        remove_empty_folder(folder)


def _identity(target: Path) -> list[int] | None:
    """Returns what distinguishes a file from all others, for JSON; None if there is no file."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns]
